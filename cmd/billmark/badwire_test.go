package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// badWire is a proxy on loopback between the program and a sandbox. What goes
// wrong on it goes wrong on real sockets, below HTTP and, if it speaks TLS, below
// and above that. It knows of every request that came whole.
type badWire struct {
	listener net.Listener
	back     string      // where the sandbox listens
	secure   *tls.Config // nil: plain
	entry    odds        // what befalls a connection at its start
	wrong    odds        // what befalls an exchange
	patience time.Duration
	wait     sync.WaitGroup

	mu       sync.Mutex
	open     map[*net.TCPConn]bool
	accepted uint64
	begun    int // requests of which at least a byte came
	played   map[string]int
	seen     map[string][]bool // of each form, as it came: was 429 the answer, and passed on whole?
}

// odds are kinds of mischief, each with the upper end of its part of 0 to 1.
type odds []struct {
	kind  string
	below float64
}

func oddsOf(shares map[string]float64) odds {
	var list odds
	end := 0.0
	for _, kind := range slices.Sorted(maps.Keys(shares)) {
		end += shares[kind]
		list = append(list, struct {
			kind  string
			below float64
		}{kind, end})
	}
	return list
}

func (o odds) draw(rng *rand.Rand) string {
	at := rng.Float64()
	for _, part := range o {
		if at < part.below {
			return part.kind
		}
	}
	return ""
}

// newBadWire starts a wire to the server at back.
func newBadWire(t testing.TB, back string, secure *tls.Config, entry, wrong map[string]float64, patience time.Duration) *badWire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &badWire{
		listener: l, back: back, secure: secure, entry: oddsOf(entry), wrong: oddsOf(wrong), patience: patience,
		open: map[*net.TCPConn]bool{}, played: map[string]int{}, seen: map[string][]bool{},
	}
	w.wait.Go(w.accept)
	t.Cleanup(w.stop)
	return w
}

// url is where the program finds the wire.
func (w *badWire) url() string {
	scheme := "http"
	if w.secure != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s/api/", scheme, w.listener.Addr())
}

// stop cuts all that is left and waits until it has come to its end.
func (w *badWire) stop() {
	w.listener.Close()
	w.mu.Lock()
	for c := range w.open {
		c.Close()
	}
	w.mu.Unlock()
	w.wait.Wait()
}

func (w *badWire) accept() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		tcp := conn.(*net.TCPConn)
		w.mu.Lock()
		w.accepted++
		w.open[tcp] = true
		rng := rand.New(rand.NewPCG(w.accepted, 11))
		w.mu.Unlock()
		w.wait.Go(func() {
			w.serve(tcp, rng)
			tcp.Close()
			w.mu.Lock()
			delete(w.open, tcp)
			w.mu.Unlock()
		})
	}
}

func (w *badWire) serve(tcp *net.TCPConn, rng *rand.Rand) {
	switch kind := w.entry.draw(rng); kind {
	case "":
	case "refused":
		w.plays(kind)
		tcp.SetLinger(0)
		return
	case "torn handshake":
		w.plays(kind)
		io.CopyN(io.Discard, tcp, 1+rng.Int64N(200))
		tcp.SetLinger(0)
		return
	case "deaf":
		w.plays(kind)
		io.Copy(io.Discard, tcp)
		return
	default:
		panic(kind)
	}
	x := &crossing{wire: w, lane: &lane{TCPConn: tcp}, rng: rng}
	x.near = x.lane
	if w.secure != nil {
		server := tls.Server(x.lane, w.secure)
		if server.Handshake() != nil {
			return
		}
		x.near = server
	}
	x.reader = bufio.NewReader(x.near)
	for x.once() {
	}
	if x.far != nil {
		x.far.Close()
	}
}

func (w *badWire) plays(kind string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.played[kind]++
}

// lane is the TCP connection to the program. It can spoil what is written, TLS
// or not.
type lane struct {
	*net.TCPConn
	slice int           // write so many bytes at a time; 0: all at once
	pause time.Duration // after each slice
	cut   int           // let so many bytes through, and no more; 0: all
	twice bool
}

func (l *lane) Write(b []byte) (int, error) {
	out := b
	if l.twice {
		out = append(bytes.Clone(b), b...)
	}
	if l.cut > 0 {
		out = b[:min(l.cut-1, len(b))]
		l.cut -= len(out)
	}
	for len(out) > 0 {
		n := len(out)
		if l.slice > 0 {
			n = min(n, l.slice)
		}
		if _, err := l.TCPConn.Write(out[:n]); err != nil {
			return 0, err
		}
		out = out[n:]
		if l.pause > 0 {
			time.Sleep(l.pause)
		}
	}
	return len(b), nil
}

// crossing is one connection of the program's, and the one behind it.
type crossing struct {
	wire   *badWire
	lane   *lane
	near   net.Conn // the lane, or TLS over it
	reader *bufio.Reader
	far    net.Conn // to the sandbox; nil: none
	rng    *rand.Rand
}

// once lets one exchange pass, more or less. False means that the connection
// is at its end.
func (x *crossing) once() bool {
	kind := x.wire.wrong.draw(x.rng)
	if kind == "reset before" {
		return x.resetBefore(kind)
	}
	request, form, ok := x.request()
	if !ok {
		return false
	}
	if kind != "" {
		x.wire.plays(kind)
	}
	mark := x.wire.sees(form)
	switch kind {
	case "reset after", "ended after", "half closed", "silent":
		if x.rng.IntN(2) == 0 {
			x.forward(request)
		}
		x.leave(kind)
		return false
	case "429":
		const reply = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow"
		_, err := io.WriteString(x.near, reply)
		mark(err == nil)
		return err == nil
	}
	reply, err := x.forward(request)
	if err != nil { // as it went behind, so it goes here
		x.near.Write(reply)
		if errors.Is(err, syscall.ECONNRESET) {
			x.lane.SetLinger(0)
		}
		return false
	}
	mark(bytes.HasPrefix(reply, []byte("HTTP/1.1 429")) && kind != "cut" && kind != "torn")
	return x.pass(kind, reply)
}

// resetBefore breaks the connection at the first bytes of the next request,
// or before it was read whole.
func (x *crossing) resetBefore(kind string) bool {
	if n, _ := x.lane.Read(make([]byte, 1+x.rng.IntN(200))); n == 0 {
		return false
	}
	x.wire.plays(kind)
	x.lane.SetLinger(0)
	return false
}

// request reads one whole request, and gives what is passed on and the form
// without its hash.
func (x *crossing) request() (whole []byte, form string, ok bool) {
	if _, err := x.reader.Peek(1); err != nil {
		return nil, "", false
	}
	x.wire.mu.Lock()
	x.wire.begun++
	x.wire.mu.Unlock()
	r, err := http.ReadRequest(x.reader)
	if err != nil {
		return nil, "", false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", false
	}
	whole = fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: sandbox\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.Method, r.RequestURI, r.Header.Get("Content-Type"), len(body), body)
	form, _, _ = strings.Cut(string(body), "&hash=")
	return whole, form, true
}

// sees notes that a form came. The function that it gives notes whether 429 was
// the answer.
func (w *badWire) sees(form string) func(tooMany bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.seen[form])
	w.seen[form] = append(w.seen[form], false)
	return func(tooMany bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen[form][n] = tooMany
	}
}

// forward asks the sandbox. With an error it gives what came before that.
func (x *crossing) forward(request []byte) ([]byte, error) {
	if x.far == nil {
		far, err := net.Dial("tcp", x.wire.back)
		if err != nil {
			return nil, err
		}
		x.far = far
	}
	x.far.SetDeadline(time.Now().Add(x.wire.patience))
	var came bytes.Buffer
	_, err := x.far.Write(request)
	if err == nil {
		var reply *http.Response
		if reply, err = http.ReadResponse(bufio.NewReader(io.TeeReader(x.far, &came)), nil); err == nil {
			_, err = io.Copy(io.Discard, reply.Body)
		}
	}
	if err != nil {
		x.far.Close()
		x.far = nil
	}
	return came.Bytes(), err
}

// leave ends a connection without any reply.
func (x *crossing) leave(kind string) {
	switch kind {
	case "reset after":
		x.lane.SetLinger(0)
	case "half closed":
		x.lane.CloseWrite()
		io.Copy(io.Discard, x.lane)
	case "silent":
		io.Copy(io.Discard, x.lane)
	}
}

// pass gives a reply to the program.
func (x *crossing) pass(kind string, reply []byte) bool {
	l, more := x.lane, []byte(nil)
	l.slice, l.pause, l.twice = 0, 0, false
	switch kind {
	case "delayed":
		time.Sleep(x.soon(20 * time.Millisecond))
	case "sliced":
		l.slice = 1 + x.rng.IntN(7)
	case "narrow":
		l.slice, l.pause = 40, time.Millisecond
	case "cut", "torn":
		l.cut = 1 + x.rng.IntN(len(reply))
	case "doubled":
		if l.twice = x.rng.IntN(2) == 0; !l.twice {
			reply = append(bytes.Clone(reply), reply...)
		}
	case "doubled late":
		more = reply
	case "stray":
		reply = append(bytes.Clone(reply), "\r\nstray"...)
	case "stray late":
		more = []byte("stray")
	}
	_, err := x.near.Write(reply)
	l.twice = false
	if err != nil {
		return false
	}
	if more != nil {
		time.Sleep(x.soon(3 * time.Millisecond))
		x.near.Write(more)
	}
	return x.after(kind)
}

func (x *crossing) soon(most time.Duration) time.Duration {
	return time.Duration(x.rng.Int64N(int64(most)))
}

// after is what becomes of the connection once the reply was given.
func (x *crossing) after(kind string) bool {
	switch kind {
	case "torn":
		x.lane.SetLinger(0)
		return false
	case "reset late":
		time.Sleep(x.soon(3 * time.Millisecond))
		x.lane.SetLinger(0)
		return false
	case "closed late":
		time.Sleep(x.soon(3 * time.Millisecond))
		return false
	case "cut", "closed":
		return false
	}
	return true
}

// ownCertificate makes a certificate for 127.0.0.1 that is its own root, and
// writes that to a file.
func ownCertificate(t testing.TB, path string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a wire"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if path != "" {
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"http/1.1"}}
}
