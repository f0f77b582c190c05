package report

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

// createAtomic begins a file for path. The file that a link points to is
// replaced, not the link; permissions stay as they were.
func createAtomic(path string) (*atomicFile, error) {
	path = resolved(path)
	mode := fs.FileMode(0o666)
	info, err := os.Lstat(path)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist): // the name is too long, or a folder is closed to us
		return nil, err
	case exists && info.IsDir():
		return nil, fmt.Errorf("%s is a folder", path)
	case exists && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no ordinary file", path)
	case exists && info.Mode().Perm()&0o222 == 0:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	case exists:
		mode = info.Mode().Perm()
	}
	folder, base := filepath.Split(path)
	prefix := partPrefix(base)
	sweep(folder, prefix)
	name := filepath.Join(folder, fmt.Sprintf("%s%08x%s", prefix, rand.Uint32(), partEnding))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return nil, err
	}
	part := &atomicFile{File: f, target: path}
	if exists && runtime.GOOS != "windows" {
		if err := f.Chmod(mode); err != nil { // the umask may have taken some
			part.Abort()
			return nil, err
		}
	}
	return part, nil
}

// resolved follows links, also one that points to nothing yet.
func resolved(path string) string {
	for range 40 {
		if to, err := filepath.EvalSymlinks(path); err == nil {
			return to
		}
		to, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// partPrefix is how the unfinished files for a name begin. A long name is cut,
// lest with our ending it be too long for the file system.
func partPrefix(base string) string {
	const limit = 200
	if len(base) > limit {
		base = strings.ToValidUTF8(base[:limit], "")
	}
	return "." + base + "."
}

// sweep takes away what killed processes left behind.
func sweep(folder, prefix string) {
	entries, _ := os.ReadDir(filepath.Clean(folder))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), partEnding) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > stale {
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// Commit makes the file durable and puts it in its place, unless err, the
// error of writing it, says that it is not whole.
func (f *atomicFile) Commit(err error) error {
	if f.done {
		return errors.Join(err, fs.ErrClosed)
	}
	f.done = true
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), f.target)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	syncFolder(filepath.Dir(f.target))
	return nil
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

// syncFolder makes a rename durable where the file system can do that. Where
// it cannot, a power cut may bring back the file as it was before: whole too.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
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
