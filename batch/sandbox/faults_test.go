package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	for _, test := range []struct {
		list string
		want map[string]float64
	}{
		{"", map[string]float64{}},
		{"500=0.01,drop=0.02", map[string]float64{"500": 0.01, "drop": 0.02}},
		{" 500=1%, drop=2.5% ", map[string]float64{"500": 0.01, "drop": 0.025}},
		{"slow=100%", map[string]float64{"slow": 1}},
		{"cut=0,reset=1", map[string]float64{"cut": 0, "reset": 1}},
		{"500=0.1,502=0.1,503=0.1,429=0.1,drop=0.1,refuse=0.1,slow=0.1,badhash=0.1,html=0.1,cut=0.05,reset=0.05", map[string]float64{
			"500": .1, "502": .1, "503": .1, "429": .1, "drop": .1, "refuse": .1, "slow": .1, "badhash": .1, "html": .1, "cut": .05, "reset": .05,
		}},
	} {
		got, err := ParseFaults(test.list)
		if err != nil || len(got) != len(test.want) {
			t.Errorf("%q: got %v, %v", test.list, got, err)
		}
		for kind, share := range test.want {
			if math.Abs(got[kind]-share) > 1e-12 {
				t.Errorf("%q: %s is %v, want %v", test.list, kind, got[kind], share)
			}
		}
	}
}

func TestParseFaultsRefused(t *testing.T) {
	for list, want := range map[string]string{
		"teapot=0.1":        `"teapot" is no kind of fault; there are 500, 502, 503, 429, drop, refuse, slow, badhash, html, cut, reset`,
		"drop":              `"drop" is not like drop=0.01 or drop=1%`,
		"drop=":             `the share "" of drop is no number`,
		"drop=few":          `the share "few" of drop is no number`,
		"drop=1.5":          "the share of drop is not between 0 and 1 (100%)",
		"drop=101%":         "the share of drop is not between 0 and 1 (100%)",
		"drop=-1%":          "the share of drop is not between 0 and 1 (100%)",
		"drop=NaN":          "the share of drop is not between 0 and 1 (100%)",
		"drop=0.6,cut=0.6":  "the shares add up to 1.2, which is more than 1 (100%)",
		"drop=0.1,drop=0.1": `"drop" stands twice`,
	} {
		if _, err := ParseFaults(list); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%q: got %v, want %s", list, err, want)
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	f.Add("500=0.01,drop=2%")
	f.Fuzz(func(t *testing.T, list string) {
		shares, err := ParseFaults(list)
		if err == nil {
			New(Config{Faults: shares}) // must not panic
		}
	})
}

func TestNewPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown fault is taken")
		}
	}()
	New(Config{Faults: map[string]float64{"teapot": 1}})
}

// story is the faults that n requests met, one after the other.
func story(t *testing.T, seed uint64, n int) []string {
	s := New(Config{Account: account(t), Seed: seed, Keep: true, Faults: map[string]float64{
		"500": 0.1, "429": 0.1, "html": 0.1, "badhash": 0.1, "slow": 0.1,
	}})
	s.sleep = func(time.Duration, <-chan struct{}) {}
	body := signed(t, "bill_id=1&status=cancel")
	for range n {
		ask(s, update, body)
	}
	var list []string
	for _, r := range s.Requests() {
		list = append(list, fmt.Sprint(r.Fault, r.Applied))
	}
	return list
}

func TestSeed(t *testing.T) {
	one := story(t, 1, 300)
	if !slices.Equal(one, story(t, 1, 300)) {
		t.Error("the same seed tells another story")
	}
	if slices.Equal(one, story(t, 2, 300)) {
		t.Error("another seed tells the same story")
	}
}

// TestShares: every kind gets its share, and half of the 500s were applied.
func TestShares(t *testing.T) {
	counts := make(map[string]int)
	const n = 20000
	for _, line := range story(t, 7, n) {
		counts[line]++
	}
	for line, want := range map[string]float64{
		"500true": .05, "500false": .05, "429false": .1, "htmlfalse": .1, "badhashtrue": .1, "slowtrue": .1, "true": .5,
	} {
		if got := float64(counts[line]) / n; math.Abs(got-want) > 0.01 {
			t.Errorf("%s: got %.3f, want %.3f", line, got, want)
		}
	}
	if len(counts) != 7 {
		t.Errorf("got %v", counts)
	}
}

// exchange posts to a sandbox over a connection and gives the reply's status
// and body, or what went wrong.
func exchange(t *testing.T, conn net.Conn, body string) (*http.Response, string, error) {
	t.Helper()
	fmt.Fprintf(conn, "POST /api/UpdateOrderStatus HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r, string(b), err
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// TestFaults shows each fault as it looks from outside, and what it did.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		kind    string
		status  int
		err     error
		applied int // of 40; -1 for some but not all
	}{
		{"500", 500, nil, -1},
		{"502", 502, nil, -1},
		{"503", 503, nil, 0},
		{"429", 429, nil, 0},
		{"html", 200, nil, 0},
		{"drop", 0, io.ErrUnexpectedEOF, 40},
		{"reset", 0, syscall.ECONNRESET, 40},
		{"cut", 200, io.ErrUnexpectedEOF, 40},
		{"badhash", 200, nil, 40},
		{"slow", 200, nil, 40},
	} {
		t.Run(test.kind, func(t *testing.T) {
			s := New(Config{Account: account(t), Keep: true, Faults: map[string]float64{test.kind: 1}, Slow: time.Millisecond})
			address := listen(t, s)
			for range 40 {
				r, body, err := exchange(t, dial(t, address), signed(t, sent))
				if !errors.Is(err, test.err) || (test.err == nil) != (err == nil) || (r == nil) != (test.status == 0) {
					t.Fatalf("got %v %q, %v", r, body, err)
				}
				if r != nil {
					checkFault(t, test.kind, test.status, r, body)
				}
			}
			n := s.Counts()
			if n.Requests != 40 || n.Faults[test.kind] != 40 || n.Applied != len(s.Applied("100000")) {
				t.Errorf("counted %+v", n)
			}
			if test.applied < 0 && (n.Applied == 0 || n.Applied == 40) || test.applied >= 0 && n.Applied != test.applied {
				t.Errorf("%d applied, want %d", n.Applied, test.applied)
			}
			if got := s.Requests()[0]; got.Status != test.status || got.Form != sent || (got.Code == "") == got.Applied {
				t.Errorf("on record: %+v", got)
			}
		})
	}
}

func checkFault(t *testing.T, kind string, status int, r *http.Response, body string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("status %d, want %d", r.StatusCode, status)
	}
	if got := r.Header.Get("Retry-After"); (got == "1") != (kind == "429") {
		t.Errorf("Retry-After: %q", got)
	}
	_, err := account(t).Verify([]byte(body))
	whole := strings.HasSuffix(body, `"}`)
	page := strings.HasPrefix(body, "<!DOCTYPE html>")
	if (err == nil) != (kind == "slow") || whole != (kind == "slow" || kind == "badhash") || page == (whole || kind == "cut") {
		t.Errorf("the body is %q: %v", body, err)
	}
}

// TestSlow: the reply is late, but what it tells of has happened; and a client
// that goes away is not waited for.
func TestSlow(t *testing.T) {
	s := New(Config{Account: account(t), Keep: true, Faults: map[string]float64{"slow": 1}})
	if s.cfg.Slow != DefaultSlow {
		t.Errorf("slow is %v", s.cfg.Slow)
	}
	asleep, gone := make(chan time.Duration), make(chan bool)
	s.sleep = func(d time.Duration, stop <-chan struct{}) {
		asleep <- d
		<-stop
		close(gone)
	}
	conn := dial(t, listen(t, s))
	io.WriteString(conn, "POST /api/UpdateOrderStatus HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+
		fmt.Sprint(len(signed(t, sent)))+"\r\n\r\n"+signed(t, sent))
	if d := <-asleep; d != DefaultSlow {
		t.Errorf("it waits for %v", d)
	}
	if len(s.Applied("100000")) != 1 {
		t.Error("it is not applied")
	}
	conn.Close()
	<-gone
}

// TestRefuse: a refused connection ends before a byte was read, at once for
// its first request and with the next one on a kept connection; no refused
// request is applied, and the others are.
func TestRefuse(t *testing.T) {
	s := New(Config{Account: account(t), Keep: true, Seed: 3, Faults: map[string]float64{"refuse": 0.3}})
	address := listen(t, s)
	good, kept, fresh := 0, 0, 0
	for range 100 {
		conn := dial(t, address)
		for i := range 3 {
			if _, _, err := exchange(t, conn, signed(t, sent)); err == nil {
				good++
				continue
			}
			if i > 0 {
				kept++
			} else {
				fresh++
			}
			break
		}
		conn.Close()
	}
	n := s.Counts()
	if n.Applied != good || n.Faults["refuse"] != kept+fresh || n.Requests != good+kept+fresh {
		t.Errorf("%d good, %d and %d refused; counted %+v", good, kept, fresh, n)
	}
	if fresh < 15 || fresh > 45 || kept < 20 || kept > 60 {
		t.Errorf("%d of 100 first requests were refused, and %d later ones", fresh, kept)
	}
}

// TestResetBehindTheGate: the TCP connection is found under what refuses.
func TestResetBehindTheGate(t *testing.T) {
	s := New(Config{Account: account(t), Faults: map[string]float64{"reset": 1 - 1e-9, "refuse": 1e-9}})
	_, _, err := exchange(t, dial(t, listen(t, s)), signed(t, sent))
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestListenerIsLeftAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if New(Config{Account: account(t)}).Listener(l) != l {
		t.Error("it is wrapped for nothing")
	}
}

// TestHalfARequest: a request that does not arrive as a whole changes nothing.
func TestHalfARequest(t *testing.T) {
	s := New(Config{Account: account(t), Keep: true})
	address := listen(t, s)
	conn := dial(t, address)
	fmt.Fprintf(conn, "POST /api/UpdateOrderStatus HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(signed(t, sent))+1, signed(t, sent))
	conn.(*net.TCPConn).CloseWrite()
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		t.Error("it was answered")
	}
	if n := s.Counts(); n.Requests != 1 || n.Applied != 0 || s.Requests()[0].Verdict == "" {
		t.Errorf("counted %+v: %+v", n, s.Requests())
	}
}

// TestServeEnds with its context, requests or not.
func TestServeEnds(t *testing.T) {
	s := New(Config{Account: account(t), Log: brokenLog{}, Faults: map[string]float64{"slow": 1}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	asleep := make(chan bool)
	s.sleep = func(_ time.Duration, stop <-chan struct{}) {
		close(asleep)
		<-stop
	}
	served := make(chan error)
	go func() { served <- Serve(ctx, l, s) }()
	conn := dial(t, l.Addr().String())
	go func() { <-asleep; cancel() }()
	if _, _, err := exchange(t, conn, signed(t, sent)); err != nil {
		t.Errorf("the request in hand was cut off: %v", err)
	}
	if err := <-served; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want the log's failure", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

func TestServeFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := Serve(context.Background(), l, New(Config{Account: account(t)})); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
