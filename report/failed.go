package report

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"billmark/batch"
)

// Memory remembers which files are ours, by what is in them.
type Memory interface {
	// Wrote reports whether we ever wrote a file of this SHA-256 at the path,
	// which is absolute.
	Wrote(path string, digest [32]byte) (bool, error)
	// Write remembers that we are about to, beside what it knows already: if
	// we die before the file is in its place, the earlier one is still ours.
	Write(path string, digest [32]byte) error
}

// Failed writes the rows to be mended, header and rows byte for byte as they
// stand in the manifest. If there are none, no file of ours is left. A file
// that somebody has edited since we wrote it is never touched: a numbered name
// is used instead. It is a Writer.
type Failed struct {
	path   string
	header []byte
	memory Memory
	file   *atomicFile
	out    *bufio.Writer
	sum    hash.Hash
	kept   string
}

// NewFailed makes a failed file for path; header holds the bytes of the
// manifest up to its first row. Nothing is written before the first row to be
// mended. Without a memory every file that stands there counts as edited.
func NewFailed(path string, header []byte, m Memory) *Failed {
	return &Failed{path: path, header: header, memory: m}
}

// Path is the file that was written; "" if there is nothing to mend.
func (f *Failed) Path() string { return f.kept }

// Row implements Writer: it keeps rejected and invalid rows.
func (f *Failed) Row(l Line) error {
	if c := l.Outcome.Class; c != batch.Rejected && c != batch.Invalid {
		return nil
	}
	if f.file == nil {
		if err := f.begin(); err != nil {
			return err
		}
	}
	_, err := f.out.Write(l.Row.Raw)
	return err
}

func (f *Failed) begin() (err error) {
	if f.file, err = createAtomic(f.path); err != nil {
		return err
	}
	f.sum = sha256.New()
	f.out = bufio.NewWriterSize(io.MultiWriter(f.file, f.sum), 1<<16)
	_, err = f.out.Write(f.header)
	return err
}

// Close implements Writer.
func (f *Failed) Close() error {
	if f.file == nil {
		return f.clear(resolved(f.path), "")
	}
	if err := f.out.Flush(); err != nil {
		f.Abort()
		return err
	}
	if err := f.place(); err != nil {
		f.Abort()
		return err
	}
	return f.clear(resolved(f.path), f.file.target)
}

// place puts the file under the first name that is free or holds one of ours.
func (f *Failed) place() error {
	digest, wanted := [32]byte(f.sum.Sum(nil)), f.file.target
	target, err := f.free(wanted, digest)
	if err != nil {
		return err
	}
	if f.memory != nil {
		if err := f.memory.Write(absolute(target), digest); err != nil {
			return err
		}
	}
	f.file.target = target
	if err := f.file.Commit(nil); err != nil {
		return err
	}
	if f.kept = target; target == wanted {
		f.kept = f.path
	}
	return nil
}

// Abort implements Writer.
func (f *Failed) Abort() {
	if f.file != nil {
		f.file.Abort()
	}
}

// mostNames bounds how many numbered names are tried.
const mostNames = 1000

// clear takes earlier failed files of ours away, under the name and its
// numbered ones, except the one to be kept. What cannot be read is not ours.
func (f *Failed) clear(path, kept string) error {
	for n := 1; n < mostNames; n++ {
		name := numbered(path, n)
		found, err := digestOf(name)
		if errors.Is(err, os.ErrNotExist) && n > 1 {
			return nil
		}
		if err != nil || name == kept {
			continue
		}
		ours, err := f.wrote(name, found)
		if err == nil && ours {
			err = os.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// free finds the first name that holds no file, or one of ours, or the very
// bytes that we would write.
func (f *Failed) free(path string, digest [32]byte) (string, error) {
	for n := 1; n < mostNames; n++ {
		name := numbered(path, n)
		found, err := digestOf(name)
		switch {
		case errors.Is(err, os.ErrNotExist), err == nil && found == digest:
			return name, nil
		case err != nil:
			continue
		}
		if ours, err := f.wrote(name, found); err != nil || ours {
			return name, err
		}
	}
	return "", fmt.Errorf("%s: so many numbered names are taken that none is free", path)
}

func (f *Failed) wrote(path string, digest [32]byte) (bool, error) {
	if f.memory == nil {
		return false, nil
	}
	return f.memory.Wrote(absolute(path), digest)
}

// numbered is the n-th name for a file: NAME.csv, NAME-2.csv, NAME-3.csv ...
func numbered(path string, n int) string {
	if n == 1 {
		return path
	}
	ending := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ending), n, ending)
}

func digestOf(path string) (digest [32]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return digest, err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return digest, err
	}
	return [32]byte(sum.Sum(nil)), nil
}

// absolute is the name by which a file is remembered.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
