package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"billmark/batch"
)

// keepBuffer is how large a request's buffer may be to be used again.
const keepBuffer = 64 << 10

// Conn makes one exchange after another, on one connection as long as nothing
// speaks against it. It is used by one goroutine at a time, and starts none
// that outlives a call.
type Conn struct {
	client  *Client
	link    *link // nil: none stands
	request []byte
	reply   replyReader
}

var _ batch.Poster = (*Conn)(nil)

// Connect makes a connection that is ready for Post, unless one stands that
// has not waited too long; whether anything came on that one meanwhile Post
// will see. One that has carried but one exchange is waited for until it has
// shown that it stays silent. Connect's error is a *batch.PostError: nothing left.
func (c *Conn) Connect(ctx context.Context) error {
	if l := c.link; ctx.Err() == nil && l != nil && (l.tried || !l.used) && c.mayCarry(l, time.Now()) {
		return nil
	}
	_, err := c.ready(ctx)
	return err
}

// Post sends body to a function of the API, exactly once, and reads one whole
// reply; if no usable connection stands it makes one first. Its error is a
// *batch.PostError. The context ends it only as long as nothing was written;
// from then on the timeout alone does. The Answer's Body is valid until the
// next Post.
func (c *Conn) Post(ctx context.Context, function string, body []byte) (batch.Answer, error) {
	if !plainWord(function) {
		return batch.Answer{}, failed(batch.ReasonStopped, "building the request", errFunction)
	}
	c.request = c.client.appendRequest(c.request[:0], function, body)
	l, err := c.readyNow(ctx)
	if err != nil {
		return batch.Answer{}, err
	}
	again := l.used
	l.used, l.atRest, l.budget = true, false, c.client.timeout
	_, err = l.Write(c.request)
	if cap(c.request) > keepBuffer {
		c.request = nil
	}
	// The write was begun: whatever it says it wrote, something may have left.
	if err != nil {
		c.mistrust(again)
		c.drop()
		return batch.Answer{}, failed(batch.ReasonBroken, "sending the request", err)
	}
	// To read at once is nearly always to find nothing. While others send
	// theirs, the reply may come.
	runtime.Gosched()
	answer, err := c.receive(l)
	c.mistrust(err != nil && again)
	return answer, err
}

// mistrust has no connection used twice any more, if there is cause for it.
func (c *Conn) mistrust(cause bool) {
	if cause {
		c.client.wary.Store(true)
	}
}

// receive reads the reply and decides whether the connection is used again.
func (c *Conn) receive(l *link) (batch.Answer, error) {
	answer, end, err := c.reply.read(l)
	c.mistrust(end == endStray || end == endClosed)
	if err != nil || end != endClean || l.late || c.client.wary.Load() {
		c.drop()
		return answer, err
	}
	l.rested, l.atRest = time.Now(), true
	return answer, nil
}

// Close drops the connection; one that has carried several exchanges after a
// moment in which what nobody asked for may show. The Conn can be used again
// after it.
func (c *Conn) Close() error {
	if c.link != nil && c.link.tried {
		time.Sleep(c.client.trial - time.Since(c.link.rested))
	}
	c.drop()
	return nil
}

// drop closes the connection. What closing says is of no interest: nothing is
// on its way.
func (c *Conn) drop() {
	l := c.link
	if l == nil {
		return
	}
	l.SetDeadline(time.Now().Add(grace))
	if l.tried && l.atRest && l.listen() == stray {
		c.client.astray.Store(true)
	}
	l.Close()
	c.link = nil
}

const (
	// staleLook is how old the look at a connection may be when the request is
	// written. It is older if the process was stopped in between; then the
	// deadline is, too, and what was found on the connection.
	staleLook = 10 * time.Millisecond
	mostLooks = 5 // then the machine is as good as stopped, and it is written all the same
)

// readyNow is ready, looked at only just now.
func (c *Conn) readyNow(ctx context.Context) (l *link, err error) {
	for range mostLooks {
		if l, err = c.ready(ctx); err != nil || within(l.looked, time.Now(), staleLook) {
			break
		}
	}
	return l, err
}

// ready gives a connection that is silent, with the deadline set for an exchange
// that starts now. Who speaks on one that has carried nothing yet answers before
// it is asked: no request is written to it, nor at once to another one.
func (c *Conn) ready(ctx context.Context) (*link, error) {
	if ctx.Err() != nil {
		return nil, failed(batch.ReasonStopped, "connecting", context.Cause(ctx))
	}
	if c.link != nil {
		if err := c.rest(ctx); err != nil {
			return nil, err
		}
		switch found := c.look(c.link); {
		case found == silent:
			return c.link, nil
		case found == stray && !c.link.used:
			c.drop()
			return nil, failed(batch.ReasonConnect, "connecting", errEarly)
		}
		c.drop()
	}
	l, err := c.client.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.link = l
	switch c.look(l) {
	case silent:
		return l, nil
	case stray:
		err = errEarly
	default:
		err = errClosed
	}
	c.drop()
	return nil, failed(batch.ReasonConnect, "connecting", err)
}

// rest waits until a connection that has carried one exchange has been silent
// for long enough, if it may be used again at all.
func (c *Conn) rest(ctx context.Context) error {
	l := c.link
	left := c.client.trial - time.Since(l.rested)
	if !l.used || l.tried || left <= 0 || c.client.wary.Load() {
		return nil
	}
	pause, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	<-pause.Done()
	if ctx.Err() != nil {
		return failed(batch.ReasonStopped, "connecting", context.Cause(ctx))
	}
	return nil
}

// look sets the deadline for another exchange on a connection and looks whether
// it may carry it: whether it is fresh, stands, and nothing has come on it.
func (c *Conn) look(l *link) silence {
	now := time.Now()
	// The deadline comes first: looking at the socket fails past an old one.
	if !c.mayCarry(l, now) || l.SetDeadline(now.Add(l.budget)) != nil {
		return ended
	}
	l.looked = now
	found := l.listen()
	c.mistrust(found == stray || found == ended && l.used)
	l.tried = l.tried || l.used && found == silent
	return found
}

// mayCarry reports whether a standing connection may carry another exchange as
// far as can be told without looking at it.
func (c *Conn) mayCarry(l *link, now time.Time) bool {
	return l.fresh(now) && (!l.used || !c.client.wary.Load())
}

var (
	errFunction = errors.New("the name of the function is not a plain word")
	errEarly    = errors.New("the server spoke before it was asked anything")
	errClosed   = errors.New("the server closed the connection at once")
)

func failed(reason batch.Reason, doing string, cause error) error {
	return &batch.PostError{Reason: reason, Err: fmt.Errorf("%s: %w", doing, bare(cause))}
}

// bareError is an error of package net without what it says of the operation and
// the addresses, one of which is another each time.
type bareError struct{ *net.OpError }

func (e bareError) Error() string {
	var call *os.SyscallError
	if errors.As(e.Err, &call) {
		return call.Err.Error()
	}
	return e.Err.Error()
}

func (e bareError) Unwrap() error { return e.OpError }

func bare(err error) error {
	if op, ok := err.(*net.OpError); ok {
		return bareError{op}
	}
	return err
}
