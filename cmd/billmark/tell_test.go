package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// world is a console for whole commands in this process.
type world struct {
	out, err strings.Builder
	vars     map[string]string
}

func (s *shop) world() *world {
	return &world{vars: map[string]string{
		"BILLMARK_ACCOUNT": shopAccount, "BILLMARK_KEY": shopKey, "BILLMARK_API": s.url, "BILLMARK_RATE": "0", "BILLMARK_JOURNAL": s.journal,
		"HOME": s.folder, "TZ": "UTC",
	}}
}

func (w *world) run(args ...string) int {
	return run(w.console(), args)
}

func (w *world) console() *console {
	return &console{in: strings.NewReader(""), out: &w.out, err: &w.err, leave: func(int) {}, env: func(name string) (string, bool) {
		v, ok := w.vars[name]
		return v, ok
	}}
}

// payments writes a manifest of n rows.
func payments(t *testing.T, folder string, n int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("bill_id,status,date,rpo\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,paid,1362254400,\n", 100000+i)
	}
	if err := os.WriteFile(filepath.Join(folder, "payments.csv"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestWebhook posts the summary, as any reader of it would want it.
func TestWebhook(t *testing.T) {
	var got news
	var header http.Header
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		json.NewDecoder(r.Body).Decode(&got)
	}))
	defer hook.Close()
	s := newShop(t, 0)
	payments(t, s.folder, 3)
	file := filepath.Join(s.folder, "payments.csv")
	w := s.world()
	if code := w.run("run", "--json", "--webhook", hook.URL+"/secret", file); code != exitDone {
		t.Fatalf("exit %d: %s", code, w.err.String())
	}
	var shown summaryJSON
	if err := json.Unmarshal([]byte(w.out.String()), &shown); err != nil {
		t.Fatal(err)
	}
	want := news{summaryJSON: shown, Exit: 0, Text: "billmark: " + file + ": 3 rows: 3 confirmed"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(news{})); diff != "" {
		t.Error(diff)
	}
	if header.Get("Content-Type") != "application/json" || !strings.HasPrefix(header.Get("User-Agent"), "billmark/") {
		t.Errorf("header %v", header)
	}
}

// TestWebhookFails is warned of, without the address, and changes nothing.
func TestWebhookFails(t *testing.T) {
	elsewhere := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer target.Close()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/secret/moved":
			http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
		default:
			http.Error(w, "no", http.StatusInternalServerError)
		}
	}))
	closed := httptest.NewServer(nil)
	closed.Close()
	defer hook.Close()
	s := newShop(t, 0)
	payments(t, s.folder, 1)
	for url, want := range map[string]string{
		hook.URL + "/secret/moved": "HTTP status 307", hook.URL + "/secret/broken": "HTTP status 500", closed.URL + "/secret": "connection refused",
	} {
		w := s.world()
		if code := w.run("run", "--webhook", url, filepath.Join(s.folder, "payments.csv")); code != exitDone {
			t.Errorf("%s: exit %d", url, code)
		}
		if got := w.err.String(); !strings.Contains(got, "billmark: warning: --webhook: 127.0.0.1: ") || !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%s: said %q", url, got)
		}
		if strings.Contains(w.out.String(), "secret") {
			t.Errorf("%s: the summary shows it: %s", url, w.out.String())
		}
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
}

// TestTellingRefused refuses what could never be told, before anything is sent.
func TestTellingRefused(t *testing.T) {
	s := newShop(t, 0)
	payments(t, s.folder, 1)
	file := filepath.Join(s.folder, "payments.csv")
	notes := filepath.Join(s.folder, "notes.txt")
	if err := os.WriteFile(notes, []byte("dear diary"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		flag, value, want string
		code              int
	}{
		{"--webhook", "http://example.com/x", "refused for example.com", exitUsage},
		{"--webhook", "nonsense", "this is no address", exitUsage},
		{"--notify", "no-such-program-anywhere x", "no-such-program-anywhere", exitUsage},
		{"--notify", `mail "Anna`, "a quote is never closed", exitUsage},
		{"--status-file", file, "the manifest itself", exitUsage},
		{"--status-file", notes, "holds something else", exitUsage},
		{"--status-file", filepath.Join(s.folder, "no", "status.json"), "no such file or directory", exitStopped},
	} {
		w := s.world()
		if code := w.run("run", tt.flag, tt.value, file); code != tt.code || !strings.Contains(w.err.String(), tt.want) || !strings.Contains(w.err.String(), "nothing was sent") {
			t.Errorf("%s %s: exit %d: %s", tt.flag, tt.value, code, w.err.String())
		}
	}
	if n := s.arrived.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if text, _ := os.ReadFile(notes); string(text) != "dear diary" {
		t.Errorf("the notes are now %q", text)
	}
}

// TestStatusOfRun leaves the last word in the status file, also of a run that
// never began.
func TestStatusOfRun(t *testing.T) {
	s := newShop(t, 0)
	payments(t, s.folder, 2)
	path := filepath.Join(s.folder, "status.json")
	read := func() (x status) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &x); err != nil {
			t.Fatal(err)
		}
		return x
	}
	w := s.world()
	w.run("run", "--status-file", path, filepath.Join(s.folder, "payments.csv"))
	if got := read(); got.State != "finished" || *got.Exit != 0 || got.Summary.Confirmed != 2 || got.Done != 2 || got.Total != 2 {
		t.Errorf("finished: %+v", got)
	}
	w.run("run", "--status-file", path, "missing.csv")
	if got := read(); got.State != "stopped" || *got.Exit != exitStopped || got.File != "missing.csv" || got.Summary != nil {
		t.Errorf("refused: %+v", got)
	}
}

// TestSplitWords splits as a user of any shell would expect.
func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                          nil,
		"  mail   anna ":            {"mail", "anna"},
		`mail "Anna P" 'x "y"' ''`:  {"mail", "Anna P", `x "y"`, ""},
		`C:\tools\tell.exe --to=$X`: {`C:\tools\tell.exe`, "--to=$X"},
		`a"b c"d`:                   {"ab cd"},
	} {
		got, err := splitWords(text)
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// TestWebhookTLS trusts no stranger.
func TestWebhookTLS(t *testing.T) {
	called := false
	hook := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	hook.Config.ErrorLog = log.New(discard{}, "", 0)
	hook.StartTLS()
	defer hook.Close()
	s := newShop(t, 0)
	payments(t, s.folder, 1)
	w := s.world()
	if code := w.run("run", "--webhook", hook.URL, filepath.Join(s.folder, "payments.csv")); code != exitDone {
		t.Errorf("exit %d", code)
	}
	if called || !strings.Contains(w.err.String(), "certificate") {
		t.Errorf("called %v, said %q", called, w.err.String())
	}
}

// TestNotifyLimit ends a command that takes too long.
func TestNotifyLimit(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip(err)
	}
	defer func(was time.Duration) { notifyLimit = was }(notifyLimit)
	notifyLimit = 50 * time.Millisecond
	s := newShop(t, 0)
	payments(t, s.folder, 1)
	w := s.world()
	if code := w.run("run", "--notify", "sleep 60", filepath.Join(s.folder, "payments.csv")); code != exitDone {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(w.err.String(), "warning: --notify: it took longer than 50ms and was ended; the run is not affected") {
		t.Errorf("said %s", w.err.String())
	}
}

// TestNext is the one command that the ending of a run asks for.
func TestNext(t *testing.T) {
	s := newShop(t, 0)
	file := filepath.Join(s.folder, "a.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(head+text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	failed := filepath.Join(s.folder, "a.failed.csv")
	for _, tt := range []struct{ rows, flags, want string }{
		{"1,cancel,,\n", "", "nothing: every row is confirmed or skipped"},
		{"1,cancel,,\n2,cancel,,\n3,cancel,,\n", "--first 1 --yes", "billmark run --yes " + file},
		{"9404,cancel,,\n", "--max-invalid 5%", "mend " + failed + ", then: billmark run --max-invalid 5% " + failed},
		{"9404,cancel,,\n9404,paid,1362254400,\n", "", "mend " + failed},
	} {
		write(tt.rows)
		w := s.world()
		w.run(append(append([]string{"run"}, strings.Fields(tt.flags)...), file)...)
		if !strings.Contains(w.out.String(), "Next        "+tt.want) {
			t.Errorf("%s%s: said\n%s%s", tt.rows, tt.flags, w.out.String(), w.err.String())
		}
	}
	s.trap.Store(&trap{at: s.arrived.Load() + 1, late: true, spring: func() { panic(http.ErrAbortHandler) }})
	write("77,cancel,,\n")
	w := s.world()
	w.run("run", "--yes", "--rate", "9", "--set", "status=cancel", file)
	if want := "Next        look at those orders, then: billmark settle --rate 9/s --set status=cancel " + file; !strings.Contains(w.out.String(), want) {
		t.Errorf("unknown: said\n%s", w.out.String())
	}
}
