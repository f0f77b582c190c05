package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"billmark/batch"
)

// unreached is a way in which no connection comes about, so that surely
// nothing was sent.
type unreached struct {
	name  string
	serve func(t *testing.T, s *shop) (api string, more []string)
	words string
}

// forger is a server that would say yes to everything.
func forger(t *testing.T, asked *atomic.Int64) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, yes)
	}))
	server.Config.ErrorLog = log.New(discard{}, "", 0)
	t.Cleanup(server.Close)
	return server
}

// sayingTo listens and says a few words to everybody.
func sayingTo(t *testing.T, say func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			say(c)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestUnreached: a server that cannot be reached or does not prove who it is
// gets nothing; the rows are unsent in report and journal, the run stops, and
// the same command goes on when all is well.
func TestUnreached(t *testing.T) {
	var asked atomic.Int64
	secure := func(change func(*tls.Config), trusted bool, host string) func(*testing.T, *shop) (string, []string) {
		return func(t *testing.T, s *shop) (string, []string) {
			roots := filepath.Join(s.folder, "roots.pem")
			server := forger(t, &asked)
			server.TLS = ownCertificate(t, roots)
			if !trusted {
				ownCertificate(t, roots) // another of the same name
			}
			if change != nil {
				change(server.TLS)
			}
			server.StartTLS()
			return strings.Replace(server.URL, "127.0.0.1", host, 1), []string{"--ca-file", roots}
		}
	}
	says := func(scheme string, say func(net.Conn), more ...string) func(*testing.T, *shop) (string, []string) {
		return func(t *testing.T, _ *shop) (string, []string) { return scheme + "://" + sayingTo(t, say), more }
	}
	proxied := func(answer string) func(*testing.T, *shop) (string, []string) {
		return func(t *testing.T, _ *shop) (string, []string) {
			return "https://127.0.0.1:1", []string{"--proxy", "http://" + sayingTo(t, func(c net.Conn) {
				http.ReadRequest(bufio.NewReader(c))
				io.WriteString(c, answer)
			})}
		}
	}
	const unconnected, unproved = "no connection could be made", "did not prove that it is the API"
	list := []unreached{
		{"refused", func(t *testing.T, _ *shop) (string, []string) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l.Close()
			return "http://" + l.Addr().String(), nil
		}, unconnected},
		{"self-signed, right name", secure(nil, false, "127.0.0.1"), unproved},
		{"wrong name", secure(nil, true, "localhost"), unproved},
		{"TLS 1.1", secure(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, true, "127.0.0.1"), unproved},
		{"another protocol", secure(func(c *tls.Config) { c.NextProtos = []string{"acme-tls/1"} }, true, "127.0.0.1"), unproved},
		{"plain HTTP where TLS is due", says("https", func(c net.Conn) { io.WriteString(c, answers(yes)) }), unproved},
		{"closed in the handshake", says("https", func(net.Conn) {}), unconnected},
		{"reset in the handshake", says("https", func(c net.Conn) {
			c.Read(make([]byte, 10))
			c.(*net.TCPConn).SetLinger(0)
		}), unconnected},
		{"silent in the handshake", says("https", func(c net.Conn) { io.Copy(io.Discard, c) }, "--timeout", "300ms"), unconnected},
		{"the proxy says no", proxied("HTTP/1.1 403 Forbidden\r\n\r\n"), unconnected},
		{"the proxy wants a login", proxied("HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\n\r\n"), unconnected},
		{"the proxy sends elsewhere", proxied("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), unconnected},
		{"the proxy says yes, and more", proxied("HTTP/1.1 200 OK\r\n\r\n" + answers(yes)), unconnected},
	}
	for _, u := range list {
		t.Run(u.name, func(t *testing.T) {
			s := newShop(t, 0)
			api, more := u.serve(t, s)
			well := s.url
			s.url = api + "/api/"
			payments(t, s.folder, 3)
			manifest, reported := filepath.Join(s.folder, "payments.csv"), filepath.Join(s.folder, "r.jsonl")
			args := s.args("run", append([]string{"--attempts", "1", "--report", reported}, append(more, manifest)...)...)
			code, _, text := s.here(nil, args...)
			if code != exitStopped {
				t.Errorf("exit code %d:\n%s", code, text)
			}
			report := readLines(t, reported)
			for i, r := range report {
				if r.Outcome != "unsent" || r.Result != "failure" || r.Attempts != 0 || r.Sent != "" {
					t.Errorf("row %d: %+v", i, r)
				}
			}
			if m := report[0].Message; !strings.Contains(m, u.words) || !strings.HasSuffix(m, "; nothing was sent") {
				t.Errorf("the first row's message is %q; want %q", m, u.words)
			}
			for _, k := range s.records() {
				if k.Outcome.Class != batch.Unsent || k.Outcome.Attempts != 0 {
					t.Errorf("the journal has %+v", k.Outcome)
				}
			}
			if asked.Load() != 0 {
				t.Fatal("the forger was asked")
			}
			s.url, s.journal = well, s.journal+"2"
			if code, _, text := s.here(nil, s.args("run", manifest)...); code != exitDone || s.updates() != 3 {
				t.Errorf("when all is well: exit code %d, %d updates:\n%s", code, s.updates(), text)
			}
		})
	}
}

// TestWireBetweenRows is what can happen to a connection that rests between two
// updates: it is seen before the next one is written, which then takes another
// connection. A reply that nobody asked for is never taken for one.
func TestWireBetweenRows(t *testing.T) {
	for name, rest := range map[string]func(c *oddConn){
		"closed":       func(c *oddConn) { c.Close(); c.tcp.Close() },
		"reset":        func(c *oddConn) { resetConn(c) },
		"half closed":  func(c *oddConn) { c.tcp.CloseWrite() },
		"a second yes": func(c *oddConn) { io.WriteString(c, answers(yes)) },
		"408":          func(c *oddConn) { io.WriteString(c, http11("408 Request Timeout", "", "Connection: close")) },
		"a byte":       func(c *oddConn) { io.WriteString(c, "x") },
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,tls=%v", name, secure), func(t *testing.T) {
				t.Parallel()
				restRun(t, secure, rest)
			})
		}
	}
}

func restRun(t *testing.T, secure bool, rest func(*oddConn)) {
	t.Helper()
	s := newShop(t, 0)
	var more []string
	var config *tls.Config
	if secure {
		roots := filepath.Join(s.folder, "roots.pem")
		config, more = ownCertificate(t, roots), []string{"--ca-file", roots}
	}
	const rows = 6
	server := newOddServer(t, config, func(bill string) *oddReply {
		reply := yes
		if bill[len(bill)-1]%2 == 1 {
			reply = said("200", "no such order") // which a yes to the row before must not become
		}
		return &oddReply{play: func(c net.Conn) {
			io.WriteString(c, answers(reply))
			time.Sleep(2 * time.Millisecond) // the next request is not due for 47
			rest(c.(*oddConn))
			time.Sleep(2 * time.Millisecond)
		}}
	})
	s.url = server.url()
	payments(t, s.folder, rows)
	manifest, reported := filepath.Join(s.folder, "payments.csv"), filepath.Join(s.folder, "r.jsonl")
	args := s.args("run", append(more, "--rate", "21/s", "--workers", "1", "--report", reported, "--max-failures", "100%", manifest)...)
	if code, _, text := s.here(nil, args...); code != exitFailures {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	for i, r := range readLines(t, reported) {
		want := []string{"confirmed", "rejected"}[i%2]
		if bill := fmt.Sprint(100_000 + i); r.Outcome != want || r.Attempts != 1 || server.forms[bill] != 1 {
			t.Errorf("row %d: %+v; want %s; it came %d times", i, r, want, server.forms[bill])
		}
	}
}

// TestReplyBeforeRequest: a server that answers before it has read the request,
// and then breaks the connection. Whether the answer gets through is the
// network's affair; nothing is sent a second time because of it, unless it was
// a 429.
func TestReplyBeforeRequest(t *testing.T) {
	replies := []struct{ text, outcome string }{
		{answers(yes), "confirmed"},
		{http11("413 Content Too Large", ""), "unverified"},
		{answers(said("200", "no")), "rejected"},
		{http11("400 Bad Request", yes), "unverified"},
		{http11("408 Request Timeout", ""), "unverified"},
		{http11("429 Too Many Requests", ""), "unsent"},
	}
	s := newShop(t, 0)
	var n atomic.Int64
	s.url = "http://" + sayingTo(t, func(c net.Conn) {
		if k := int(n.Add(1)) - 1; k < len(replies) {
			io.ReadFull(c, make([]byte, 16))
			io.WriteString(c, replies[k].text) // what was not read makes closing a reset
		} else {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, answers(yes))
		}
	}) + "/api/"
	payments(t, s.folder, len(replies))
	manifest, reported := filepath.Join(s.folder, "payments.csv"), filepath.Join(s.folder, "r.jsonl")
	args := s.args("run", "--workers", "1", "--attempts", "1", "--rate", "20/s", "--report", reported, "--max-failures", "100%", manifest)
	s.here(nil, args...)
	again := int64(0)
	for i, r := range readLines(t, reported) {
		if r.Outcome != replies[i].outcome && r.Outcome != "unknown" || r.Attempts != 1 {
			t.Errorf("row %d: %+v; want %s or unknown", i, r, replies[i].outcome)
		}
		if r.Outcome == "unsent" {
			again++
		}
	}
	s.here(nil, args...)
	if got := n.Load(); got != int64(len(replies))+again {
		t.Errorf("%d connections for %d rows, %d of which were refused", got, len(replies), again)
	}
}

// panics is a wire that panics when it is asked to post for the n-th time,
// before or after it has done so.
type panics struct {
	batch.Poster
	left  *atomic.Int64
	after bool
}

func (p panics) Post(ctx context.Context, function string, body []byte) (batch.Answer, error) {
	last := p.left.Add(-1) == 0
	if last && !p.after {
		panic("something impossible")
	}
	answer, err := p.Poster.Post(ctx, function, body)
	if last {
		panic(fmt.Errorf("something impossible: %d", answer.Status))
	}
	return answer, err
}

// TestPanicInWorker: the row is unknown, the run stops and says why, and the
// same command leaves that row alone.
func TestPanicInWorker(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := newShop(t, 0)
		payments(t, s.folder, 20)
		var left atomic.Int64
		left.Store(5)
		old := seams.poster
		seams.poster = func(p batch.Poster) batch.Poster { return panics{p, &left, after} }
		manifest, reported := filepath.Join(s.folder, "payments.csv"), filepath.Join(s.folder, "r.jsonl")
		args := s.args("run", "--workers", "3", "--report", reported, manifest)
		code, _, text := s.here(nil, args...)
		seams.poster = old
		if code != exitStopped || !strings.Contains(text, "something impossible") {
			t.Errorf("exit code %d:\n%s", code, text)
		}
		count := func() map[string]int {
			counts := map[string]int{}
			for _, r := range readLines(t, reported) {
				counts[r.Outcome]++
			}
			return counts
		}
		if first := count(); first["unknown"] != 1 {
			t.Errorf("the report of the run with the panic: %v", first)
		}
		if code, _, text = s.here(nil, args...); code != exitDoubts {
			t.Errorf("exit code %d:\n%s", code, text)
		}
		counts := count()
		want := 19
		if after {
			want = 20
		}
		if counts["confirmed"] != 19 || counts["unknown"] != 1 || s.updates() != want || bytes.Contains([]byte(text), []byte(shopKey)) {
			t.Errorf("%v; %d updates came:\n%s", counts, s.updates(), text)
		}
	}
}
