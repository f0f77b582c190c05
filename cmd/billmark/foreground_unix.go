//go:build unix

package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// inForeground reports whether who reads from a terminal now would not be
// stopped for it, as a shell's background jobs are.
func inForeground(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return true
	}
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
