package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"billmark/batch"
)

// another is a reply whose hash is as right as that of any other: nothing in
// it would show that it answers another request.
const another = `{"error_code":0,"error_text":"OK","hash":"cf2b10a8fd707c6d14f496e19503b0a1"}`

func TestReuse(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply string
		kept  bool
	}{
		{"ordinary", ordinaryReply(good), true},
		{"no connection header", lengthy(good), true},
		{"Connection: close", strings.Replace(ordinaryReply(good), "keep-alive", "close", 1), false},
		{"Connection: keep-alive, close", strings.Replace(ordinaryReply(good), "keep-alive", "keep-alive, close", 1), false},
		{"HTTP/1.0", strings.Replace(ordinaryReply(good), "1.1", "1.0", 1), false},
		{"chunked", chunked + chunk(good) + "0\r\n\r\n", false},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ordinaryReply(good), false},
		{"encoded", strings.Replace(ordinaryReply(good), "Server: nginx", "Content-Encoding: identity", 1), false},
		{"too large for the first read", lengthy(good + strings.Repeat(" ", firstRead)), false},
		{"not 200", strings.Replace(ordinaryReply(good), "200", "500", 1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				srv := newServer(t, tlsIf(secure), answer(test.reply))
				c := open(t, Config{URL: srv.url(secure)})
				for range 3 {
					if _, err := post(c); err != nil {
						t.Fatal(err)
					}
				}
				want := int64(3)
				if test.kept {
					want = 1
				}
				wantCount(t, "connections", srv.accepted.Load(), want)
				wantCount(t, "requests", srv.requests.Load(), 3)
			}
		})
	}
}

func TestConnectIsKeptForPost(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), answer(ordinaryReply(good)))
		c := open(t, Config{URL: srv.url(secure)})
		for range 3 {
			if err := c.Connect(context.Background()); err != nil {
				t.Fatal(err)
			}
			mustPost(t, c)
		}
		wantCount(t, "connections", srv.accepted.Load(), 1)
		c.Close()
		mustPost(t, c)
		wantCount(t, "connections after Close", srv.accepted.Load(), 2)
	}
}

// settled waits until something has come on the standing connection, so that a
// test does not race with its own server.
func settled(t *testing.T, c *Conn) {
	t.Helper()
	until(t, func() bool { return c.link.peek() != peekNothing })
}

// until waits for what another goroutine or the kernel is about to do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); runtime.Gosched() {
		if time.Since(start) > 10*time.Second {
			t.Fatal("it does not happen")
		}
	}
}

// TestClosedWhileIdle: a connection that the server has closed is noticed
// before the write, the request is made on another one, and from then on none is
// used twice.
func TestClosedWhileIdle(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), func(c net.Conn, n int) bool {
			io.WriteString(c, ordinaryReply(good))
			if n == 1 {
				c.Close()
			}
			return n > 1
		})
		c := open(t, Config{URL: srv.url(secure)})
		mustPost(t, c)
		if c.link != nil { // TLS may have told of the end with the reply
			settled(t, c)
		}
		mustPost(t, c)
		mustPost(t, c)
		wantCount(t, "requests", srv.requests.Load(), 3)
		wantCount(t, "connections", srv.accepted.Load(), 3)
	}
}

// TestClosedBeforeUse is the same for a connection that Connect has made.
func TestClosedBeforeUse(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), answer(ordinaryReply(good)))
		c := open(t, Config{URL: srv.url(secure)})
		if err := c.Connect(context.Background()); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return srv.accepted.Load() == 1 })
		srv.mu.Lock()
		srv.conns[0].Close()
		srv.mu.Unlock()
		until(t, func() bool { return secure || c.link.peek() == peekEnd })
		until(t, func() bool { return !secure || c.link.listen() != silent })
		mustPost(t, c)
		wantCount(t, "requests", srv.requests.Load(), 1)
		wantCount(t, "connections", srv.accepted.Load(), 2)
	}
}

// TestStray: a second reply to one request, however it comes, is never taken
// for the reply to the next one, and after it no connection is used twice.
func TestStray(t *testing.T) {
	first, second := ordinaryReply(good), ordinaryReply(another)
	for _, test := range []struct {
		name string
		play func(net.Conn)
	}{
		{"with the reply", func(c net.Conn) { io.WriteString(c, first+second) }},
		{"right after the reply", func(c net.Conn) { io.WriteString(c, first); io.WriteString(c, second) }},
		{"its beginning with the reply", func(c net.Conn) { io.WriteString(c, first+"H") }},
		{"an empty line after the reply", func(c net.Conn) { io.WriteString(c, first+"\r\n") }},
		{"in the same segment", func(c net.Conn) { bursts(c, 0, first, second) }},
		{"a part in the same segment", func(c net.Conn) { bursts(c, 20, first, second) }},
		{"a record's header in the same segment", func(c net.Conn) { bursts(c, 100, first, second) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				testStray(t, secure, test.play)
			}
		})
	}
}

func testStray(t *testing.T, secure bool, play func(net.Conn)) {
	t.Helper()
	sent := make(chan bool)
	srv := newServer(t, tlsIf(secure), func(c net.Conn, n int) bool {
		if n == 1 {
			play(c)
			sent <- true
			return true
		}
		io.WriteString(c, lengthy(good))
		return true
	})
	c := open(t, Config{URL: srv.url(secure)})
	done := make(chan bool)
	go func() { <-sent; close(done) }()
	mustPost(t, c)
	<-done
	if c.link != nil && !secure {
		settled(t, c)
	}
	mustPost(t, c)
	wantCount(t, "connections", srv.accepted.Load(), 2)
	if !c.client.wary.Load() && !secure {
		t.Error("the client is not wary of the server")
	}
	wantCount(t, "requests", srv.requests.Load(), 2)
}

// TestLateStray: it comes after the reply was read, and is found before the
// next request is written.
func TestLateStray(t *testing.T) {
	for _, secure := range []bool{false, true} {
		read, sent := make(chan bool), make(chan bool)
		srv := newServer(t, tlsIf(secure), func(c net.Conn, n int) bool {
			io.WriteString(c, ordinaryReply(good))
			if n == 1 {
				<-read
				io.WriteString(c, ordinaryReply(another))
				sent <- true
			}
			return true
		})
		c := open(t, Config{URL: srv.url(secure)})
		mustPost(t, c)
		read <- true
		<-sent
		settled(t, c)
		mustPost(t, c)
		if !c.client.wary.Load() {
			t.Error("the client is not wary of the server")
		}
		mustPost(t, c)
		wantCount(t, "connections", srv.accepted.Load(), 3)
		wantCount(t, "requests", srv.requests.Load(), 3)
	}
}

// bursts writes texts as records of their own, and all but the last hold bytes
// in one segment. What is held back never comes.
func bursts(c net.Conn, hold int, texts ...string) {
	secure, ok := c.(*tls.Conn)
	if !ok {
		all := strings.Join(texts, "")
		io.WriteString(c, all[:len(all)-hold])
		return
	}
	b := c.(*tls.Conn).NetConn().(*burstConn)
	b.on = true
	for _, text := range texts {
		io.WriteString(secure, text)
	}
	b.on = false
	b.Conn.Write(b.kept[:len(b.kept)-hold])
}

// burstConn can keep what is written.
type burstConn struct {
	net.Conn
	on   bool
	kept []byte
}

func (b *burstConn) Write(p []byte) (int, error) {
	if b.on {
		b.kept = append(b.kept, p...)
		return len(p), nil
	}
	return b.Conn.Write(p)
}

// TestWary: once a server has sent bytes that nobody asked for, no connection
// of the client is used twice.
func TestWary(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), func(c net.Conn, n int) bool {
			if n == 2 {
				io.WriteString(c, ordinaryReply(good)+"x")
				return true
			}
			io.WriteString(c, ordinaryReply(good))
			return true
		})
		c := open(t, Config{URL: srv.url(secure)})
		other := c.client.Open()
		defer other.Close()
		mustPost(t, other)
		mustPost(t, c)
		for range 3 {
			mustPost(t, c)
			mustPost(t, other)
		}
		wantCount(t, "requests", srv.requests.Load(), 8)
		wantCount(t, "connections", srv.accepted.Load(), 8)
	}
}

// TestNobodyCanLook: where waiting bytes cannot be seen, no connection is used
// twice, but one that was just made is used.
func TestNobodyCanLook(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), answer(ordinaryReply(good)))
		c := open(t, Config{URL: srv.url(secure)})
		c.client.newPeek = func(net.Conn) peekFunc { return peekNowhere }
		for range 3 {
			if err := c.Connect(context.Background()); err != nil {
				t.Fatal(err)
			}
			mustPost(t, c)
		}
		wantCount(t, "connections", srv.accepted.Load(), 3)
	}
}

// countConn counts the calls of Write.
type countConn struct {
	net.Conn
	writes *atomic.Int64
	fail   func(b []byte) (int, error)
}

func (c countConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	if c.fail != nil {
		return c.fail(b)
	}
	return c.Conn.Write(b)
}

// dialCounted has every connection count its writes.
func dialCounted(writes *atomic.Int64, fail func([]byte) (int, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		return countConn{conn, writes, fail}, err
	}
}

func TestOneWriteARequest(t *testing.T) {
	srv := newServer(t, nil, answer(ordinaryReply(good)))
	var writes atomic.Int64
	c := open(t, Config{URL: srv.url(false), Dial: dialCounted(&writes, nil)})
	mustPost(t, c)
	wantCount(t, "writes", writes.Load(), 1)
	big := []byte("rpo=" + strings.Repeat("x", 1<<20))
	if _, err := c.Post(context.Background(), "UpdateOrderStatus", big); err != nil {
		t.Fatal(err)
	}
	wantCount(t, "writes", writes.Load(), 2)
	if cap(c.request) > keepBuffer {
		t.Errorf("a buffer of %d bytes is kept", cap(c.request))
	}
}

// TestWriteFails: once the write was begun nobody knows, whatever it says.
func TestWriteFails(t *testing.T) {
	for _, n := range []int{0, 10} {
		srv := newServer(t, nil, answer(ordinaryReply(good)))
		var writes atomic.Int64
		c := open(t, Config{URL: srv.url(false), Dial: dialCounted(&writes, func([]byte) (int, error) {
			return n, &net.OpError{Op: "write", Err: io.ErrClosedPipe}
		})})
		_, err := post(c)
		wantReason(t, err, batch.ReasonBroken)
		wantCount(t, "writes", writes.Load(), 1)
		wantCount(t, "connections", c.client.Dials(), 1)
	}
}

func TestRequest(t *testing.T) {
	srv := newServer(t, nil, answer(ordinaryReply(good)))
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	c := open(t, Config{URL: srv.url(false), UserAgent: "billmark/1"})
	mustPost(t, c)
	req := srv.last
	if req.Method != "POST" || req.RequestURI != "/api/UpdateOrderStatus" || req.Host != srv.listener.Addr().String() || srv.body != form {
		t.Errorf("got %s %s %s %q", req.Method, req.RequestURI, req.Host, srv.body)
	}
	want := map[string]string{
		"User-Agent": "billmark/1", "Accept": "application/json", "Accept-Encoding": "identity",
		"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "66",
	}
	for name := range req.Header {
		if want[name] == "" {
			t.Errorf("header %s is sent", name)
		}
	}
	for name, value := range want {
		if got := req.Header.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
}

// TestStop: the context counts until the write, and no longer.
func TestStop(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	srv := newServer(t, nil, func(c net.Conn, n int) bool {
		if n == 2 {
			cancel(io.ErrClosedPipe)
		}
		io.WriteString(c, ordinaryReply(good))
		return true
	})
	c := open(t, Config{URL: srv.url(false)})
	for range 2 {
		if _, err := c.Post(ctx, "UpdateOrderStatus", []byte(form)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Post(ctx, "UpdateOrderStatus", []byte(form))
	wantReason(t, err, batch.ReasonStopped)
	if !strings.Contains(err.Error(), io.ErrClosedPipe.Error()) {
		t.Errorf("the cause is missing: %v", err)
	}
	wantReason(t, c.Connect(ctx), batch.ReasonStopped)
	wantCount(t, "requests", srv.requests.Load(), 2)
}

func TestFunctionName(t *testing.T) {
	srv := newServer(t, nil, answer(ordinaryReply(good)))
	c := open(t, Config{URL: srv.url(false)})
	for _, name := range []string{"", "a b", "a/b", "a\r\nX: y", "ä", "@", "{"} {
		_, err := c.Post(context.Background(), name, nil)
		wantReason(t, err, batch.ReasonStopped)
	}
	wantCount(t, "connections", c.client.Dials(), 0)
	if _, err := c.Post(context.Background(), "getOrderDetails2", nil); err != nil {
		t.Error(err)
	}
}

// TestAnswerOutlivesClose: an answer is valid until the next Post.
func TestAnswerOutlivesClose(t *testing.T) {
	srv := newServer(t, nil, answer(ordinaryReply(good)))
	c := open(t, Config{URL: srv.url(false)})
	a, err := post(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := c.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	if string(a.Body) != good {
		t.Errorf("the answer has become %q", a.Body)
	}
}

// TestNothingIsLeftBehind: many connections, ended in all ways, are all
// closed.
func TestNothingIsLeftBehind(t *testing.T) {
	replies := []string{ordinaryReply(good), "", "HTTP/1.1 500 X\r\n\r\n", "x", ordinaryReply(good) + "x"}
	srv := newServer(t, nil, func(c net.Conn, n int) bool {
		io.WriteString(c, replies[n%len(replies)])
		c.Close()
		return false
	})
	var opened, closed atomic.Int64
	var d net.Dialer
	c := open(t, Config{URL: srv.url(false), Timeout: 5 * time.Second, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		opened.Add(1)
		return closeConn{conn, &closed}, err
	}})
	for range 100 {
		post(c)
	}
	c.Close()
	wantCount(t, "closed", closed.Load(), opened.Load())
}

type closeConn struct {
	net.Conn
	closed *atomic.Int64
}

func (c closeConn) Close() error { c.closed.Add(1); return c.Conn.Close() }

// TestSpeaksFirst: to a server that answers before it is asked nothing is
// written, on that connection or another one, and its answer is nobody's.
func TestSpeaksFirst(t *testing.T) {
	for _, secure := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var accepted, read atomic.Int64
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				accepted.Add(1)
				if secure {
					conn = tls.Server(&burstConn{Conn: conn}, tlsIf(true))
				}
				io.WriteString(conn, ordinaryReply(good))
				go func() {
					n, _ := io.Copy(io.Discard, conn)
					read.Add(n)
				}()
			}
		}()
		c := open(t, Config{URL: (&server{listener: l}).url(secure)})
		if err = c.Connect(context.Background()); err == nil { // it was quicker
			until(t, func() bool { return c.link.listen() == stray })
			_, err = c.Post(context.Background(), "UpdateOrderStatus", []byte("a=1"))
		}
		var failure *batch.PostError
		if !errors.As(err, &failure) || !failure.Unsent() {
			t.Errorf("TLS %t: %v", secure, err)
		}
		wantCount(t, "connections", accepted.Load(), 1)
		wantCount(t, "bytes read", read.Load(), 0)
	}
}
