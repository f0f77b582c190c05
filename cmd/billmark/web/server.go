package web

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"billmark/batch"
)

//go:embed assets
var assets embed.FS

// startPath is where a token is exchanged for a session.
const startPath = "/start"

// DefaultLimit is the size of an upload if Config says nothing, and typeAbove
// the number of updates above which the user types it.
const (
	DefaultLimit = 512 << 20
	typeAbove    = 50
	formLimit    = 1 << 20
)

// Config says what a Server is made of.
type Config struct {
	Bench Bench
	// Address is where it listens, with the port: 127.0.0.1:41234.
	Address string
	// Invite is told each new start address, one after another: the one
	// before has been used then. It must not wait for the Server.
	Invite func(address string)
	// CodeWords says what an error_code means, in a language.
	CodeWords func(code, lang string) string
	// Limit is the size of the largest upload in bytes; 0 is DefaultLimit.
	Limit int64
}

// Server is the page; its Handler serves it.
type Server struct {
	Config
	guard *guard
	pages [len(Languages)]*template.Template
	mux   *http.ServeMux
}

// New makes a Server. Its first start address is given to Invite.
func New(c Config) (*Server, error) {
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	s := &Server{Config: c, guard: newGuard(c.Address), mux: http.NewServeMux()}
	for i := range Languages {
		t, err := template.New("").Funcs(functions(lang(i))).ParseFS(assets, "assets/*.tmpl")
		if err != nil {
			return nil, fmt.Errorf("reading the pages: %w", err)
		}
		s.pages[i] = t
	}
	s.routes()
	s.invite()
	return s, nil
}

// HTTP is an http.Server with the limits that the page needs.
func (s *Server) HTTP() *http.Server {
	return &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Minute,
		WriteTimeout: 10 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
}

// Handler serves the page, behind its guard.
func (s *Server) Handler() http.Handler { return s.guard.wrap(s.mux, s.refuse) }

// invite makes a new start address.
func (s *Server) invite() {
	s.Invite("http://" + s.Address + startPath + "?" + url.Values{"token": {s.guard.newToken()}}.Encode())
}

func (s *Server) routes() {
	for pattern, handler := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + startPath:         s.start,
		"GET /{$}":                 s.home,
		"GET /settle":              s.doubts,
		"GET /history":             s.history,
		"GET /events":              s.events,
		"GET /style.css":           s.asset,
		"GET /script.js":           s.asset,
		"GET /icon.svg":            s.asset,
		"GET /f/{id}":              s.sheet,
		"GET /f/{id}/get/{format}": s.download,
		"POST /lang":               s.setLanguage,
		"POST /account":            s.enter,
		"POST /upload":             s.upload,
		"POST /settle":             s.settle,
		"POST /f/{id}/choices":     s.choose,
		"POST /f/{id}/start":       s.begin,
		"POST /f/{id}/remove":      s.remove,
		"POST /run/{order}":        s.order,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path != "/upload" {
				r.Body = http.MaxBytesReader(w, r.Body, formLimit)
			}
			if err := handler(w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, &Trouble{Message: s.lang(r).say("notFound"), Status: http.StatusNotFound})
	})
}

// start exchanges a token for a session. It answers with a page that goes on
// by itself rather than with a redirect: after one, a browser that came by a
// link would not send the new cookie along.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	ahead := r.Header.Get("Sec-Purpose") != "" || r.Header.Get("Purpose") != "" // fetched on suspicion, not for a person
	if !s.guard.known(r) {
		session, ok := "", false
		if r.Method == http.MethodGet && !ahead {
			session, ok = s.guard.exchange(r.URL.Query().Get("token"))
		}
		if !ok {
			s.refuse(w, r, http.StatusForbidden, "noSession")
			return nil
		}
		s.guard.admit(w, session)
		s.invite()
	}
	return s.show(w, r, http.StatusOK, "welcome", nil)
}

// frame is what every page shows.
type frame struct {
	L        lang
	Path     string // that a change of language leads back to
	Back     string // the file that the request was about; "" if none
	Place    Place
	Now      view
	Revision int
	Body     any
}

// show writes a page, whole or not at all.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, body any) error {
	l := s.lang(r)
	f := frame{L: l, Path: r.URL.RequestURI(), Body: body}
	if id := r.PathValue("id"); id != "" {
		f.Back = "/f/" + id
	}
	if r.Method == http.MethodPost {
		f.Path = cmp.Or(f.Back, "/") // a form's address is no page
	}
	if name != "welcome" && name != "refuse" {
		f.Place = s.Bench.Place()
		f.Now, _ = s.Bench.Live().look()
		f.Revision = f.Now.Revision
	}
	var b bytes.Buffer
	if err := s.pages[l].ExecuteTemplate(&b, name, f); err != nil {
		http.Error(w, "this page is broken: "+err.Error(), http.StatusInternalServerError)
		return nil
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // the reader may be gone: nothing is lost
	return nil
}

// refuse tells somebody who was not let in, and shows nothing of what is here.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, key string) {
	s.show(w, r, status, "refuse", key)
}

// fail shows an error in the words it came in.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var t *Trouble
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		t = &Trouble{Message: s.lang(r).say("tooBig", s.lang(r).size(big.Limit)), Status: http.StatusRequestEntityTooLarge}
	case !errors.As(err, &t):
		t = &Trouble{Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status := t.Status
	if status == 0 {
		status = http.StatusConflict
	}
	s.show(w, r, status, "trouble", t)
}

// lang is the language that was chosen, or else the one the browser prefers.
func (s *Server) lang(r *http.Request) lang {
	if c, err := r.Cookie("billmark_lang"); err == nil {
		return languageOf(c.Value)
	}
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	name, _, _ := strings.Cut(first, "-")
	return languageOf(strings.ToLower(strings.TrimSpace(name)))
}

func (s *Server) setLanguage(w http.ResponseWriter, r *http.Request) error {
	l := languageOf(r.PostFormValue("lang"))
	http.SetCookie(w, &http.Cookie{
		Name: "billmark_lang", Value: l.String(), Path: "/", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	back := r.PostFormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	http.ServeFileFS(w, r, assets, "assets"+r.URL.Path)
	return nil
}

// functions are those the pages use, in one language.
func functions(l lang) template.FuncMap {
	return template.FuncMap{
		"t": l.say, "n": l.number, "size": l.size, "moment": l.moment, "span": l.span, "class": l.class, "sentence": l.sentence,
		"seconds":  func(s float64) string { return l.span(time.Duration(s * float64(time.Second))) },
		"unix":     func(n int64) string { return time.Unix(n, 0).UTC().Format(time.RFC3339) },
		"statuses": func() []batch.Status { return batch.Statuses[:] },
		"classes":  func() []batch.Class { return batch.Classes[:] },
		"fields":   func() []string { return Fields[:] },
		"list":     func(items ...string) []string { return items },
		"key":      Key,
		"add":      func(a, b int) int { return a + b },
	}
}
