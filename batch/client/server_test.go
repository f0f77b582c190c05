package client

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"billmark/batch"
)

func TestMain(m *testing.M) {
	goodTLS() // now: a test with a clock of its own must not date it
	goleak.VerifyTestMain(m)
}

const (
	form = "bill_id=100000&status=cancel&hash=e6f34e400659b7cbcc81554b735aa38a"
	good = `{"error_code":0,"error_text":"ok","hash":"1aabbf289dcd45b8ca40d2054bb96bba"}`
)

// ordinaryReply is what the API nearly always sends.
func ordinaryReply(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%s", len(body), body)
}

// play is what a server does once it has read a whole request: the nth of all.
// It returns false to have the connection left alone.
type play func(conn net.Conn, n int) bool

// answer plays a reply and reads on.
func answer(reply string) play {
	return func(conn net.Conn, _ int) bool {
		io.WriteString(conn, reply)
		return true
	}
}

// server is a server that follows a script.
type server struct {
	listener net.Listener
	play     play
	requests atomic.Int64
	accepted atomic.Int64

	mu    sync.Mutex
	last  *http.Request
	body  string
	seen  func(body string)
	conns []net.Conn
	wait  sync.WaitGroup
}

// newServer starts a server; with a tls.Config it speaks TLS.
func newServer(t testing.TB, secure *tls.Config, p play) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: l, play: p}
	s.wait.Go(func() { s.accept(secure) })
	t.Cleanup(s.stop)
	return s
}

func (s *server) accept(secure *tls.Config) {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.accepted.Add(1)
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		if secure != nil {
			conn = tls.Server(&burstConn{Conn: conn}, secure)
		}
		s.wait.Go(func() { s.serve(conn) })
	}
}

func (s *server) serve(conn net.Conn) {
	br := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.last, s.body = req, string(body)
		seen := s.seen
		s.mu.Unlock()
		if seen != nil {
			seen(string(body))
		}
		if !s.play(conn, int(s.requests.Add(1))) {
			return
		}
	}
}

// see has every body told that arrives, before it is answered.
func (s *server) see(seen func(body string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = seen
}

func (s *server) stop() {
	s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
}

func (s *server) url(secure bool) *url.URL {
	u := &url.URL{Scheme: "http", Host: s.listener.Addr().String(), Path: "/api/"}
	if secure {
		u.Scheme = "https"
	}
	return u
}

// below gives the TCP connection under a server's connection.
func below(conn net.Conn) *net.TCPConn {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn().(*burstConn).Conn
	}
	return conn.(*net.TCPConn)
}

// authority is a certificate authority made for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

// theAuthority is made once: the tests trust it, and nobody else does.
var theAuthority = sync.OnceValue(newAuthority)

func newAuthority() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	a := &authority{cert: must(x509.ParseCertificate(der)), key: key, pool: x509.NewCertPool()}
	a.pool.AddCert(a.cert)
	return a
}

// issue makes a server's certificate; names are host names or addresses.
func (a *authority) issue(end time.Time, names ...string) tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: end.Add(-48 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// goodTLS is the configuration of a server that can prove who it is.
var goodTLS = sync.OnceValue(func() *tls.Config {
	cert := theAuthority().issue(time.Now().Add(time.Hour), "127.0.0.1", "shop.test")
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
})

func pinOf(cert tls.Certificate) []byte {
	leaf := must(x509.ParseCertificate(cert.Certificate[0]))
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return sum[:]
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// open makes a Conn and closes it when the test ends.
func open(t testing.TB, cfg Config) *Conn {
	t.Helper()
	if cfg.RootCAs == nil {
		cfg.RootCAs = theAuthority().pool
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn := c.Open()
	t.Cleanup(func() { conn.Close() })
	return conn
}

func post(c *Conn) (batch.Answer, error) {
	return c.Post(context.Background(), "UpdateOrderStatus", []byte(form))
}

// mustPost demands a good reply.
func mustPost(t *testing.T, c *Conn) {
	t.Helper()
	a, err := post(c)
	if err != nil || a.Status != 200 || string(a.Body) != good {
		t.Fatalf("got %d %q, %v; want the good reply", a.Status, a.Body, err)
	}
}

// wantReason demands an error of that reason which gives nothing away.
func wantReason(t *testing.T, err error, want batch.Reason) {
	t.Helper()
	var pe *batch.PostError
	if !errors.As(err, &pe) {
		t.Fatalf("got error %v; want a PostError", err)
	}
	if pe.Reason != want {
		t.Errorf("got reason %d (%v); want %d", pe.Reason, err, want)
	}
	if text := err.Error(); strings.Contains(text, "bill_id") || strings.Contains(text, "e6f34e40") {
		t.Errorf("the error holds the body: %s", text)
	}
}

func wantCount(t *testing.T, what string, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %d, want %d", what, got, want)
	}
}

func tlsIf(secure bool) *tls.Config {
	if secure {
		return goodTLS()
	}
	return nil
}
