// Package client makes one HTTP exchange with the API on a connection it owns:
// a signed form goes in, a whole reply comes out, or the proof that nothing
// left, or the admission that nobody knows.
//
// It is not an HTTP library. It has no pool, no redirect, no cookie, no
// compression and above all no retry: a request that may have left is never
// sent again here, and what a reply means is judged elsewhere. It stands
// between the engine of package batch, whose Poster it is, and the network.
//
// "Nothing left" is simple to prove, because a request is one slice of bytes
// that is written by one call of Write: as long as that call was not begun,
// nothing left; once it was begun, nothing is certain but a whole reply.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// DefaultTimeout is how long one whole exchange may take if Config says
// nothing.
const DefaultTimeout = 60 * time.Second

// Config says where and how exchanges are made.
type Config struct {
	// URL is the base address; it ends in a slash, and the name of the
	// function is appended to it. Its scheme is https, or http for a loopback
	// host.
	URL *url.URL
	// Timeout is for one whole exchange; 0 means DefaultTimeout. At most half
	// of it goes to the connection, so that a request that leaves always has
	// the other half to be answered.
	Timeout time.Duration
	// RootCAs are the certificates to trust; nil means those of the system.
	RootCAs *x509.CertPool
	// Pin is the SHA-256 of the server key's SubjectPublicKeyInfo. It is
	// demanded in addition to a valid certificate; empty means no pin.
	Pin []byte
	// Proxy is an http proxy that is asked to CONNECT; it may carry a user
	// and a password. nil means none, whatever the environment says.
	Proxy *url.URL
	// OneUse has every exchange made on a connection of its own. A server
	// that answers twice can then never have its second reply taken for that
	// to another request; in return, each exchange takes a handshake.
	OneUse bool
	// UserAgent names the program; empty means "billmark".
	UserAgent string
	// Dial makes a TCP connection; nil means a net.Dialer. It must be safe
	// for concurrent use.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client opens connections to one API. It may be used by many goroutines at
// once.
type Client struct {
	endpoint
	timeout time.Duration
	tls     *tls.Config // nil for http
	dialRaw func(ctx context.Context, network, address string) (net.Conn, error)
	newPeek func(net.Conn) peekFunc
	trial   time.Duration // see there

	dials atomic.Int64
	// wary says that the server has sent bytes that no request asked for, or
	// ended a connection without saying so. From then on no connection is used
	// twice: the next such bytes could be taken for the reply to a request they
	// do not belong to, and the next request could meet the end. It is so from
	// the start with OneUse.
	wary   atomic.Bool
	astray atomic.Bool // see Astray
}

// New checks the configuration and makes a Client. It does not touch the
// network.
func New(cfg Config) (*Client, error) {
	e, err := newEndpoint(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{endpoint: e, timeout: cfg.Timeout, dialRaw: cfg.Dial, newPeek: newPeek, trial: trial}
	c.wary.Store(cfg.OneUse)
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.dialRaw == nil {
		// A deadline ends every exchange, so keep-alive probes add nothing.
		c.dialRaw = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	if e.secure {
		c.tls = tlsConfig(cfg, e.hostname)
	}
	return c, nil
}

// Open gives a Conn that has not connected yet. The caller closes it.
func (c *Client) Open() *Conn { return &Conn{client: c} }

// Astray reports whether more came on a connection that carried several exchanges
// than was asked for, when it was given up: from some exchange on, each may have
// taken the reply to the one before it. It is complete when all Conns are closed.
func (c *Client) Astray() bool { return c.astray.Load() }

// Dials counts the TCP connections made so far.
func (c *Client) Dials() int64 { return c.dials.Load() }
