package report

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// atomicFile is written beside its target and takes its place whole, or never.
// If we die before the rename the target is as it was; what is left beside it
// is taken away by a later createAtomic.
type atomicFile struct {
	*os.File
	target string
	done   bool
}

// partEnding marks files that are being written.
const partEnding = ".billmark-part"

// stale is the age from which such a file is nobody's any more.
const stale = 24 * time.Hour

func createAtomic(path string) (*atomicFile, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o666)
	switch info, err := os.Lstat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no ordinary file", path)
	case err == nil && info.Mode().Perm()&0o222 == 0:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	case err == nil:
		mode = info.Mode().Perm()
	}
	folder, base := filepath.Split(path)
	sweep(folder, base)
	name := filepath.Join(folder, fmt.Sprintf(".%s.%08x%s", base, rand.Uint32(), partEnding))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return nil, err
	}
	return &atomicFile{File: f, target: path}, nil
}

// sweep takes away what killed processes left behind.
func sweep(folder, base string) {
	left, _ := filepath.Glob(filepath.Join(folder, "."+base+".*"+partEnding))
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > stale {
			os.Remove(path)
		}
	}
}

// Commit makes the file durable and puts it in its place, unless err, the
// error of writing it, says that it is not whole.
func (f *atomicFile) Commit(err error) error {
	if err == nil {
		err = f.Sync()
	}
	f.done = true
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), f.target)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncFolder(filepath.Dir(f.target))
}

// Abort takes the unfinished file away; after Commit it does nothing.
func (f *atomicFile) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.Close()
	os.Remove(f.Name())
}

// syncFolder makes a rename durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Probe tests that a file can be written at path, and leaves no trace.
func Probe(path string) error {
	f, err := createAtomic(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString("billmark was here\n")
	f.Abort()
	return err
}
