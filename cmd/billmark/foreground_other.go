//go:build !unix

package main

import "io"

// inForeground is true: there are no background jobs that share a terminal.
func inForeground(io.Reader) bool { return true }
