package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"billmark/batch/sandbox"
	"billmark/signer"
)

const pageKey = "fedcba9876543210fedcba9876543210"

// pageHouse is a stand-in for the API, and a folder for a page that works with it.
type pageHouse struct {
	t      *testing.T
	api    *sandbox.Sandbox
	url    string
	folder string
	env    []string // beside the usual
}

func newPageHouse(t *testing.T, faults string) *pageHouse {
	t.Helper()
	account, err := signer.NewAccount("shop7", pageKey)
	if err != nil {
		t.Fatal(err)
	}
	config := sandbox.Config{Account: account, Seed: 5, Keep: true}
	if config.Faults, err = sandbox.ParseFaults(faults); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &pageHouse{t: t, api: sandbox.New(config), url: "http://" + l.Addr().String() + "/api/", folder: t.TempDir()}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sandbox.Serve(ctx, l, h.api) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return h
}

// command is billmark as a process of its own.
func (h *pageHouse) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = h.folder
	cmd.Env = append(os.Environ(), childVariable+"=", "BILLMARK_ACCOUNT=shop7", "BILLMARK_KEY="+pageKey,
		"BILLMARK_API="+h.url, "BILLMARK_JOURNAL="+filepath.Join(h.folder, "shop7.journal"), "BILLMARK_TIMEZONE=UTC", "BILLMARK_RATE=0", "LC_ALL=C")
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

// pageServer is a running billmark serve.
type pageServer struct {
	*pageHouse
	cmd     *exec.Cmd
	lines   chan string // of its standard output
	errors  bytes.Buffer
	address string // a start address that is not used yet
	base    string
	ended   bool
}

func (h *pageHouse) serve(args ...string) *pageServer {
	h.t.Helper()
	s := &pageServer{pageHouse: h, cmd: h.command(append([]string{"serve"}, args...)...), lines: make(chan string, 100)}
	s.cmd.Stderr = &s.errors
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
		close(s.lines)
	}()
	h.t.Cleanup(s.kill)
	s.invited()
	s.base, _, _ = strings.Cut(s.address, "/start")
	return s
}

// invited waits for the next start address.
func (s *pageServer) invited() {
	s.t.Helper()
	select {
	case line, ok := <-s.lines:
		at := strings.Index(line, "http://")
		if !ok || at < 0 {
			s.t.Fatalf("no start address: %q %s", line, &s.errors)
		}
		s.address = line[at:]
	case <-time.After(20 * time.Second):
		s.t.Fatalf("no start address comes: %s", &s.errors)
	}
}

func (s *pageServer) kill() {
	if !s.ended {
		s.ended = true
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// browser is one that was let in by the start address.
type browser struct {
	*pageServer
	http.Client
}

func (s *pageServer) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	b := &browser{pageServer: s, Client: http.Client{Jar: jar, Timeout: 30 * time.Second}}
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error { r.Header.Del("Origin"); return nil }
	b.get(strings.TrimPrefix(s.address, s.base))
	s.invited()
	return b
}

func (b *browser) do(r *http.Request) (int, string) {
	b.t.Helper()
	reply, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.Contains(string(text), pageKey) {
		b.t.Errorf("%s holds the key", r.URL)
	}
	return reply.StatusCode, string(text)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	code, text := b.do(r)
	if code != http.StatusOK {
		b.t.Fatalf("GET %s: %d %s", path, code, text)
	}
	return text
}

// post gives the status and the page that it led to.
func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.send(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *browser) send(path, kind string, body io.Reader) (int, string) {
	b.t.Helper()
	r, err := http.NewRequest("POST", b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", b.base)
	return b.do(r)
}

// upload gives the path of the file's page.
func (b *browser) upload(name string, content []byte) (page, text string) {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write(content)
	m.Close()
	code, text := b.send("/upload", m.FormDataContentType(), &body)
	id := regexp.MustCompile(`data-upload="([^"]+)"`).FindStringSubmatch(text)
	if code != http.StatusOK || id == nil {
		b.t.Fatalf("the upload was answered with %d %s", code, text)
	}
	return "/f/" + id[1], text
}

// start agrees to all that the page asks.
func (b *browser) start(page string) {
	b.t.Helper()
	m := regexp.MustCompile(`name="count" value="(\d+)"`).FindStringSubmatch(b.get(page))
	if m == nil {
		b.t.Fatalf("%s has nothing to start: %s", page, b.get(page))
	}
	if code, text := b.post(page+"/start", url.Values{"count": {m[1]}, "typed": {m[1]}, "seen": {"yes"}}); code != http.StatusOK {
		b.t.Fatalf("the start was answered with %d %s", code, text)
	}
}

// until reloads a page until it says something.
func (b *browser) until(page, want string) string {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		text := b.get(page)
		if strings.Contains(text, want) {
			return text
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s never says %q: %s", page, want, text)
		}
		time.Sleep(20 * time.Millisecond) // another process works: its time is the real one
	}
}

// pageManifest is a carrier's export of so many good rows, and three bad ones.
func pageManifest(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("Order - Number,Recipient,Date - Shipped Date,Shipment - Tracking Number\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,\"O'Brien, <b>Sean</b>\",2026-01-05,TRACK%06d\n", 100000+i, i)
	}
	b.WriteString("1.00E+05,Anna,2026-01-05,TRACK900001\n500404,Иван,2026-01-05,TRACK900002\n7,=1+1,2026-01-05,\n")
	return b.Bytes()
}

// TestServeWay goes the whole way: upload, mapping, plan, start, result,
// report, which is the very same as the terminal's.
func TestServeWay(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	b := h.serve().browser()
	page, text := b.upload("parcels.csv", pageManifest(60))
	if !strings.Contains(text, "no column for status") || !strings.Contains(text, "Recipient") {
		t.Fatalf("a file without a status is shown as %s", text)
	}
	if code, _ := b.post(page+"/start", url.Values{"count": {"61"}, "typed": {"61"}, "seen": {"yes"}}); code == http.StatusOK {
		t.Fatal("a refused file was started")
	}
	_, text = b.post(page+"/choices", url.Values{"status": {"set:sent"}})
	for _, want := range []string{"61 updates", "Send 61 updates", "spreadsheet may have shortened it", "column “Order - Number”", "“sent” for all rows", "5 January 2026"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan does not say %q", want)
		}
	}
	for _, form := range []url.Values{{"count": {"61"}, "typed": {"16"}, "seen": {"yes"}}, {"count": {"60"}, "typed": {"60"}, "seen": {"yes"}}} {
		if code, _ := b.post(page+"/start", form); code != http.StatusConflict {
			t.Errorf("%v: %d", form, code)
		}
	}
	if n := len(h.api.Requests()); n > 0 {
		t.Fatalf("%d requests before the start", n)
	}
	b.start(page)
	text = b.until(page, "What became of the rows")
	if !strings.Contains(text, "60 of 63 rows are confirmed. 3 are to be mended.") {
		t.Errorf("the result is %s", text)
	}
	if text := b.get(page + "?outcome=rejected"); strings.Count(text, `<tr class="`) != 1 || !strings.Contains(text, "there is no such order") {
		t.Errorf("the filter shows %s", text)
	}
	h.sameAsTerminal(b, page)
	if text := b.get("/history"); !strings.Contains(text, "parcels.csv") || !strings.Contains(text, "to its end") {
		t.Errorf("the history is %s", text)
	}
	if code, text := b.post(page+"/remove", nil); code != http.StatusOK || strings.Contains(text, "parcels.csv") {
		t.Errorf("removing: %d %s", code, text)
	}
}

// sameAsTerminal holds what is taken away against what the commands write. It
// also shows that they can use the journal while a page stands open.
func (h *pageHouse) sameAsTerminal(b *browser, page string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.folder, "parcels.csv"), pageManifest(60), 0o600); err != nil {
		h.t.Fatal(err)
	}
	cmd := h.command("report", "--set", "status=sent", "--report", "out.csv", "--report", "out.html", "--failed", "out.failed.csv", "parcels.csv")
	if text, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailures {
		h.t.Fatalf("billmark report: %v: %s", err, text)
	}
	for format, file := range map[string]string{"csv": "out.csv", "html": "out.html", "failed": "out.failed.csv"} {
		want, err := os.ReadFile(filepath.Join(h.folder, file))
		if err != nil {
			h.t.Fatal(err)
		}
		if got := b.get(page + "/get/" + format); got != string(want) {
			h.t.Errorf("%s: the page gives\n%s\nand the terminal\n%s", format, got, want)
		}
	}
	if got := b.get(page + "/get/xlsx"); !strings.HasPrefix(got, "PK") {
		h.t.Error("the workbook is none")
	} else if _, text := b.upload("parcels.report.xlsx", []byte(got)); !strings.Contains(text, "parcels.report.xlsx: 2 sheets of the workbook hold something") {
		h.t.Errorf("our own report is shown as %s", text)
	}
}

// TestServeKilled kills the server in the middle, again and again: nothing is
// lost, nothing sent twice, and the file is still there.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	const rows = 150
	s := h.serve("--rate", "200")
	b := s.browser()
	page, _ := b.upload("parcels.csv", pageManifest(rows))
	b.post(page+"/choices", url.Values{"status": {"set:sent"}})
	old, cookies := s.address, b.Jar
	for range 3 {
		b.start(page)
		before := len(h.api.Requests())
		for len(h.api.Requests()) < before+20 {
			time.Sleep(2 * time.Millisecond) // the other process's time is the real one
		}
		s.kill()
		s = h.serve("--rate", "200", "--listen", strings.TrimPrefix(s.base, "http://"))
		h.refusedNow(s, old, cookies)
		b = s.browser()
		if text := b.get("/"); !strings.Contains(text, "cut off in the middle") {
			t.Fatalf("the file is shown as %s", text)
		}
	}
	b.start(page)
	b.until(page, "What became of the rows")
	sent := map[string]int{}
	for _, r := range h.api.Requests() {
		sent[r.Form]++
		if sent[r.Form] > 1 {
			t.Errorf("%s was sent twice", r.Form)
		}
	}
	records, err := csv.NewReader(strings.NewReader(b.get(page + "/get/csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	outcome, form := slices.Index(records[0], "outcome"), slices.Index(records[0], "sent")
	done := 0
	for _, r := range records[1:] {
		switch r[outcome] {
		case "confirmed":
			done++
			if sent[r[form]] != 1 {
				t.Errorf("%q is called confirmed and was never sent", r)
			}
		case "unknown": // killed between the note in the journal and the reply
			done++
		}
	}
	if done != rows {
		t.Errorf("%d rows are confirmed or unknown, not %d", done, rows)
	}
}

// refusedNow knocks with what was good for the server before this one.
func (h *pageHouse) refusedNow(s *pageServer, old string, cookies http.CookieJar) {
	h.t.Helper()
	client := http.Client{Jar: cookies}
	for _, address := range []string{old, s.base + "/"} {
		reply, err := client.Get(address)
		if err != nil {
			h.t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusForbidden {
			h.t.Errorf("%s: %d", address, reply.StatusCode)
		}
	}
}

// TestServePause pauses and stops a run in one browser and watches in another.
func TestServePause(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	s := h.serve("--rate", "40")
	first, second := s.browser(), s.browser()
	page, _ := first.upload("parcels.csv", pageManifest(90))
	first.post(page+"/choices", url.Values{"status": {"set:sent"}})
	first.start(page)
	run := url.Values{"upload": {strings.TrimPrefix(page, "/f/")}}
	for len(h.api.Requests()) < 5 {
		time.Sleep(2 * time.Millisecond) // the other process's time is the real one
	}
	second.post("/run/pause", run)
	first.until(page, "paused: nothing is started until you resume")
	time.Sleep(300 * time.Millisecond) // what was in flight comes to its end
	paused := len(h.api.Requests())
	time.Sleep(time.Second)
	if n := len(h.api.Requests()); n != paused {
		t.Errorf("%d requests during the pause", n-paused)
	}
	if text := second.get("/history"); !strings.Contains(text, "parcels.csv") {
		t.Errorf("the history during a run is %s", text)
	}
	_, text := second.upload("second.csv", pageManifest(3))
	if !strings.Contains(text, "Another run is going on") || strings.Contains(text, `name="count"`) {
		t.Errorf("another file during a run is shown as %s", text)
	}
	first.post("/run/resume", run)
	resumed := time.Now()
	for len(h.api.Requests()) < paused+20 && time.Since(resumed) < 20*time.Second {
		time.Sleep(2 * time.Millisecond)
	}
	if took := time.Since(resumed); took < 400*time.Millisecond {
		t.Errorf("20 updates went in %v after the pause: the pace was not kept", took)
	}
	if code, _ := second.post(page+"/start", url.Values{"count": {"91"}, "typed": {"91"}, "seen": {"yes"}}); code != http.StatusConflict {
		t.Errorf("a second start: %d", code)
	}
	if code, _ := second.post(page+"/remove", nil); code != http.StatusConflict {
		t.Errorf("removing a file in work: %d", code)
	}
	second.post("/run/pause", run)
	first.until(page, "paused: nothing is started until you resume")
	second.post("/run/stop", run)
	text = first.until(page, "What became of the rows")
	if !strings.Contains(text, "interrupted") {
		t.Errorf("the result is %s", text)
	}
	first.start(page)
	first.until(page, "90 of 93 rows are confirmed")
	s.cmd.Process.Signal(os.Interrupt)
	s.ended = true
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("ended with %v: %s", err, &s.errors)
	}
}

// TestServeSettle settles what a page left in doubt.
func TestServeSettle(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "drop=0.3")
	b := h.serve("--max-failures", "100%", "--set", "status=sent").browser()
	page, _ := b.upload("parcels.csv", pageManifest(40)) // read as the flags say
	b.start(page)
	b.until(page, "settle them")
	if code, _ := b.post(page+"/remove", nil); code != http.StatusConflict {
		t.Errorf("a file with rows in doubt was removed: %d", code)
	}
	keys := regexp.MustCompile(`name="update" value="([^"]+)"`).FindAllStringSubmatch(b.get("/settle"), -1)
	if len(keys) < 2 {
		t.Fatal("nothing is in doubt")
	}
	b.post("/settle", url.Values{"way": {"read"}, "update": {keys[0][1]}})
	if text := b.until("/settle", "Still open"); !strings.Contains(text, "cannot be read back") {
		t.Errorf("reading back a delivery: %s", text)
	}
	b.post("/settle", url.Values{"way": {"confirm"}, "update": {keys[0][1]}, "reason": {"shown as sent, Anna"}})
	b.until("/settle", "shown as sent, Anna")
	if code, _ := b.post("/settle", url.Values{"way": {"unsent"}, "update": {keys[0][1]}, "reason": {"no"}}); code != http.StatusConflict {
		t.Errorf("settled twice: %d", code)
	}
	for _, k := range keys[1:] {
		b.post("/settle", url.Values{"way": {"confirm"}, "update": {k[1]}, "reason": {"seen"}})
		b.until("/settle", "Settled")
	}
	if text := b.get("/settle"); !strings.Contains(text, "Nothing is left to settle") {
		t.Errorf("%s", text)
	}
	if code, _ := b.post(page+"/remove", nil); code != http.StatusOK {
		t.Errorf("removing a settled file: %d", code)
	}
}

// TestServeFiles looks at what lies beside the journal.
func TestServeFiles(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	s := h.serve()
	b := s.browser()
	b.upload("parcels.csv", pageManifest(3))
	err := filepath.Walk(h.folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && runtime.GOOS != "windows" && path != h.folder && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	second := h.command("serve")
	text, err := second.Output()
	if err != nil || !strings.Contains(string(text), s.address) {
		t.Errorf("a second server: %v %s", err, text)
	}
	for _, listen := range []string{"0.0.0.0:0", "192.168.0.1:80", ":8080", "[::]:0", "example.com:80"} {
		cmd := h.command("serve", "--listen", listen)
		cmd.Env = append(cmd.Env, "BILLMARK_JOURNAL="+filepath.Join(t.TempDir(), "j"))
		if text, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage {
			t.Errorf("--listen %s: %s", listen, text)
		}
	}
}

// TestServeEnter enters login and key on the page.
func TestServeEnter(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	h.env = []string{"BILLMARK_ACCOUNT=", "BILLMARK_KEY="}
	b := h.serve().browser()
	if text := b.get("/"); !strings.Contains(text, `type="password"`) {
		t.Fatalf("nobody asks for the key: %s", text)
	}
	if code, _ := b.post("/account", url.Values{"login": {"no such/login"}, "key": {pageKey}}); code != http.StatusConflict {
		t.Errorf("a wrong login: %d", code)
	}
	if code, text := b.post("/account", url.Values{"login": {"shop7"}, "key": {pageKey}}); code != http.StatusOK || !strings.Contains(text, "Account shop7") {
		t.Fatalf("entering: %d %s", code, text)
	}
	page, _ := b.upload("parcels.csv", pageManifest(3))
	b.post(page+"/choices", url.Values{"status": {"set:sent"}, "first": {"2"}})
	text := b.get(page)
	if !strings.Contains(text, "2 updates") {
		t.Fatalf("a trial of two: %s", text)
	}
}

// TestServeKnock speaks to the real server over raw connections, as a browser
// that was let in but is misled by a name, or as no browser at all.
func TestServeKnock(t *testing.T) {
	t.Parallel()
	h := newPageHouse(t, "")
	s := h.serve()
	b := s.browser()
	page, _ := b.upload("parcels.csv", pageManifest(3))
	b.post(page+"/choices", url.Values{"status": {"set:sent"}})
	address, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	cookie := b.Jar.Cookies(address)[0]
	host, port := address.Host, address.Port()
	for _, lines := range []string{
		"", "Host:", "Host: evil.example", "Host: evil.example:" + port, "Host: localhost", "Host: 127.0.0.1", "Host: 127.0.0.2:" + port,
		"Host: [::1]:" + port, "Host: 0.0.0.0:" + port, "Host: " + host + ".evil.example", "Host: " + host + " ,evil.example",
		"Host: " + host + "\r\nHost: evil.example", "Host: evil.example\r\nHost: " + host, "Host : " + host, "X-Forwarded-Host: " + host,
		"Host: evil.example\r\nX-Forwarded-Host: " + host, "Host: evil.example\r\nForwarded: host=" + host,
	} {
		for _, first := range []string{"POST " + page + "/start HTTP/1.1", "POST " + page + "/start HTTP/1.0", "POST http://evil.example" + page + "/start HTTP/1.1"} {
			body := "count=4&seen=yes"
			text := fmt.Sprintf("%s\r\n%s\r\nOrigin: %s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
				first, lines, s.base, cookie, len(body), body)
			text = strings.Replace(text, "\r\n\r\nOrigin", "\r\nOrigin", 1)
			if reply := knock(t, host, text); !strings.Contains(reply, " 421 ") && !strings.Contains(reply, " 400 ") {
				t.Errorf("%s, %q: %.100s", first, lines, reply)
			}
		}
	}
	if n := len(h.api.Requests()); n > 0 || !strings.Contains(b.get("/"), "not started") {
		t.Errorf("something was started: %d requests", n)
	}
}

// knock sends bytes and gives what comes back.
func knock(t *testing.T, address, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	reply, _ := io.ReadAll(c) // it may be cut off: what came counts
	return string(reply)
}
