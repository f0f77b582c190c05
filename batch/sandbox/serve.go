package sandbox

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// grace is how long requests may go on when the sandbox is told to stop.
const grace = time.Second

// Serve answers requests on l until the context ends, and closes l. It gives
// the reason if it had to stop earlier, or the first error of writing the log.
func Serve(ctx context.Context, l net.Listener, s *Sandbox) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(stopped)
		within, done := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer done()
		if server.Shutdown(within) != nil {
			server.Close()
		}
	})
	err := server.Serve(s.Listener(l))
	if cancel() {
		server.Close()
		return err
	}
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.Err())
}

// Listener gives l the fault "refuse", which happens below HTTP: a share of
// requests finds its connection closed before a byte of it was read. For the
// first request on a connection that is right after it was accepted; for a
// later one when its first bytes arrive. It is for plain connections; without
// that fault it is l itself.
func (s *Sandbox) Listener(l net.Listener) net.Listener {
	if s.refuse == 0 {
		return l
	}
	return &gate{l, s}
}

// gate is a listener that closes some of its connections.
type gate struct {
	net.Listener
	s *Sandbox
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !g.s.refuses() {
			return &gateConn{Conn: conn, s: g.s}, nil
		}
		conn.Close()
	}
}

// refuses draws whether the next request is refused, and records it if so.
func (s *Sandbox) refuses() bool {
	n := s.arrivals.Add(1)
	if uniform(s.cfg.Seed, n, saltRefuse) >= s.refuse {
		return false
	}
	s.record(&Request{Fault: refuse})
	return true
}

// gateConn is a connection on which something that was written tells that the
// next bytes to be read begin another request. The server reads ahead while it
// answers, so only the bytes count, not when they were asked for.
type gateConn struct {
	net.Conn
	s        *Sandbox
	answered atomic.Bool
}

func (c *gateConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.answered.Swap(false) && c.s.refuses() {
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *gateConn) Write(b []byte) (int, error) {
	c.answered.Store(true)
	return c.Conn.Write(b)
}

// NetConn is the connection below.
func (c *gateConn) NetConn() net.Conn { return c.Conn }
