package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"

	"billmark/batch"
)

// home lists the files, and takes a new one.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	if s.Bench.Place().Account == "" {
		return s.show(w, r, http.StatusOK, "enter", nil)
	}
	list, err := s.Bench.Uploads()
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "home", list)
}

// enter takes login and key. They go in and never out.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) error {
	if err := s.Bench.Enter(strings.TrimSpace(r.PostFormValue("login")), strings.TrimSpace(r.PostFormValue("key"))); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// upload takes a file as it comes, without keeping it in memory.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, s.Limit)
	noFile := &Trouble{Message: s.lang(r).say("noFile"), Hint: s.lang(r).say("pickFirst"), Status: http.StatusBadRequest}
	parts, err := r.MultipartReader()
	if err != nil {
		return noFile
	}
	part, err := filePart(parts)
	if err != nil {
		return err
	}
	if part == nil {
		return noFile
	}
	u, err := s.Bench.Add(baseName(part.FileName()), part)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/f/"+u.ID, http.StatusSeeOther)
	return nil
}

// filePart finds the part that is a file; nil if there is none.
func filePart(parts *multipart.Reader) (*multipart.Part, error) {
	for {
		part, err := parts.NextPart()
		var big *http.MaxBytesError
		switch {
		case err == io.EOF:
			return nil, nil
		case errors.As(err, &big):
			return nil, err
		case err != nil:
			return nil, &Trouble{Message: err.Error(), Status: http.StatusBadRequest}
		case part.FormName() == "file" && part.FileName() != "":
			return part, nil
		}
	}
}

// longestName is in bytes: systems take 255, and reports have longer names.
const longestName = 200

// baseName keeps of a file's name what can be shown and be part of the names
// of its reports, wherever the browser comes from.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"<>:|?*/\`, r) || r == '\ufffd' {
			return '_'
		}
		return r
	}, name)
	if ext := path.Ext(name); len(name) > longestName {
		if len(ext) > 10 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:longestName-len(ext)], "") + ext
	}
	if strings.Trim(name, "._ ") == "" {
		return "manifest.csv"
	}
	return name
}

// choose changes how a file is read.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return &Trouble{Message: err.Error(), Status: http.StatusBadRequest}
	}
	if err := s.Bench.Choose(r.PathValue("id"), choices(r)); err != nil {
		return err
	}
	http.Redirect(w, r, "/f/"+r.PathValue("id"), http.StatusSeeOther)
	return nil
}

// The values of a select: a column's header, or one value for all rows.
const (
	columnValue = "column:"
	setValue    = "set:"
)

func choices(r *http.Request) Choices {
	c := Choices{
		Columns: map[string]string{}, Set: map[string]string{}, Words: map[string]string{},
		Where: r.PostFormValue("where"), Value: r.PostFormValue("value"),
		Delimiter: r.PostFormValue("delimiter"), Encoding: r.PostFormValue("encoding"), DateFormat: r.PostFormValue("dates"),
		Multiline: r.PostFormValue("multiline") != "", Again: r.PostForm["again"],
	}
	for _, field := range Fields {
		value := r.PostFormValue(field)
		if header, ok := strings.CutPrefix(value, columnValue); ok {
			c.Columns[field] = header
		} else if constant, ok := strings.CutPrefix(value, setValue); ok {
			c.Set[field] = constant
		}
	}
	if date := strings.TrimSpace(r.PostFormValue("setdate")); date != "" {
		delete(c.Columns, "date")
		c.Set["date"] = date
	}
	for _, status := range batch.Statuses {
		if word := strings.TrimSpace(r.PostFormValue("word." + status.String())); word != "" {
			c.Words[status.String()] = word
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("first"))); err == nil && n > 0 {
		c.First = n
	}
	return c
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) error {
	if err := s.Bench.Remove(r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// begin starts a run, if the user knows of how many updates and warnings.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) error {
	l := s.lang(r)
	count, err := strconv.Atoi(r.PostFormValue("count"))
	if err != nil || count < 1 {
		return &Trouble{Message: l.say("nothing"), Status: http.StatusBadRequest}
	}
	typed, err := strconv.Atoi(strings.Join(strings.Fields(r.PostFormValue("typed")), ""))
	if count > typeAbove && (err != nil || typed != count) {
		return &Trouble{Message: l.say("typeWrong", count)}
	}
	sheet, err := s.Bench.Sheet(r.PathValue("id"))
	if err != nil {
		return err
	}
	if len(sheet.Warnings) > 0 && r.PostFormValue("seen") == "" {
		return &Trouble{Message: l.say("seenFirst")}
	}
	if err := s.Bench.Start(r.PathValue("id"), count); err != nil {
		return err
	}
	http.Redirect(w, r, "/f/"+r.PathValue("id"), http.StatusSeeOther)
	return nil
}

// order passes on pause, resume and stop. They concern the run that the user
// saw: another one that began since is left alone.
func (s *Server) order(w http.ResponseWriter, r *http.Request) error {
	v, _ := s.Bench.Live().look()
	id := r.PostFormValue("upload")
	if v.Phase != Idle && v.Upload == id {
		switch r.PathValue("order") {
		case "pause":
			s.Bench.Pause()
		case "resume":
			s.Bench.Resume()
		case "stop":
			s.Bench.Stop()
		default:
			return &Trouble{Message: s.lang(r).say("notFound"), Status: http.StatusNotFound}
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
