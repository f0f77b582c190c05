//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && !(amd64 || arm64))

package client

import "syscall"

// peekByte looks at the next byte that waits on a socket.
func peekByte(fd uintptr, b *[1]byte) (int, error) {
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n, err
}
