package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The folders that manifests are moved to.
const (
	toDone = "done"
	toMend = "mend"
	toLook = "look"
)

// ready gives the names of manifests that have not changed since the last
// look, oldest first.
func (w *watcher) ready() ([]string, error) {
	entries, err := os.ReadDir(w.folder)
	if err != nil {
		return nil, err
	}
	now := map[string]sighting{}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || notForUs(e.Name()) || w.ours(e.Name()) {
			continue
		}
		s := sighting{info.Size(), info.ModTime()}
		now[e.Name()] = s
		if before, ok := w.seen[e.Name()]; ok && before.size == s.size && before.changed.Equal(s.changed) {
			names = append(names, e.Name())
		}
	}
	w.seen = now
	slices.SortStableFunc(names, func(a, b string) int { return now[a].changed.Compare(now[b].changed) })
	return names, nil
}

// notForUs reports names of files that are being written by others, or that
// are reports.
func notForUs(name string) bool {
	lower := strings.ToLower(name)
	for _, end := range []string{
		"~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock",
		".report.csv", ".report.xlsx", ".report.html", ".report.jsonl", ".refused.txt", ".billmark-part",
	} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$")
}

// ours reports files in the folder that the settings name. Beside a journal
// lie others whose names begin with its own.
func (w *watcher) ours(name string) bool {
	path := filepath.Join(w.folder, name)
	for _, own := range []string{w.s.statusFile, w.s.logFile, w.s.keyFile, w.s.caFile} {
		if own != "" && same(own, path) {
			return true
		}
	}
	if w.s.journal == "" || !strings.HasPrefix(name, filepath.Base(w.s.journal)) {
		return false
	}
	return same(filepath.Dir(w.s.journal), w.folder)
}

func endingOf(name string) string {
	if end := filepath.Ext(name); end != "" {
		return end
	}
	return ".csv"
}

// moves are the renames that put a manifest and its reports in their places.
// They are written down before the first is made: whoever dies between two of
// them is taken up by resume.
type moves struct {
	Manifest string    `json:"manifest"` // its name in the folder
	Size     int64     `json:"size"`     // as it was when it was run: if it has
	Changed  time.Time `json:"changed"`  // changed since, it stays
	Files    []rename  `json:"files"`    // beside the manifest
	Target   string    `json:"target"`   // of the manifest
}

// rename is from a name in the work folder to a path in the folder.
type rename struct{ From, To string }

const movesFile = "moves.json"

// move puts a manifest and its reports into the folder where it belongs, and
// tells of it. what is how its run ended.
func (w *watcher) move(d *desk, name string, was sighting, folder string, what error) error {
	var own []string
	if d.summary != nil {
		own = append(own, d.summary.Reports...)
		if d.summary.Failed != nil {
			own = append(own, *d.summary.Failed)
		}
	} else {
		path := filepath.Join(w.folder, workFolder, beside(name, ".refused.txt"))
		t := inWords(what)
		if err := os.WriteFile(path, fmt.Appendf(nil, "%s\n%s\n", t.message, t.hint), 0o666); err != nil {
			return err
		}
		own = append(own, path)
	}
	m := w.plan(name, was, folder, own)
	if err := w.writeMoves(m); err != nil {
		return err
	}
	if stays, err := w.carryOut(m); err != nil {
		return err
	} else if stays {
		fmt.Fprintf(w.c.err, "billmark: %s has changed while it was run; it will be run again\n", name)
	}
	w.rename(d, m)
	return w.report(d, m, what)
}

// plan finds names that are all free: NAME.csv and what belongs to it, or
// NAME-2.csv ...
func (w *watcher) plan(name string, was sighting, folder string, own []string) *moves {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = fmt.Sprintf("-%d", n)
		}
		to := func(file string) string {
			return filepath.Join(folder, stem+suffix+strings.TrimPrefix(filepath.Base(file), stem))
		}
		m := &moves{Manifest: name, Size: was.size, Changed: was.changed, Target: to(name)}
		free := w.free(m.Target)
		for _, file := range own {
			m.Files = append(m.Files, rename{filepath.Base(file), to(file)})
			free = free && w.free(to(file))
		}
		if free {
			return m
		}
	}
}

func (w *watcher) free(path string) bool {
	_, err := os.Lstat(filepath.Join(w.folder, path))
	return errors.Is(err, os.ErrNotExist)
}

// writeMoves makes it durable what is going to be moved.
func (w *watcher) writeMoves(m *moves) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	w.step()
	part := filepath.Join(w.folder, workFolder, movesFile+".part")
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	w.step()
	return os.Rename(part, filepath.Join(w.folder, workFolder, movesFile))
}

// carryOut makes the moves that have not been made yet. A file that has
// changed since it was run stays, to be run again.
func (w *watcher) carryOut(m *moves) (stays bool, err error) {
	for _, r := range m.Files {
		if err := w.moveOne(filepath.Join(workFolder, r.From), r.To); err != nil {
			return false, err
		}
	}
	info, err := os.Stat(filepath.Join(w.folder, m.Manifest))
	if err == nil {
		if stays = info.Size() != m.Size || !info.ModTime().Equal(m.Changed); !stays {
			err = w.moveOne(m.Manifest, m.Target)
		}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return stays, err
	}
	delete(w.seen, m.Manifest)
	w.step()
	return stays, os.Remove(filepath.Join(w.folder, workFolder, movesFile))
}

// moveOne moves a file that is still there to a name that is still free.
func (w *watcher) moveOne(from, to string) error {
	if w.step(); w.free(from) {
		return nil
	}
	ending := filepath.Ext(to)
	for n := 2; !w.free(to); n++ {
		to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(to, ending), n, ending)
	}
	return os.Rename(filepath.Join(w.folder, from), filepath.Join(w.folder, to))
}

// resume finishes moves that a killed watcher had begun.
func (w *watcher) resume() error {
	text, err := os.ReadFile(filepath.Join(w.folder, workFolder, movesFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var m moves
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil {
		_, err = w.carryOut(&m)
	}
	if err != nil {
		return &told{exitStopped, fmt.Sprintf("taking up the moves of an earlier watch: %v", err), "check who may write in the folders, then watch again", err}
	}
	return nil
}

// rename lets the summary name the files by where they are now.
func (w *watcher) rename(d *desk, m *moves) {
	if d.summary == nil {
		return
	}
	at := func(path string) string {
		for _, r := range m.Files {
			if r.From == filepath.Base(path) {
				return filepath.Join(w.folder, r.To)
			}
		}
		return path
	}
	d.summary.File = filepath.Join(w.folder, m.Target)
	for i, path := range d.summary.Reports {
		d.summary.Reports[i] = at(path)
	}
	if d.summary.Failed != nil {
		failed := at(*d.summary.Failed)
		d.summary.Failed = &failed
	}
	next := ""
	switch {
	case d.summary.Stopped != nil:
		next = fmt.Sprintf("see the report, then put the manifest back into %s to go on", w.folder)
	case d.summary.Unknown+d.summary.Unverified > 0:
		next = w.s.command("settle", d.summary.File, append([]string{"every", "once"}, append(ofOneFile, ofRunning...)...)...)
	case d.summary.Failed != nil:
		next = fmt.Sprintf("mend %s and put it into %s", *d.summary.Failed, w.folder)
	}
	d.summary.Next = orNull(next)
}

// report tells what became of a file: one line, or one JSON object.
func (w *watcher) report(d *desk, m *moves, what error) error {
	n := d.news(m.Manifest, codeOf(what), what)
	if w.s.json {
		e := json.NewEncoder(w.c.out)
		e.SetEscapeHTML(false)
		return e.Encode(n)
	}
	_, err := fmt.Fprintf(w.c.out, "%s %s -> %s: %s\n", w.now().Format("2006-01-02 15:04:05"), m.Manifest, m.Target, n.outcome())
	return err
}

// silent is a console on which nothing is shown but progress and errors.
func silent(c *console) *console {
	s := *c
	s.out = io.Discard
	return &s
}
