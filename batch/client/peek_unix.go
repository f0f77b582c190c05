//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package client

import (
	"net"
	"syscall"
)

func newPeek(conn net.Conn) peekFunc {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return peekNowhere
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return peekNowhere
	}
	p := &peeker{raw: raw}
	p.look = p.recv // made once: this is asked before every exchange
	return p.peek
}

type peeker struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool
	buf  [1]byte
	n    int
	err  error
}

func (p *peeker) peek() peeked {
	if err := p.raw.Read(p.look); err != nil {
		return peekEnd
	}
	switch {
	case p.err == syscall.EAGAIN:
		return peekNothing
	case p.err == nil && p.n > 0:
		return peekBytes
	default:
		return peekEnd
	}
}

// recv returns true in any case, lest the runtime wait for bytes.
func (p *peeker) recv(fd uintptr) bool {
	p.n, p.err = peekByte(fd, &p.buf)
	return true
}
