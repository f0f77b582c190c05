package client

import (
	"crypto/tls"
	"net"
	"time"
)

const (
	// idleLimit is how long a connection that has carried an exchange may
	// rest before the next one. A second reply to the first request, if a
	// server ever sends one, is the likelier to lie in wait the longer the
	// rest, and nothing in a reply says which request it answers.
	idleLimit = 100 * time.Millisecond
	// unusedLimit is the same for a connection that has carried nothing, on
	// which only the server's patience counts.
	unusedLimit = 2 * time.Second
	// trial is how long a connection must have rested, open and silent, after
	// its first reply before it is used again. It shows the servers that close
	// a connection without a word, or answer twice.
	trial = 30 * time.Millisecond
	// grace is how long after its end an exchange may still take in what has
	// come, and TLS may take for its last word.
	grace = 100 * time.Millisecond
)

// link is one connection that stands.
type link struct {
	net.Conn // the topmost layer
	tls      *tls.Conn
	wire     *wire // below tls
	peek     peekFunc
	opened   time.Time
	budget   time.Duration // for the next exchange
	used     bool          // has carried an exchange
	tried    bool          // and stayed silent after it
	atRest   bool          // no exchange is on
	rested   time.Time     // since when, if used
	looked   time.Time     // when it was last found to be ready
	late     bool          // the deadline has passed
}

// Read reads as its connection does, but what has come by the deadline it takes
// even a moment after it: the process may have been stopped while the reply
// came, or the machine asleep.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 || l.late || !timedOut(err) || l.SetDeadline(time.Now().Add(grace)) != nil {
		return n, err
	}
	l.late = true
	return l.Conn.Read(b)
}

// fresh reports whether the connection has not waited too long for its next
// exchange.
func (l *link) fresh(now time.Time) bool {
	if l.used {
		return within(l.rested, now, idleLimit)
	}
	return within(l.opened, now, unusedLimit)
}

// within reports whether no more than so much time has passed. The monotonic
// clock may stand still while a machine sleeps; the wall clock may jump. Both
// must agree.
func within(since, now time.Time, limit time.Duration) bool {
	wall := now.Round(0).Sub(since.Round(0))
	return now.Sub(since) <= limit && wall >= 0 && wall <= limit
}

// silence is what was found on a connection that should be silent.
type silence uint8

const (
	silent silence = iota
	ended          // closed, broken, or nobody can tell
	stray          // bytes that nobody asked for
)

// listen looks whether anything has come since the last exchange, without
// waiting for it.
func (l *link) listen() silence {
	if l.tls != nil {
		return l.listenTLS()
	}
	switch found := l.peek(); {
	case found == peekNothing, found == peekUnknown && !l.used:
		return silent
	case found == peekBytes:
		return stray
	default:
		return ended
	}
}

// listenTLS lets TLS take in what has come already. On a connection not yet
// used that may be session tickets; on a used one nothing may come.
func (l *link) listenTLS() silence {
	found := l.peek()
	var b [1]byte
	l.wire.hold = true
	n, err := l.tls.Read(b[:])
	l.wire.hold = false
	switch {
	case n > 0:
		return stray
	case err != errNothing || !l.wire.aligned():
		return ended
	case l.used && found != peekNothing:
		return ended
	default:
		return silent
	}
}

// wire is what lies below TLS. It keeps an account of the TLS records that
// pass, so that it is known when TLS holds the beginning of one back, and it
// remembers what broke, so that a broken network is told from a bad peer.
type wire struct {
	net.Conn
	peek   peekFunc
	hold   bool  // give only what has come already
	failed error // the first failure of a read or write

	head [5]byte // of the record that is passing
	have int     // how much of head has passed
	left int     // how much of the record's body has not
}

// errNothing says that nothing has come. TLS goes on after an error that is
// temporary.
var errNothing error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing has come" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

func (w *wire) Read(b []byte) (int, error) {
	if w.hold {
		if found := w.peek(); found == peekNothing || found == peekUnknown {
			return 0, errNothing
		}
	}
	n, err := w.Conn.Read(b)
	w.account(b[:n])
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return n, err
}

// SetWriteDeadline does nothing: TLS would give itself five seconds for its last
// word, which nobody may be reading.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func (w *wire) account(b []byte) {
	for len(b) > 0 {
		if w.left > 0 {
			n := min(w.left, len(b))
			w.left -= n
			b = b[n:]
			continue
		}
		n := copy(w.head[w.have:], b)
		w.have += n
		b = b[n:]
		if w.have == len(w.head) {
			w.have, w.left = 0, int(w.head[3])<<8|int(w.head[4])
		}
	}
}

// aligned reports whether only whole records have passed.
func (w *wire) aligned() bool { return w.have == 0 && w.left == 0 }
