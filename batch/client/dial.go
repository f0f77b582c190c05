package client

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"billmark/batch"
)

const pinSize = sha256.Size

var (
	errPin       = errors.New("the server's key is not the pinned one")
	errElsewhere = errors.New("the address is not on this machine")
)

// tlsConfig demands a valid certificate and offers HTTP/1.1 alone: HTTP/2 has
// rules of its own for sending a request again.
func tlsConfig(cfg Config, hostname string) *tls.Config {
	t := &tls.Config{
		ServerName: hostname,
		RootCAs:    cfg.RootCAs,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// At an everyday pace every update has a connection of its own;
		// resuming the session spares most of the handshake's work.
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	if len(cfg.Pin) > 0 {
		pin := [pinSize]byte(cfg.Pin)
		// Unlike VerifyPeerCertificate this is also asked when a session is
		// resumed.
		t.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if subtle.ConstantTimeCompare(sum[:], pin[:]) != 1 {
				return errPin
			}
			return nil
		}
	}
	return t
}

// dial makes a connection, verified if the API is https. Its error is a
// *batch.PostError: no request has been written.
func (c *Client) dial(ctx context.Context) (*link, error) {
	start := time.Now()
	within, cancel := context.WithTimeout(ctx, c.timeout/2)
	defer cancel()
	l, reason, err := c.connectAll(within)
	if err == nil {
		l.opened = time.Now()
		l.budget = c.timeout - l.opened.Sub(start)
		return l, nil
	}
	if ctx.Err() != nil {
		reason, err = batch.ReasonStopped, context.Cause(ctx)
	}
	return nil, &batch.PostError{Reason: reason, Err: fmt.Errorf("connecting to %s: %w", c.address, bare(err))}
}

// connectAll makes the layers of a connection, one on the other.
func (c *Client) connectAll(ctx context.Context) (*link, batch.Reason, error) {
	first := c.address
	if c.proxy != "" {
		first = c.proxy
	}
	raw, err := c.dialRaw(ctx, "tcp", first)
	if err != nil {
		return nil, batch.ReasonConnect, err
	}
	c.dials.Add(1)
	if err := c.prepare(ctx, raw); err != nil {
		raw.Close()
		return nil, batch.ReasonConnect, err
	}
	raw = quick(raw)
	l := &link{Conn: raw, peek: c.newPeek(raw)}
	if c.tls == nil {
		return l, 0, nil
	}
	l.wire = &wire{Conn: raw, peek: l.peek}
	l.tls = tls.Client(l.wire, c.tls)
	l.Conn = l.tls
	if err := l.tls.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, handshakeReason(err, l.wire.failed), fmt.Errorf("starting TLS: %w", &strangerError{bare(err)})
	}
	return l, 0, nil
}

// prepare makes sure of what stands below TLS.
func (c *Client) prepare(ctx context.Context, raw net.Conn) error {
	if addr, ok := raw.RemoteAddr().(*net.TCPAddr); ok && c.local && !addr.IP.IsLoopback() {
		return errElsewhere // localhost may be given any address
	}
	if c.proxy != "" {
		return c.askProxy(ctx, raw)
	}
	return nil
}

// handshakeReason tells a server that did not prove who it is from a network
// that broke off before it could: only the second passes by itself.
func handshakeReason(err, network error) batch.Reason {
	var invalid *tls.CertificateVerificationError
	switch {
	case errors.As(err, &invalid), errors.Is(err, errPin):
		return batch.ReasonTLS
	case network != nil:
		return batch.ReasonConnect
	default:
		return batch.ReasonTLS
	}
}
