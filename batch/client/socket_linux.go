//go:build amd64 || arm64

package client

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// socket is a TCP connection as package net made it, but its calls to the
// system, which never block, are made without telling the scheduler that one
// might. Being told, it looks every 20 microseconds whether somebody else should
// run, which costs more than the calls. Deadlines and waiting are still package
// net's.
type socket struct {
	net.Conn
	raw         syscall.RawConn
	read, write func(fd uintptr) bool // made once: they are asked in every exchange
	bytes       []byte                // to read into, or to be written
	n           int
	errno       syscall.Errno
}

// quick gives a connection whose calls cost less, if there is one.
func quick(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	s := &socket{Conn: conn, raw: raw}
	s.read, s.write = s.readOnce, s.writeAll
	return s
}

// SyscallConn implements syscall.Conn.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

// Read implements net.Conn.
func (s *socket) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := s.do("read", b, s.raw.Read, s.read)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// Write implements net.Conn.
func (s *socket) Write(b []byte) (int, error) {
	return s.do("write", b, s.raw.Write, s.write)
}

func (s *socket) do(op string, b []byte, wait func(func(uintptr) bool) error, call func(uintptr) bool) (int, error) {
	s.bytes, s.n, s.errno = b, 0, 0
	err := wait(call)
	s.bytes = nil
	if err == nil && s.errno != 0 {
		err = &net.OpError{Op: op, Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: os.NewSyscallError(op, s.errno)}
	}
	return s.n, err
}

// readOnce is false as long as nothing has come.
func (s *socket) readOnce(fd uintptr) bool {
	defer tellRead(fd)
	return s.call(syscall.SYS_READ, fd, s.bytes)
}

// writeAll is false as long as not all could be written.
func (s *socket) writeAll(fd uintptr) bool {
	tellWrite(fd)
	for s.n < len(s.bytes) && s.errno == 0 {
		if !s.call(syscall.SYS_WRITE, fd, s.bytes[s.n:]) {
			return false
		}
	}
	return true
}

// call is false if it would have to wait.
func (s *socket) call(number, fd uintptr, b []byte) bool {
	for {
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch errno {
		case 0:
			s.n += int(n)
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			s.errno = errno
			return true
		}
	}
}

// peekByte looks at the next byte that waits on a socket.
func peekByte(fd uintptr, b *[1]byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(b)), 1, syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
