package main

import (
	"bufio"
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

// TestRetryBudget: a service that refuses every second request is not asked
// twice for every update. What it refused when the budget was used up is
// unsent, the summary says what helps, and the same command sends it.
func TestRetryBudget(t *testing.T) {
	const rows = 400
	s := newShop(t, 0)
	var requests atomic.Int64
	var kind atomic.Bool
	s.url = "http://" + sayingTo(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		if requests.Add(1)%2 == 0 && !kind.Load() {
			io.WriteString(c, http11("429 Too Many Requests", "", "Connection: close"))
			return
		}
		io.WriteString(c, http11("200 OK", yes, "Connection: close"))
	}) + "/api/"
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

// shy is a listener that for a while takes connections and closes them, as what
// stands before a service does while that is away.
type shy struct {
	net.Listener
	closing atomic.Bool
	closed  atomic.Int64
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

// TestTakenAndClosed: while all connections are taken and closed the run waits,
// and says so; no row fails for it, however few attempts it has.
func TestTakenAndClosed(t *testing.T) {
	const rows, away = 60, time.Second
	s := newShop(t, 0)
	roots := filepath.Join(s.folder, "roots.pem")
	config := ownCertificate(t, roots)
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &shy{Listener: raw}
	var requests atomic.Int64
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if requests.Add(1) == rows/2 {
			l.closing.Store(true)
			time.AfterFunc(away, func() { l.closing.Store(false) })
		}
		io.WriteString(w, yes)
	})}
	t.Cleanup(func() { server.Close() })
	go server.Serve(tls.NewListener(l, config))
	s.url = "https://" + raw.Addr().String() + "/api/"
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
	if !strings.Contains(text, "the network") {
		t.Errorf("it was not said what is waited for:\n%s", text)
	}
}
