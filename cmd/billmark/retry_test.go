package main

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What a server that ends every connection says.
var (
	lastYes = lastly(yes)
	tooMany = http11("429 Too Many Requests", "", "Connection: close")
)

func lastly(body string) string { return http11("200 OK", body, "Connection: close") }

// answeringWith is answeringBy with what is said of some orders; of all others it
// is yes.
func answeringWith(t *testing.T, replies map[string]string) string {
	t.Helper()
	return answeringBy(t, func(bill string) string { return cmp.Or(replies[bill], lastYes) })
}

// answeringBy is the API of a server that answers each update with what reply
// gives for its order, one after another.
func answeringBy(t *testing.T, reply func(bill string) string) string {
	t.Helper()
	return "http://" + sayingTo(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		body, _ := io.ReadAll(r.Body)
		bill, _, _ := strings.Cut(strings.TrimPrefix(string(body), "bill_id="), "&")
		io.WriteString(c, reply(bill))
	}) + "/api/"
}

// TestRetryBudget: a service that refuses every second request is not asked
// twice for every update. What it refused when the budget was used up is
// unsent, the summary says what helps, and the same command sends it.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	const rows = 400
	s := newShop(t, 0)
	var requests atomic.Int64
	var kind atomic.Bool
	s.url = answeringBy(t, func(string) string {
		if requests.Add(1)%2 == 0 && !kind.Load() {
			return tooMany
		}
		return lastYes
	})
	payments(t, s.folder, rows)
	manifest, reported := filepath.Join(s.folder, "payments.csv"), filepath.Join(s.folder, "r.jsonl")
	args := s.args("run", "--workers", "16", "--report", reported, manifest)
	code, out, text := s.here(nil, args...)
	counts := map[string]int{}
	attempts := 0
	for i, r := range readLines(t, reported) {
		counts[r.Outcome]++
		attempts += r.Attempts
		if r.Attempts < 1 || r.Attempts > 3 || r.Outcome == "unsent" && !strings.Contains(r.Message, "asked to slow down") {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	confirmed, unsent := counts["confirmed"], counts["unsent"]
	if code != exitFailures || unsent == 0 || confirmed+unsent != rows || !strings.Contains(out, "a lower --rate helps") {
		t.Errorf("exit code %d, %v:\n%s%s", code, counts, out, text)
	}
	if n := int(requests.Load()); n != attempts || n-rows > 100+confirmed/10 {
		t.Errorf("%d requests came for %d rows, the report says %d; %v", n, rows, attempts, counts)
	}
	kind.Store(true)
	before := int(requests.Load())
	if code, out, text := s.here(nil, args...); code != exitDone || int(requests.Load())-before != unsent || strings.Contains(out, "--rate") {
		t.Errorf("again: exit code %d, %d requests for %d rows:\n%s%s", code, int(requests.Load())-before, unsent, out, text)
	}
}

// TestNextAfterRefusals: who follows what the summary says comes to the end:
// what is left of the file is named beside what is to be mended, at half the
// pace.
func TestNextAfterRefusals(t *testing.T) {
	t.Parallel()
	for rate, half := range map[string]string{"50/s": "25/s", "5/s": "2.5/s", "60/m": "30/m", "1/s": "30/m", "3000/m": "25/s", "0": ""} {
		s := newShop(t, 0)
		s.url = answeringWith(t, map[string]string{"100000": lastly(said("200", "no")), "100001": tooMany})
		payments(t, s.folder, 2)
		manifest := filepath.Join(s.folder, "payments.csv")
		_, out, text := s.here(nil, s.args("run", "--attempts", "1", "--rate", rate, manifest)...)
		again, words := "1 update still to be sent: billmark run", "1 update unsent: a lower --rate helps"
		if half != "" {
			words = "1 update unsent: give it a while, and then half the pace"
		}
		at := strings.Index(out, again)
		if at < 0 || !strings.Contains(out, words) || !strings.Contains(out, "Next        mend "+s.folder) {
			t.Errorf("%s:\n%s%s", rate, out, text)
			continue
		}
		line, _, _ := strings.Cut(out[at:], "\n")
		if !strings.HasSuffix(line, manifest) || half != "" && (!strings.Contains(line, " --rate "+half+" ") || strings.Count(line, "--rate") != 1) {
			t.Errorf("%s: %s", rate, line)
		}
	}
}

// TestPaceKept: what the API refused in an earlier run is no reason to go slower
// than this one went.
func TestPaceKept(t *testing.T) {
	t.Parallel()
	s := newShop(t, 0)
	s.url = answeringWith(t, map[string]string{"100000": lastly(said("7", "disabled")), "100005": tooMany})
	manifest := filepath.Join(s.folder, "m.csv")
	write(t, manifest, "bill_id,status,date\n100004,cancel,\n100005,cancel,\n")
	if _, out, text := s.here(nil, s.args("run", "--attempts", "1", "--rate", "50", manifest)...); !strings.Contains(out, "--rate 25/s") {
		t.Errorf("refused:\n%s%s", out, text)
	}
	write(t, manifest, "bill_id,status,date\n100000,cancel,\n100004,cancel,\n100005,cancel,\n")
	code, out, text := s.here(nil, s.args("run", "--attempts", "1", "--rate", "50", manifest)...)
	if code != exitStopped || !strings.Contains(out, "--rate 50/s ") || strings.Contains(out, "slow down") {
		t.Errorf("stopped for another reason: exit code %d\n%s%s", code, out, text)
	}
}

// shy is a listener that for a while takes connections and closes them, as what
// stands before a service does while that is away.
type shy struct {
	net.Listener
	closing atomic.Bool
	closed  atomic.Int64
	open    atomic.Int64 // connections that the server has to do with
}

func (l *shy) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.closing.Load() {
			return c, err
		}
		l.closed.Add(1)
		c.Close()
	}
}

// shyServer serves over TLS, with a listener that can be shy.
func shyServer(t *testing.T, s *shop, handle http.HandlerFunc) (l *shy, roots string) {
	t.Helper()
	roots = filepath.Join(s.folder, "roots.pem")
	config := ownCertificate(t, roots)
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l = &shy{Listener: raw}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: handle, ConnState: func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			l.open.Add(1)
		case http.StateClosed:
			l.open.Add(-1)
		}
	}}
	t.Cleanup(func() { server.Close() })
	go server.Serve(tls.NewListener(l, config))
	s.url = "https://" + raw.Addr().String() + "/api/"
	return l, roots
}

// TestTakenAndClosed: while all connections are taken and closed the run waits,
// and says so; no row fails for it, however few attempts it has.
func TestTakenAndClosed(t *testing.T) {
	t.Parallel()
	const rows, away = 60, 3 * time.Second
	s := newShop(t, 0)
	var requests atomic.Int64
	var l *shy
	l, roots := shyServer(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if requests.Add(1) == rows/2 {
			l.closing.Store(true)
			time.AfterFunc(away, func() { l.closing.Store(false) })
		}
		io.WriteString(w, yes)
	})
	payments(t, s.folder, rows)
	start := time.Now()
	code, out, text := s.here(nil, s.args("run", "--ca-file", roots, "--rate", "100", "--attempts", "1", filepath.Join(s.folder, "payments.csv"))...)
	if code != exitDone || requests.Load() != rows {
		t.Errorf("exit code %d, %d requests:\n%s%s", code, requests.Load(), out, text)
	}
	if took := time.Since(start); took < away {
		t.Errorf("it took %v", took)
	}
	if n := l.closed.Load(); n == 0 || n > 8+20 { // each worker's, and the probes
		t.Errorf("%d connections were closed", n)
	}
	if strings.Count(text, "waiting for the network: ") != 1 || strings.Count(text, "going on") != 1 {
		t.Errorf("what is waited for is to be said once:\n%s", text)
	}
}

// TestResendUnreached: an update that a killed run had begun, and that cannot
// be sent again as the API is not there, is as unknown as it was.
func TestResendUnreached(t *testing.T) {
	t.Parallel()
	s := newShop(t, 0)
	came, done := make(chan bool, 10), make(chan bool)
	l, roots := shyServer(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		came <- true
		select {
		case <-done:
		case <-r.Context().Done():
			return
		}
		io.WriteString(w, yes)
	})
	manifest := filepath.Join(s.folder, "m.csv")
	write(t, manifest, "bill_id,status,date,rpo\n100,sent,1362254400,RA1\n")
	run := s.args("run", "--ca-file", roots, manifest)
	c := s.start(run...)
	<-came
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	close(done)
	resend := s.args("settle", "--ca-file", roots, "--yes", "--resend")
	l.closing.Store(true)
	if code, out, text := s.here(nil, resend...); code != exitStopped || strings.Contains(out+text, "is unsent") {
		t.Errorf("sent again to nobody: exit code %d:\n%s%s", code, out, text)
	}
	l.closing.Store(false)
	if code, out, text := s.here(nil, run...); code != exitDoubts || len(came) > 0 {
		t.Errorf("the same command: exit code %d, %d requests:\n%s%s", code, len(came), out, text)
	}
	if code, out, text := s.here(nil, resend...); code != exitDone || len(came) != 1 {
		t.Errorf("sent again: exit code %d, %d requests:\n%s%s", code, len(came), out, text)
	}
}

// within waits for something that must come soon.
func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
