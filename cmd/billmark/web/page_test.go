package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"billmark/batch"
	"billmark/report"
)

// visit is a browser that was let in.
func (h *house) visit(t *testing.T, method, path string, form url.Values, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	cookie := h.enterBrowser(t)
	return h.ask(method, path, form, func(r *http.Request) {
		r.AddCookie(cookie)
		for _, edit := range edits {
			edit(r)
		}
	})
}

// uploading is a request that uploads a file.
func uploading(t *testing.T, field, name, content string) func(*http.Request) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write([]byte(content))
	m.Close()
	return func(r *http.Request) {
		fresh := httptest.NewRequest("POST", r.URL.String(), &b)
		r.Body, r.ContentLength = fresh.Body, fresh.ContentLength
		r.Header.Set("Content-Type", m.FormDataContentType())
	}
}

func TestUpload(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*http.Request)
		status int
		effect string
	}{
		"a file":     {uploading(t, "file", "ship.csv", "a,b\n"), http.StatusSeeOther, "add ship.csv 4"},
		"a path":     {uploading(t, "file", `C:\Users\Anna\ship.csv`, "a"), http.StatusSeeOther, "add ship.csv 1"},
		"no file":    {uploading(t, "other", "ship.csv", "a"), http.StatusBadRequest, ""},
		"too large":  {uploading(t, "file", "ship.csv", strings.Repeat("x", 1<<16)), http.StatusRequestEntityTooLarge, ""},
		"no form":    {func(r *http.Request) { r.Header.Set("Content-Type", "text/csv") }, http.StatusBadRequest, ""},
		"a cut form": {func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, http.StatusBadRequest, ""},
	} {
		h := newHouse(t)
		w := h.visit(t, "POST", "/upload", nil, c.edit)
		if w.Code != c.status || strings.Join(h.effects, ";") != c.effect {
			t.Errorf("%s: %d, %q", name, w.Code, h.effects)
		}
	}
}

func TestFormTooLarge(t *testing.T) {
	h := newHouse(t)
	w := h.visit(t, "POST", "/f/u1/choices", url.Values{"value": {strings.Repeat("x", formLimit)}})
	if w.Code < 400 || len(h.effects) > 0 {
		t.Errorf("%d %q", w.Code, h.effects)
	}
}

func TestBaseName(t *testing.T) {
	for name, want := range map[string]string{
		"ship.csv": "ship.csv", "../../etc/passwd": "passwd", `..\..\x.csv`: "x.csv", "": "manifest.csv", "..": "manifest.csv",
		"a\r\nb.csv": "a__b.csv", `a"b<c>.csv`: "a_b_c_.csv", "Заказы май.csv": "Заказы май.csv", "/": "manifest.csv",
	} {
		if got := baseName(name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
	long := baseName(strings.Repeat("я", 500) + ".csv")
	if len(long) > longestName || !utf8.ValidString(long) || !strings.HasSuffix(long, "я.csv") {
		t.Errorf("a long name became %d long: %s", len(long), long)
	}
}

func TestStart(t *testing.T) {
	warned := func(h *house) { h.sheet.Warnings = []batch.Fault{{Message: "a step back in time"}} }
	for name, c := range map[string]struct {
		form   url.Values
		with   func(*house)
		effect string
	}{
		"few":               {url.Values{"count": {"50"}}, nil, "start u1 50"},
		"many, not typed":   {url.Values{"count": {"51"}}, nil, ""},
		"many, typed wrong": {url.Values{"count": {"51"}, "typed": {"15"}}, nil, ""},
		"many, typed":       {url.Values{"count": {"51"}, "typed": {"51"}}, nil, "start u1 51"},
		"typed with blanks": {url.Values{"count": {"12000"}, "typed": {" 12 000 "}}, nil, "start u1 12000"},
		"none":              {url.Values{"count": {"0"}}, nil, ""},
		"no number":         {url.Values{"count": {"all"}}, nil, ""},
		"warnings not seen": {url.Values{"count": {"5"}}, warned, ""},
		"warnings seen":     {url.Values{"count": {"5"}, "seen": {"yes"}}, warned, "start u1 5"},
		"nothing said":      {url.Values{}, nil, ""},
	} {
		h := newHouse(t)
		if c.with != nil {
			c.with(h)
		}
		w := h.visit(t, "POST", "/f/u1/start", c.form)
		if strings.Join(h.effects, ";") != c.effect || (c.effect == "") != (w.Code >= 400) {
			t.Errorf("%s: %d, %q", name, w.Code, h.effects)
		}
	}
}

// TestOrders lets orders through only to the run that the user saw.
func TestOrders(t *testing.T) {
	h := newHouse(t)
	h.visit(t, "POST", "/run/stop", url.Values{"upload": {"u1"}})
	h.live.Begin("u1", 10)
	for _, order := range []string{"pause", "resume", "stop", "explode"} {
		h.visit(t, "POST", "/run/"+order, url.Values{"upload": {"u1"}})
		h.visit(t, "POST", "/run/"+order, url.Values{"upload": {"u2"}})
	}
	if diff := cmp.Diff([]string{"pause", "resume", "stop"}, h.effects); diff != "" {
		t.Error(diff)
	}
}

func TestChoices(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(url.Values{
		"bill_id": {"column:Order - Number"}, "status": {"set:sent"}, "date": {"column:Date"}, "rpo": {""}, "setdate": {" 2026-01-05 "},
		"where": {"Carrier"}, "value": {"DHL"}, "delimiter": {"tab"}, "dates": {"dmy"}, "multiline": {"yes"}, "first": {"7"},
		"again": {"late", "stale"}, "word.paid": {"Completed"},
	}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.ParseForm()
	want := Choices{
		Columns: map[string]string{"bill_id": "Order - Number"}, Set: map[string]string{"status": "sent", "date": "2026-01-05"},
		Words: map[string]string{"paid": "Completed"}, Where: "Carrier", Value: "DHL", Delimiter: "tab", DateFormat: "dmy",
		Multiline: true, First: 7, Again: []string{"late", "stale"},
	}
	if diff := cmp.Diff(want, choices(r)); diff != "" {
		t.Error(diff)
	}
}

// TestNothingIsMarkup puts markup wherever a file or the service can.
func TestNothingIsMarkup(t *testing.T) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=y>`
	h := newHouse(t)
	u := batch.Update{Bill: 7, Status: batch.Sent, RPO: evil}
	h.sheet.Name, h.sheet.Header, h.sheet.First, h.sheet.Run = evil, []string{evil}, [][]string{{evil}}, 3
	h.sheet.Stopped, h.sheet.Dates, h.sheet.Mapping = evil, evil, []Mapped{{"rpo", evil, ""}, {"date", "", evil}}
	h.sheet.Warnings = []batch.Fault{{Line: 2, Column: evil, Value: evil, Message: evil}}
	h.sheet.Refused, h.sheet.Barred = &Trouble{Message: evil, Hint: evil}, &Trouble{Message: evil, Hint: evil}
	h.sheet.Choices = Choices{Where: evil, Value: evil, Words: map[string]string{"sent": evil}}
	h.sheet.Plan = &batch.Plan{Rows: 1}
	h.sheet.Plan.Counts[batch.Rejected] = 1
	h.rows = []report.Line{{Row: &batch.Row{Line: 2, Cells: func() []string { return []string{evil} }}, Outcome: batch.Outcome{
		Class: batch.Rejected, Reason: batch.ReasonReplied, Code: evil, Text: evil,
	}}}
	h.doubts = []batch.Record{{Update: u}}
	h.settling = Settling{Done: []Verdict{{u, batch.Unsent, evil}}, Trouble: &Trouble{Message: evil}}
	h.runs = []batch.Run{{File: evil, Finished: time.Now(), Summary: batch.Summary{Stopped: evil}}}
	for _, path := range []string{"/", "/f/u1", "/f/u1?q=" + url.QueryEscape(evil) + "&outcome=" + url.QueryEscape(evil), "/settle", "/history", "/" + url.PathEscape(evil)} {
		w := h.visit(t, "GET", path, nil)
		if strings.Contains(w.Body.String(), "<script>alert") || strings.Contains(w.Body.String(), "<img") {
			t.Errorf("%s: markup of others is in the page", path)
		}
		checkMarkup(t, path, w.Body.String())
	}
	h.live.Begin("u1", 5)
	h.live.Done(batch.Task{Update: u}, batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Text: evil})
	h.live.Waiting(evil)
	w := h.visit(t, "GET", "/f/u1", nil)
	if strings.Contains(w.Body.String(), "<script>alert") || !strings.Contains(w.Body.String(), "&lt;script&gt;alert") {
		t.Error("markup of others is in the page of the run")
	}
	checkMarkup(t, "live", w.Body.String())
}

var (
	inline    = regexp.MustCompile(`(?i)<script(?: [^>]*)?>[^<]|\son[a-z]+="|\sstyle=|<style|javascript:`)
	elsewhere = regexp.MustCompile(`(?:src|href|action)="(?:https?:)?//`)
	control   = regexp.MustCompile(`<(?:input|select)[^>]*>`)
	unknown   = regexp.MustCompile(`>\?[a-z]`)
)

// checkMarkup holds a page to what the policy demands, and to what a screen
// reader needs: every control has a name.
func checkMarkup(t *testing.T, name, page string) {
	t.Helper()
	if m := inline.FindString(page); m != "" {
		t.Errorf("%s: inline script or style: %s", name, m)
	}
	if m := elsewhere.FindString(page); m != "" {
		t.Errorf("%s: another host: %s", name, m)
	}
	if m := unknown.FindString(page); m != "" {
		t.Errorf("%s: a text is missing: %s", name, m)
	}
	for _, c := range control.FindAllString(page, -1) {
		id := regexp.MustCompile(`id="([^"]*)"`).FindStringSubmatch(c)
		labelled := strings.Contains(c, "hidden") || strings.Contains(c, "aria-label=") || strings.Contains(page, "<label>"+c) ||
			id != nil && strings.Contains(page, `for="`+id[1]+`"`)
		if !labelled {
			t.Errorf("%s: no label for %s", name, c)
		}
	}
	if !strings.Contains(page, "<html lang=") || strings.Count(page, "<h1") != 1 || !strings.Contains(page, "<main") {
		t.Errorf("%s: language, heading or main part is missing", name)
	}
}

// TestDictionary finds keys without a text, texts without a use of the same
// verbs, and languages that were forgotten.
func TestDictionary(t *testing.T) {
	verbs := regexp.MustCompile(`%[.0-9]*[a-z]`)
	cyrillic := regexp.MustCompile(`[а-яё]`)
	same := map[string]bool{"title": true, "version": true, "other": true}
	for key, w := range dictionary {
		if cyrillic.MatchString(w[0]) && !same[key] || !cyrillic.MatchString(w[1]) && !same[key] {
			t.Errorf("%s: a language is missing: %q", key, w)
		}
		if diff := cmp.Diff(verbs.FindAllString(w[0], -1), verbs.FindAllString(w[1], -1)); diff != "" {
			t.Errorf("%s: the languages take different values: %s", key, diff)
		}
	}
	used := regexp.MustCompile(`\bt "([A-Za-z._]+)"`)
	entries, _ := assets.ReadDir("assets")
	for _, e := range entries {
		text, _ := assets.ReadFile("assets/" + e.Name())
		for _, m := range used.FindAllStringSubmatch(string(text), -1) {
			if _, ok := dictionary[m[1]]; !ok {
				t.Errorf("%s: there is no text %q", e.Name(), m[1])
			}
		}
	}
	for _, c := range batch.Classes {
		if s := lang(0).class(c); strings.HasPrefix(s, "?") {
			t.Error(s)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ accept, cookie, want string }{
		{"", "", "en"}, {"ru-RU,ru;q=0.9,en;q=0.8", "", "ru"}, {"en-US,ru;q=0.5", "", "en"}, {"de", "", "en"}, {"ru", "en", "en"}, {"en", "ru", "ru"}, {"ru", "xx", "en"},
	} {
		h := newHouse(t)
		w := h.visit(t, "GET", "/", nil, func(r *http.Request) {
			r.Header.Set("Accept-Language", c.accept)
			if c.cookie != "" {
				r.AddCookie(&http.Cookie{Name: "billmark_lang", Value: c.cookie})
			}
		})
		if !strings.Contains(w.Body.String(), `<html lang="`+c.want+`"`) {
			t.Errorf("%v: not in %s", c, c.want)
		}
		checkMarkup(t, c.want, w.Body.String())
	}
	h := newHouse(t)
	for back, want := range map[string]string{"/settle": "/settle", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/"} {
		w := h.visit(t, "POST", "/lang", url.Values{"lang": {"ru"}, "back": {back}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

// TestKeyStaysInside enters a key, and looks for it on all pages.
func TestKeyStaysInside(t *testing.T) {
	const key = "0123456789secret"
	h := newHouse(t)
	h.account = ""
	if w := h.visit(t, "GET", "/", nil); !strings.Contains(w.Body.String(), `type="password"`) {
		t.Fatal("nobody asks for the key")
	}
	h.fail = errors.New("no")
	for range 2 {
		w := h.visit(t, "POST", "/account", url.Values{"login": {"shop7"}, "key": {key}})
		if strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), key) {
			t.Error("the key came back")
		}
		h.fail = nil
	}
	if h.effects[1] != "enter shop7 "+key {
		t.Errorf("%q", h.effects)
	}
	for _, path := range []string{"/", "/f/u1", "/settle", "/history"} {
		if w := h.visit(t, "GET", path, nil); strings.Contains(w.Body.String(), key) {
			t.Errorf("%s holds the key", path)
		}
	}
}

func TestDownload(t *testing.T) {
	h := newHouse(t)
	for format, status := range map[string]int{"csv": 200, "xlsx": 200, "html": 200, "failed": 200, "exe": 404, "..%2fcsv": 404} {
		w := h.visit(t, "GET", "/f/u1/get/"+format, nil)
		if w.Code != status {
			t.Errorf("%s: %d", format, w.Code)
		}
		if status == 200 && (!strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment;") || w.Body.String() != "report of u1") {
			t.Errorf("%s: %v %s", format, w.Header(), w.Body)
		}
	}
}

// TestRowsPages leafs through all rows: failures first, each row once.
func TestRowsPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.SliceOfN(rapid.SampledFrom([]batch.Class{batch.Confirmed, batch.Rejected, batch.Unknown}), 0, 350).Draw(t, "classes")
		f := &fake{live: NewLive(), sheet: Sheet{Upload: Upload{ID: "u1"}, Plan: &batch.Plan{}}}
		var failures, others []int
		for i, c := range classes {
			f.rows = append(f.rows, report.Line{Row: &batch.Row{Line: i + 2, Cells: func() []string { return nil }}, Outcome: batch.Outcome{Class: c}})
			if c == batch.Confirmed {
				others = append(others, i+2)
			} else {
				failures = append(failures, i+2)
			}
		}
		s := &Server{Config: Config{Bench: f}}
		query := rapid.SampledFrom([]string{"?x=1", "?outcome=confirmed", "?q=done"}).Draw(t, "query")
		want := append(failures, others...)
		if query != "?x=1" {
			want = others
		}
		var got []int
		for at := query; at != ""; {
			p, err := s.rows(httptest.NewRequest("GET", "/f/u1"+at, nil), &f.sheet)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range p.Rows {
				got = append(got, r.Line)
			}
			if p.Fitting != len(want) || len(p.Rows) > pageRows {
				t.Fatalf("%d fit and %d are shown, of %d", p.Fitting, len(p.Rows), len(want))
			}
			at, _, _ = strings.Cut(p.Next, "#")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestUpdateKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := batch.Update{
			Bill: rapid.Uint64().Draw(t, "bill"), Status: rapid.SampledFrom(batch.Statuses[:]).Draw(t, "status"),
			Date: rapid.Int64().Draw(t, "date"), RPO: rapid.String().Draw(t, "rpo"), Occurrence: rapid.IntRange(0, 9).Draw(t, "occurrence"),
		}
		if got, ok := updateOf(Key(u)); !ok || got != u {
			t.Fatalf("%v became %v", u, got)
		}
	})
	for _, key := range []string{"", "1", "1 sent 2 0", "x sent 2 0 y", "1 lost 2 0 y", "1 sent x 0 y", "1 sent 2 x y"} {
		if _, ok := updateOf(key); ok {
			t.Errorf("%q was taken for an update", key)
		}
	}
}

// TestSettleAsks passes on only what a person has said in full.
func TestSettleAsks(t *testing.T) {
	const update = "7 sent 5 0 R"
	for name, c := range map[string]struct {
		form url.Values
		ok   bool
	}{
		"nothing chosen": {url.Values{"way": {"read"}}, false},
		"read":           {url.Values{"way": {"read"}, "update": {update}}, true},
		"no reason":      {url.Values{"way": {"confirm"}, "update": {update}, "reason": {"  "}}, false},
		"reason":         {url.Values{"way": {"unsent"}, "update": {update}, "reason": {"Anna"}}, true},
		"not sure":       {url.Values{"way": {"resend"}, "update": {update}}, false},
		"sure":           {url.Values{"way": {"resend"}, "update": {update}, "sure": {"yes"}}, true},
		"nonsense":       {url.Values{"way": {"read"}, "update": {"x"}}, false},
	} {
		h := newHouse(t)
		h.visit(t, "POST", "/settle", c.form)
		if (len(h.effects) == 1) != c.ok {
			t.Errorf("%s: %q", name, h.effects)
		}
	}
}

// TestLive follows a run with a pause: the pause counts for no pace.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLive()
		l.Enter(Paused) // no run: nothing happens
		l.Begin("u1", 30)
		_, changed := l.look()
		for i := range 10 {
			time.Sleep(time.Second)
			l.Done(batch.Task{Line: i + 2}, batch.Outcome{Class: batch.Confirmed})
		}
		select {
		case <-changed:
		default:
			t.Error("nobody was told")
		}
		l.Enter(Paused)
		time.Sleep(time.Hour)
		v, _ := l.look()
		if v.pace() != 1 || v.left() != 20*time.Second || v.Phase != Paused {
			t.Errorf("paused: %v %v %v", v.pace(), v.left(), v.Phase)
		}
		l.Enter(Sending)
		for range 10 {
			time.Sleep(time.Second)
			l.Done(batch.Task{}, batch.Outcome{Class: batch.Unknown})
		}
		l.Enter(Stopping)
		l.Enter(Sending) // too late
		v, _ = l.look()
		if v.pace() != 1 || v.Phase != Stopping || v.Counts[batch.Unknown] != 10 || len(v.Last) != lastShown || len(v.Failures) != 10 {
			t.Errorf("stopping: %+v", v)
		}
		l.Enter(Idle)
		if v, _ = l.look(); v.Phase != Idle {
			t.Errorf("%v", v.Phase)
		}
	})
}

// TestEvents reads the stream of a run as two browsers in two languages do.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.live.Begin("u1", 2)
		for _, language := range []string{"en", "ru"} {
			cookie := h.enterBrowser(t)
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "http://"+testAddress+"/events", nil)
			ctx, cancel := context.WithCancel(t.Context())
			r = r.WithContext(ctx)
			r.RemoteAddr = "127.0.0.1:50000"
			r.Header.Set("Accept-Language", language)
			r.AddCookie(cookie)
			done := make(chan struct{})
			go func() { h.server.Handler().ServeHTTP(w, r); close(done) }()
			time.Sleep(time.Second)
			h.live.Done(batch.Task{Line: 2, Update: batch.Update{Bill: 7, Status: batch.Paid}}, batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied})
			time.Sleep(time.Second)
			cancel()
			<-done
			text := w.Body.String()
			word := map[string]string{"en": "confirmed", "ru": "подтверждено"}[language]
			if strings.Count(text, "data: ") != 2 || !strings.Contains(text, word) || w.Header().Get("Content-Type") != "text/event-stream" {
				t.Errorf("%s: %s", language, text)
			}
		}
	})
}
