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
	// Wrote reports whether we wrote a file of this SHA-256 at the path.
	Wrote(path string, digest [32]byte) (bool, error)
	// Write remembers that we are about to.
	Write(path string, digest [32]byte) error
}

// Failed writes the rows to be mended, header and rows byte for byte as they
// stand in the manifest. If there are none, no file is left. A file that
// somebody has edited since we wrote it is never touched: a numbered name is
// used instead. It is a Writer.
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
		return f.remove()
	}
	if err := f.out.Flush(); err != nil {
		f.Abort()
		return err
	}
	digest := [32]byte(f.sum.Sum(nil))
	target, err := f.free(digest)
	if err == nil && f.memory != nil {
		err = f.memory.Write(absolute(target), digest)
	}
	if err != nil {
		f.Abort()
		return err
	}
	f.file.target, f.kept = target, target
	return f.file.Commit(nil)
}

// Abort implements Writer.
func (f *Failed) Abort() {
	if f.file != nil {
		f.file.Abort()
	}
}

// remove takes an earlier failed file away, now that nothing is to be mended.
func (f *Failed) remove() error {
	ours, err := f.ours(f.path, nil)
	if err != nil || !ours {
		return err
	}
	if err := os.Remove(f.path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// free finds the first name that holds no file, or one of ours.
func (f *Failed) free(digest [32]byte) (string, error) {
	ending := filepath.Ext(f.path)
	stem := strings.TrimSuffix(f.path, ending)
	for n, path := 2, f.path; ; n++ {
		ours, err := f.ours(path, &digest)
		if errors.Is(err, os.ErrNotExist) || err == nil && ours {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		path = fmt.Sprintf("%s-%d%s", stem, n, ending)
	}
}

// ours reports whether the file at path is as we wrote it, or as we would.
func (f *Failed) ours(path string, same *[32]byte) (bool, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && same == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return false, err
	}
	digest := [32]byte(sum.Sum(nil))
	if same != nil && digest == *same {
		return true, nil
	}
	if f.memory == nil {
		return false, nil
	}
	return f.memory.Wrote(absolute(path), digest)
}

// absolute is the name by which a file is remembered.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
