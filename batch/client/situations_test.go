package client

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"billmark/batch"
)

// situation is what may happen to an exchange whose request was written.
type situation struct {
	name   string
	play   func(net.Conn) // after which the server closes the connection
	hang   bool           // the server leaves the connection open instead
	reason batch.Reason   // 0: a whole reply came
	want   batch.Answer
}

func says(text string) func(net.Conn) {
	return func(c net.Conn) { io.WriteString(c, text) }
}

// status is a reply with nothing to hide but its status.
func status(code int, header string) func(net.Conn) {
	return says(fmt.Sprintf("HTTP/1.1 %d Word\r\n%sContent-Length: 4\r\n\r\nbody", code, header))
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

var (
	ok   = batch.Answer{Status: 200, Body: []byte(good)}
	long = strings.Repeat("x", bodyLimit)
)

func lengthy(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func chunk(body string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(body), body) }

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

var situations = []situation{
	{name: "end before any byte", play: func(net.Conn) {}, reason: batch.ReasonBroken},
	{name: "reset before any byte", play: func(c net.Conn) { below(c).SetLinger(0); below(c).Close() }, reason: batch.ReasonBroken},
	{name: "reset in the body", play: func(c net.Conn) {
		io.WriteString(c, ordinaryReply(good)[:120])
		below(c).SetLinger(0)
		below(c).Close()
	}, reason: batch.ReasonBroken},
	{name: "no reply in time", play: func(net.Conn) {}, hang: true, reason: batch.ReasonNoReply},
	{name: "half a header in time", play: says("HTTP/1.1 200 OK\r\nServer: "), hang: true, reason: batch.ReasonNoReply},
	{name: "half a body in time", play: says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), hang: true, reason: batch.ReasonNoReply},
	{name: "endless close-delimited body", play: says("HTTP/1.1 200 OK\r\n\r\nab"), hang: true, reason: batch.ReasonNoReply},

	{name: "cut in the status line", play: says("HTTP/1.1 2"), reason: batch.ReasonBroken},
	{name: "cut in the first word", play: says("HT"), reason: batch.ReasonBroken},
	{name: "cut in the header", play: says("HTTP/1.1 200 OK\r\nContent-Le"), reason: batch.ReasonBroken},
	{name: "garbage", play: says("220 mail.example ESMTP\r\n"), reason: batch.ReasonGarbled},
	{name: "garbage without an end of line", play: says("\x16\x03\x01garbage"), reason: batch.ReasonGarbled},
	{name: "garbage after HTTP", play: says("HTTP/1.1 2x0 OK\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "a status below 100", play: says("HTTP/1.1 099 Word\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "HTTP/2 in clear", play: says("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "what was sent comes back", play: says(form + "\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "what was sent comes back as a header", play: says("HTTP/1.1 200 OK\r\n" + form + "\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "what was sent comes back as the status", play: says("HTTP/1.1 " + form + "\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "malformed Content-Length", play: says("HTTP/1.1 200 OK\r\nContent-Length: 4x\r\n\r\nbody"), reason: batch.ReasonGarbled},
	{name: "negative Content-Length", play: says("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody"), reason: batch.ReasonGarbled},
	{name: "two Content-Lengths that differ", play: says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 3\r\n\r\nbody"), reason: batch.ReasonGarbled},
	{name: "two Content-Lengths that agree", play: says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody"), want: batch.Answer{Status: 200, Body: []byte("body")}},
	{name: "unknown transfer encoding", play: says("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nbody"), reason: batch.ReasonGarbled},
	{name: "header over the limit", play: says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", headerLimit) + "\r\nContent-Length: 0\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "header lines without end", play: says("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", headerLimit)), reason: batch.ReasonGarbled},
	{name: "long header below the limit", play: says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", headerLimit-100) + "\r\nContent-Length: 4\r\n\r\nbody"), want: batch.Answer{Status: 200, Body: []byte("body")}},

	{name: "body shorter than its length", play: says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody"), reason: batch.ReasonBroken},
	{name: "cut in a chunk", play: says(chunked + "10\r\nbody"), reason: batch.ReasonBroken},
	{name: "cut before the last chunk", play: says(chunked + chunk("body")), reason: batch.ReasonBroken},
	{name: "cut in the trailer", play: says(chunked + chunk("body") + "0\r\n"), reason: batch.ReasonBroken},
	{name: "malformed chunk", play: says(chunked + "xyz\r\nbody\r\n0\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "chunks", play: says(chunked + chunk(good[:9]) + chunk(good[9:]) + "0\r\n\r\n"), want: ok},
	{name: "chunks and a trailer", play: says(chunked + chunk(good) + "0\r\nX: y\r\n\r\n"), want: ok},
	{name: "body without length, whole", play: says("HTTP/1.1 200 OK\r\n\r\n" + good), want: ok},
	{name: "body without length, cut by the end", play: says("HTTP/1.1 200 OK\r\n\r\n" + good[:20]), want: batch.Answer{Status: 200, Body: []byte(good[:20])}},

	{name: "body at the limit", play: says(lengthy(long)), want: batch.Answer{Status: 200, Body: []byte(long)}},
	{name: "body over the limit", play: says(lengthy(long + "x")), want: batch.Answer{Status: 200, Body: []byte(long), TooLong: true}},
	{name: "body over the limit, chunked", play: says(chunked + chunk(long+"x") + "0\r\n\r\n"), want: batch.Answer{Status: 200, Body: []byte(long), TooLong: true}},
	{name: "body over the limit, no length", play: says("HTTP/1.1 200 OK\r\n\r\n" + long + long), want: batch.Answer{Status: 200, Body: []byte(long), TooLong: true}},
	{name: "body in many small chunks", play: says(chunked + strings.Repeat(chunk("x"), 20000) + "0\r\n\r\n"), want: batch.Answer{Status: 200, Body: []byte(long[:20000])}},
	{name: "a long chunk extension", play: says(chunked + "4;" + strings.Repeat("x", 9000) + "\r\nbody\r\n0\r\n\r\n"), reason: batch.ReasonGarbled},
	{name: "compressed", play: says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + strings.TrimPrefix(lengthy(gzipped(good)), "HTTP/1.1 200 OK\r\n")), want: batch.Answer{Status: 200, Encoding: "gzip", Body: []byte(gzipped(good))}},

	{name: "100 first", play: says("HTTP/1.1 100 Continue\r\n\r\n" + ordinaryReply(good)), want: ok},
	{name: "103 first", play: says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ordinaryReply(good)), want: ok},
	{name: "100 and the end", play: says("HTTP/1.1 100 Continue\r\n\r\n"), reason: batch.ReasonBroken},
	{name: "100 without end", play: says(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInformational) + ordinaryReply(good)), reason: batch.ReasonGarbled},
	{name: "101", play: says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), hang: true, want: batch.Answer{Status: 101}},
	{name: "204", play: says("HTTP/1.1 204 No Content\r\n\r\n"), hang: true, want: batch.Answer{Status: 204}},
	{name: "200 and an empty body", play: says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), want: batch.Answer{Status: 200}},
	{name: "HTTP/1.0", play: says("HTTP/1.0 200 OK\r\n\r\n" + good), want: ok},
	{name: "bare line feeds", play: says("HTTP/1.1 200 OK\nContent-Length: 4\n\nbody"), want: batch.Answer{Status: 200, Body: []byte("body")}},
	{name: "ordinary", play: says(ordinaryReply(good)), want: ok},

	{name: "301", play: status(301, "Location: /api/moved\r\n"), want: batch.Answer{Status: 301, Body: []byte("body")}},
	{name: "302", play: status(302, "Location: /api/moved\r\n"), want: batch.Answer{Status: 302, Body: []byte("body")}},
	{name: "303", play: status(303, "Location: /api/moved\r\n"), want: batch.Answer{Status: 303, Body: []byte("body")}},
	{name: "307", play: status(307, "Location: /api/moved\r\n"), want: batch.Answer{Status: 307, Body: []byte("body")}},
	{name: "308", play: status(308, "Location: /api/moved\r\n"), want: batch.Answer{Status: 308, Body: []byte("body")}},
	{name: "401", play: status(401, "WWW-Authenticate: Basic\r\n"), want: batch.Answer{Status: 401, Body: []byte("body")}},
	{name: "404", play: status(404, ""), want: batch.Answer{Status: 404, Body: []byte("body")}},
	{name: "408", play: status(408, "Connection: close\r\n"), want: batch.Answer{Status: 408, Body: []byte("body")}},
	{name: "413", play: status(413, ""), want: batch.Answer{Status: 413, Body: []byte("body")}},
	{name: "429 with seconds", play: status(429, "Retry-After: 7\r\n"), want: batch.Answer{Status: 429, Body: []byte("body"), RetryAfter: 7 * time.Second}},
	{name: "429 with a day", play: status(429, "Retry-After: 86400\r\n"), want: batch.Answer{Status: 429, Body: []byte("body"), RetryAfter: maxRetryAfter}},
	{name: "500", play: status(500, ""), want: batch.Answer{Status: 500, Body: []byte("body")}},
	{name: "503", play: status(503, "Retry-After: x\r\n"), want: batch.Answer{Status: 503, Body: []byte("body")}},
	{name: "200 and a page", play: says(lengthy("<html>log in</html>")), want: batch.Answer{Status: 200, Body: []byte("<html>log in</html>")}},
}

// TestSituations plays every situation on a fresh and on a used connection,
// with and without TLS, read by both parsers. The request must be seen once.
func TestSituations(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for bits := range 8 {
				secure, used, plain := bits&1 != 0, bits&2 != 0, bits&4 != 0
				name := fmt.Sprintf("tls=%v used=%v plain=%v", secure, used, plain)
				t.Run(name, func(t *testing.T) { s.run(t, secure, used, plain) })
			}
		})
	}
}

func (s situation) run(t *testing.T, secure, used, plain bool) {
	before := 0
	if used {
		before = 1
	}
	srv := newServer(t, tlsIf(secure), func(c net.Conn, n int) bool {
		if n <= before {
			io.WriteString(c, ordinaryReply(good))
			return true
		}
		s.play(c)
		if !s.hang {
			c.Close()
		}
		return s.hang
	})
	cfg := Config{URL: srv.url(secure)}
	if s.reason == batch.ReasonNoReply {
		cfg.Timeout = 100 * time.Millisecond
	}
	c := open(t, cfg)
	if used {
		mustPost(t, c)
	}
	c.reply.plain = plain
	got, err := post(c)
	s.check(t, got, err)
	wantCount(t, "requests seen", srv.requests.Load(), int64(before)+1)
	wantCount(t, "connections", c.client.Dials(), 1)
}

func (s situation) check(t *testing.T, got batch.Answer, err error) {
	t.Helper()
	if s.reason != batch.ReasonNone {
		wantReason(t, err, s.reason)
		return
	}
	if err != nil {
		t.Fatalf("got error %v; want a reply", err)
	}
	if got.Status != s.want.Status || got.TooLong != s.want.TooLong || got.RetryAfter != s.want.RetryAfter ||
		!bytes.Equal(got.Body, s.want.Body) {
		t.Errorf("got %d %.80q (%d bytes) too long %v, retry after %v; want %d %.80q (%d bytes) %v, %v",
			got.Status, got.Body, len(got.Body), got.TooLong, got.RetryAfter,
			s.want.Status, s.want.Body, len(s.want.Body), s.want.TooLong, s.want.RetryAfter)
	}
}
