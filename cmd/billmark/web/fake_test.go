package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"billmark/batch"
	"billmark/report"
)

// fake is a Bench that notes what it is told to do.
type fake struct {
	effects  []string
	live     *Live
	account  string
	rows     []report.Line
	sheet    Sheet
	doubts   []batch.Record
	settling Settling
	runs     []batch.Run
	fail     error
}

func (f *fake) did(format string, args ...any) {
	f.effects = append(f.effects, fmt.Sprintf(format, args...))
}

func (f *fake) Place() Place {
	return Place{Account: f.account, API: "https://shop7.example/api/", Journal: "shop7.journal", Pace: "1/s", Version: "1"}
}

func (f *fake) Enter(account, key string) error {
	f.did("enter %s %s", account, key)
	f.account = account
	return f.fail
}

func (f *fake) Uploads() ([]Upload, error) { return []Upload{f.sheet.Upload}, f.fail }

func (f *fake) Add(name string, body io.Reader) (Upload, error) {
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		return Upload{}, err
	}
	f.did("add %s %d", name, n)
	return Upload{ID: "u1", Name: name}, f.fail
}

func (f *fake) Remove(id string) error            { f.did("remove %s", id); return f.fail }
func (f *fake) Choose(id string, c Choices) error { f.did("choose %s %v", id, c); return f.fail }

func (f *fake) Sheet(id string) (*Sheet, error) {
	if id != f.sheet.ID {
		return nil, &Trouble{Message: "no such file", Status: http.StatusNotFound}
	}
	s := f.sheet
	return &s, f.fail
}

func (f *fake) Rows(_, lang string, give func(*report.Head, report.Line) error) error {
	for _, l := range f.rows {
		if err := give(&report.Head{Lang: lang}, l); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) Report(id, format, _ string, to io.Writer) (string, error) {
	_, err := io.WriteString(to, "report of "+id)
	return "список \"a\"." + format, err
}

func (f *fake) Start(id string, count int) error { f.did("start %s %d", id, count); return f.fail }
func (f *fake) Pause()                           { f.did("pause") }
func (f *fake) Resume()                          { f.did("resume") }
func (f *fake) Stop() bool                       { f.did("stop"); return true }
func (f *fake) Live() *Live                      { return f.live }

func (f *fake) Doubts() ([]batch.Record, error) { return f.doubts, f.fail }
func (f *fake) Settle(w Word) error             { f.did("settle %v", w); return f.fail }
func (f *fake) Settling() Settling              { return f.settling }
func (f *fake) History() ([]batch.Run, error)   { return f.runs, f.fail }

const testAddress = "127.0.0.1:41234"

// house is a server with a fake bench, and the start addresses it gave.
type house struct {
	*fake
	server  *Server
	invited []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{fake: &fake{live: NewLive(), account: "shop7", sheet: Sheet{
		Upload: Upload{ID: "u1", Name: "ship.csv", State: Fresh}, Header: []string{"a", "b"}, Plan: &batch.Plan{},
	}}}
	var err error
	h.server, err = New(Config{
		Bench: h.fake, Address: testAddress, Limit: 1 << 16,
		Invite:    func(a string) { h.invited = append(h.invited, a) },
		CodeWords: func(code, _ string) string { return "code " + code },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// enter exchanges the newest start address for a cookie.
func (h *house) enterBrowser(t *testing.T) *http.Cookie {
	t.Helper()
	w := h.ask("GET", strings.TrimPrefix(h.invited[len(h.invited)-1], "http://"+testAddress), nil, nil)
	if w.Code != http.StatusOK || len(w.Result().Cookies()) != 1 {
		t.Fatalf("the start address was answered with %d %s", w.Code, w.Body)
	}
	return w.Result().Cookies()[0]
}

// ask makes one request as a browser on our own page would; edit may change it.
func (h *house) ask(method, path string, form url.Values, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+testAddress+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:50000"
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+testAddress)
	}
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.server.Handler().ServeHTTP(w, r)
	return w
}
