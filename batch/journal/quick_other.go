//go:build !(linux && (amd64 || arm64))

package journal

import "os"

// writeAt writes all of b at a place of a file.
func writeAt(f *os.File, b []byte, at int64, _ bool) error {
	_, err := f.WriteAt(b, at)
	return err
}

// flush makes a file's contents durable.
func flush(f *os.File, _ bool) error { return f.Sync() }
