package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"billmark/batch"
)

// TestNoConnection: what fails before a connection stands has sent nothing.
func TestNoConnection(t *testing.T) {
	api := &url.URL{Scheme: "https", Host: "shop.test", Path: "/api/"}
	for _, test := range []struct {
		name  string
		cause error
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "shop.test", IsNotFound: true}}},
		{"refused", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
		{"unreachable", &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}},
		{"reset", &net.OpError{Op: "dial", Err: syscall.ECONNRESET}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, Config{URL: api, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				if address != "shop.test:443" {
					t.Errorf("dialled %s", address)
				}
				return nil, test.cause
			}})
			for _, err := range []error{c.Connect(context.Background()), second(post(c))} {
				wantReason(t, err, batch.ReasonConnect)
				if !errors.Is(err, test.cause) {
					t.Errorf("the cause is missing: %v", err)
				}
			}
			wantCount(t, "connections", c.client.Dials(), 0)
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestRefusedPort(t *testing.T) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	l.Close()
	c := open(t, Config{URL: &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}})
	err := c.Connect(context.Background())
	wantReason(t, err, batch.ReasonConnect)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// TestTLS: a server that does not prove who it is gets nothing.
func TestTLS(t *testing.T) {
	a := theAuthority()
	later := time.Now().Add(time.Hour)
	good := goodTLS().Certificates[0]
	stranger := newAuthority()
	with := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	for _, test := range []struct {
		name   string
		server *tls.Config
		pin    []byte
		roots  *x509.CertPool
		want   batch.Reason
	}{
		{name: "good", server: with(good)},
		{name: "good and pinned", server: with(good), pin: pinOf(good)},
		{name: "TLS 1.2", server: &tls.Config{Certificates: with(good).Certificates, MaxVersion: tls.VersionTLS12}},
		{name: "no ALPN", server: with(good)},
		{name: "another key than the pinned one", server: with(good), pin: pinOf(a.issue(later, "127.0.0.1")), want: batch.ReasonTLS},
		{name: "unknown authority", server: with(stranger.issue(later, "127.0.0.1")), want: batch.ReasonTLS},
		{name: "unknown authority, pinned", server: with(stranger.issue(later, "127.0.0.1")), want: batch.ReasonTLS, pin: pinOf(good)},
		{name: "wrong name", server: with(a.issue(later, "127.0.0.2", "other.test")), want: batch.ReasonTLS},
		{name: "expired", server: with(a.issue(time.Now().Add(-time.Minute), "127.0.0.1")), want: batch.ReasonTLS},
		{name: "not yet valid", server: with(a.issue(time.Now().Add(49*time.Hour), "127.0.0.1")), want: batch.ReasonTLS},
		{name: "no roots", server: with(good), roots: x509.NewCertPool(), want: batch.ReasonTLS},
		{name: "TLS 1.1", server: &tls.Config{Certificates: with(good).Certificates, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, want: batch.ReasonTLS},
		{name: "another protocol only", server: &tls.Config{Certificates: with(good).Certificates, NextProtos: []string{"smtp"}}, want: batch.ReasonTLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newServer(t, test.server, answer(ordinaryReply("")))
			c := open(t, Config{URL: srv.url(true), Pin: test.pin, RootCAs: test.roots})
			err := c.Connect(context.Background())
			if test.want == batch.ReasonNone {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantReason(t, err, test.want)
			wantReason(t, second(post(c)), test.want)
			wantCount(t, "requests", srv.requests.Load(), 0)
		})
	}
}

// TestBadHandshake: a peer that does not speak TLS is a wrong server; one that
// breaks off is a bad network.
func TestBadHandshake(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(net.Conn)
		want batch.Reason
	}{
		{"plain HTTP", says("HTTP/1.1 400 Bad Request\r\n\r\n"), batch.ReasonTLS},
		{"an alert", says("\x15\x03\x03\x00\x02\x02\x28"), batch.ReasonTLS},
		{"the end", func(net.Conn) {}, batch.ReasonConnect},
		{"a reset", func(c net.Conn) { below(c).SetLinger(0) }, batch.ReasonConnect},
		{"the end in a record", says("\x16\x03\x03\x01\x00"), batch.ReasonConnect},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := peer(t, func(c net.Conn) {
				c.Read(make([]byte, 4096))
				test.play(c)
			})
			u.Scheme = "https"
			c := open(t, Config{URL: u})
			wantReason(t, c.Connect(context.Background()), test.want)
		})
	}
}

// peer starts a server that serves every connection by play and closes it.
func peer(t *testing.T, play func(net.Conn)) *url.URL {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { play(conn); conn.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); wait.Wait() })
	return &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/api/"}
}

// TestResumption: fresh connections to one server resume their TLS session,
// and a resumed one is held against the pin like any other.
func TestResumption(t *testing.T) {
	srv := newServer(t, goodTLS(), answer(strings.Replace(ordinaryReply(good), "keep-alive", "close", 1)))
	c := open(t, Config{URL: srv.url(true), Pin: pinOf(goodTLS().Certificates[0])})
	mustPost(t, c)
	if err := c.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !c.link.tls.ConnectionState().DidResume {
		t.Error("the session was not resumed")
	}
	mustPost(t, c)
	c.client.tls.VerifyConnection = func(tls.ConnectionState) error { return errPin }
	wantReason(t, c.Connect(context.Background()), batch.ReasonTLS)
}

// TestLocalhostElsewhere: plain http never leaves the machine, whatever
// address its host name was given.
func TestLocalhostElsewhere(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	c := open(t, Config{URL: &url.URL{Scheme: "http", Host: "localhost", Path: "/"}, Dial: func(context.Context, string, string) (net.Conn, error) {
		return addrConn{near, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}}, nil
	}})
	err := second(post(c))
	wantReason(t, err, batch.ReasonConnect)
	if !errors.Is(err, errElsewhere) {
		t.Errorf("got %v", err)
	}
}

type addrConn struct {
	net.Conn
	remote net.Addr
}

func (c addrConn) RemoteAddr() net.Addr { return c.remote }

// TestProxy: an API behind a proxy, with and without TLS.
func TestProxy(t *testing.T) {
	for _, secure := range []bool{false, true} {
		srv := newServer(t, tlsIf(secure), answer(ordinaryReply(good)))
		asked := make(chan string, 9)
		proxy := peer(t, func(c net.Conn) {
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			asked <- string(b[:n])
			to := must(net.Dial("tcp", srv.listener.Addr().String()))
			io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
			go func() { io.Copy(to, c); to.Close() }()
			io.Copy(c, to)
		})
		proxy.Path, proxy.User = "", url.UserPassword("Aladdin", "open sesame")
		c := open(t, Config{URL: srv.url(secure), Proxy: proxy})
		mustPost(t, c)
		mustPost(t, c)
		host := srv.listener.Addr().String()
		want := "CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: billmark\r\n" +
			"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
		if got := <-asked; got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
		wantCount(t, "connections", srv.accepted.Load(), 1)
		c.Close()
	}
}

func TestProxyRefuses(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "garbage\r\n\r\n", "", "HTTP/1.1 200",
		"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInformational) + "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", headerLimit),
	} {
		proxy := peer(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, answer)
		})
		proxy.Path, proxy.User = "", url.UserPassword("user", "hunter2")
		c := open(t, Config{URL: &url.URL{Scheme: "https", Host: "shop.test", Path: "/api/"}, Proxy: proxy})
		err := c.Connect(context.Background())
		wantReason(t, err, batch.ReasonConnect)
		if whole := strings.HasPrefix(answer, "HTTP/1.1 200 OK"); whole && !strings.Contains(answer, "X:") && !errors.Is(err, errProxy) {
			t.Errorf("got %v for more than an answer", err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the proxy's password: %v", err)
		}
	}
}
