package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// privateCopy is the manifest as it was when the command began: every pass
// reads this one, so that nobody can change it under a run.
type privateCopy struct {
	file   *os.File
	size   int64
	digest [32]byte
	// name is how the user calls it; base has no folder.
	name, base string
	workbook   bool // it was an Excel workbook, and file holds its rows as CSV
}

// copyManifest copies the manifest to a temporary file of its own, which goes
// away with the process.
func copyManifest(c *console, name string) (*privateCopy, error) {
	p := &privateCopy{name: name, base: filepath.Base(name)}
	in := c.in
	if name == "-" {
		p.name, p.base = "standard input", "stdin"
	} else {
		f, err := openManifest(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var err error
	if p.file, err = newCopyFile(p.name); err != nil {
		return nil, err
	}
	sum := sha256.New()
	if p.size, err = io.Copy(io.MultiWriter(p.file, sum), in); err != nil {
		return nil, errors.Join(fmt.Errorf("making a private copy of %s: %w", p.name, err), p.Close())
	}
	sum.Sum(p.digest[:0])
	if err := p.unpack(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func openManifest(name string) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, refused(fmt.Sprintf("%s: there is no such file", name), "check the name and the folder")
	case err != nil:
		return nil, refused(err.Error(), "check who may read it")
	case info.IsDir():
		return nil, refused(fmt.Sprintf("%s is a folder", name), "name a file in it")
	case !info.Mode().IsRegular():
		return nil, refused(fmt.Sprintf("%s is no ordinary file", name), "name a file, or - for standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, refused(strings.TrimPrefix(err.Error(), "open "), "check who may read it")
	}
	return f, nil
}

// Close gives the copy back.
func (p *privateCopy) Close() error { return dispose(p.file) }
