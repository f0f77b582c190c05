package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
)

// BenchmarkPost is one exchange on a kept connection over loopback, the
// server's part included. "library" reads every reply with http.ReadResponse;
// "transport" is the same exchange through an http.Transport.
func BenchmarkPost(b *testing.B) {
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "plain/", true: "tls/"}[secure]
		b.Run(name+"own", func(b *testing.B) { benchPost(b, secure, false) })
		b.Run(name+"library", func(b *testing.B) { benchPost(b, secure, true) })
		b.Run(name+"transport", func(b *testing.B) { benchTransport(b, secure) })
	}
}

func benchPost(b *testing.B, secure, library bool) {
	c := open(b, Config{URL: benchServer(b, secure).url(secure)})
	body := []byte(form)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		a, err := c.Post(ctx, "UpdateOrderStatus", body)
		if err != nil || len(a.Body) != len(good) {
			b.Fatal(a, err)
		}
		if library {
			// The same bytes once more through the other parser: the
			// difference to "own" is what it costs.
			from := &source{conn: eof{}, head: c.reply.first[:len(ordinaryReply(good))], left: headerLimit}
			if _, _, err := c.reply.readAny(from); err != nil {
				b.Fatal(err)
			}
		}
	}
	if n := c.client.Dials(); n != 1 {
		b.Errorf("%d connections", n)
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func benchTransport(b *testing.B, secure bool) {
	tr := &http.Transport{DisableCompression: true, TLSClientConfig: &tls.Config{RootCAs: theAuthority().pool}}
	defer tr.CloseIdleConnections()
	u := benchServer(b, secure).url(secure).String() + "UpdateOrderStatus"
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		req, _ := http.NewRequest("POST", u, bytes.NewReader([]byte(form)))
		reply, err := tr.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		if n, _ := io.ReadFull(reply.Body, buf); n != len(good) {
			b.Fatal(n)
		}
		reply.Body.Close()
	}
}

// benchServer answers without parsing: one reply for every body that comes.
func benchServer(b *testing.B, secure bool) *server {
	s := &server{listener: must(net.Listen("tcp", "127.0.0.1:0"))}
	s.wait.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			if secure {
				conn = tls.Server(conn, goodTLS())
			}
			s.wait.Go(func() { answerBlindly(conn) })
		}
	})
	b.Cleanup(s.stop)
	return s
}

func answerBlindly(conn net.Conn) {
	reply, buf := []byte(ordinaryReply(good)), make([]byte, 4096)
	for n := 0; ; {
		more, err := conn.Read(buf[n:])
		if err != nil {
			return
		}
		if n += more; bytes.HasSuffix(buf[:n], []byte(form)) {
			conn.Write(reply)
			n = 0
		}
	}
}

// BenchmarkParse is the reading of a reply alone.
func BenchmarkParse(b *testing.B) {
	reply := []byte(ordinaryReply(good))
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, is := ordinary(reply); is != whole {
				b.Fatal(is)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		var r replyReader
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := r.readAny(&source{conn: eof{}, head: reply, left: headerLimit}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkFresh is one exchange on a connection of its own.
func BenchmarkFresh(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(b *testing.B) {
			c := open(b, Config{URL: benchServer(b, secure).url(secure)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := post(c); err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}
