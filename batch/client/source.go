package client

import (
	"errors"
	"io"
	"net"

	"billmark/batch"
)

// source is what a reply is parsed from. It knows what ended the stream, so
// that nobody has to ask a parser's error, whose text may quote what came.
type source struct {
	conn io.Reader
	head []byte // read already, comes first
	next error  // what the stream ended with, not met yet
	err  error  // the same, met
	left int    // how much may still be read
	over bool   // more was wanted

	known   int // how much of start has been seen
	foreign bool
}

func (s *source) Read(b []byte) (int, error) {
	switch {
	case s.left <= 0:
		s.over = true
		return 0, errLimit
	case len(s.head) > 0:
		n := copy(b[:min(len(b), s.left)], s.head)
		s.head = s.head[n:]
		return s.give(b[:n]), nil
	case s.next != nil:
		s.err = s.next
		return 0, s.err
	}
	n, err := s.conn.Read(b[:min(len(b), s.left)])
	s.next = err
	if n == 0 {
		s.err = err
	}
	return s.give(b[:n]), s.err
}

// give notes what is handed out, and whether it begins like HTTP.
func (s *source) give(b []byte) int {
	s.left -= len(b)
	for i := 0; i < len(b) && s.known < len(start); i++ {
		s.foreign = s.foreign || b[i] != start[s.known]
		s.known++
	}
	return len(b)
}

const (
	start   = "HTTP/"
	reading = "reading the reply"
)

var (
	errLimit   = errors.New("it is too long")
	errGarbled = errors.New("what came is not a valid HTTP reply")
	errForeign = errors.New("what came does not even begin like HTTP")
)

// explain tells why no whole reply could be read.
func (s *source) explain() error {
	switch {
	case s.over:
		return failed(batch.ReasonGarbled, reading+"'s header", errLimit)
	case s.err == nil:
		return failed(batch.ReasonGarbled, reading, errGarbled)
	case timedOut(s.err):
		return failed(batch.ReasonNoReply, reading, s.err)
	case s.foreign:
		return failed(batch.ReasonGarbled, reading, errForeign)
	case s.err == io.EOF:
		return failed(batch.ReasonBroken, reading, io.ErrUnexpectedEOF)
	default:
		return failed(batch.ReasonBroken, reading, s.err)
	}
}

func timedOut(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
