//go:build amd64 || arm64

package journal

import (
	"os"
	"syscall"
	"unsafe"
)

// writeAt writes all of b at a place of a file. If quick is true the scheduler
// is not told that the call may take its time. What it does when told, looking
// every 20 microseconds whether somebody else should run, costs more than the
// call itself; but until the call returns nobody else may run.
func writeAt(f *os.File, b []byte, at int64, quick bool) error {
	if !quick {
		_, err := f.WriteAt(b, at)
		return err
	}
	for len(b) > 0 {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_PWRITE64, f.Fd(), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(at), 0, 0)
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			return errno
		case n == 0:
			return syscall.EIO
		default:
			b, at = b[n:], at+int64(n)
		}
	}
	return nil
}

// flush makes a file's contents durable; its times need not be.
func flush(f *os.File, quick bool) error {
	for {
		var errno syscall.Errno
		if quick {
			_, _, errno = syscall.RawSyscall(syscall.SYS_FDATASYNC, f.Fd(), 0, 0)
		} else {
			_, _, errno = syscall.Syscall(syscall.SYS_FDATASYNC, f.Fd(), 0, 0)
		}
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
		default:
			return errno
		}
	}
}
