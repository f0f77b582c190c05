package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"billmark/batch"
)

// tail is a file beside the journal in which groups of changes become durable,
// each by one write and one flush, before they come into the table, many groups
// at a time. It holds what is newer than the table: its records form a chain
// that starts at the seal of the table's tally, so that what an earlier tail
// left behind them, or a tail from elsewhere, is never taken for more.
//
// A record is its payload's length (4 bytes, little-endian), its link in the
// chain (8), and the payload: the number of the commit and the rows that it
// changed, as appendRow writes them.
type tail struct {
	file *os.File
	end  int64 // where the next record goes
	link fnv   // of the last record
	buf  []byte
}

const (
	tailHead = 12
	// tailSize is made when the file is: to write where something was written
	// before takes one flush, to lengthen a file two. When it is full its
	// changes come into the table.
	tailSize = 128 << 10
)

func tailPath(path string) string { return path + ".tail" }

// openTail opens the tail of a journal, or makes it. It is there for good, not
// only in memory, before the journal is marked as in use.
func openTail(path string) (*tail, error) {
	f, err := os.OpenFile(tailPath(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	t := &tail{file: f}
	if err := t.lengthen(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// lengthen fills the file up to its size, and makes it durable.
func (t *tail) lengthen() error {
	size, err := t.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := t.file.Write(make([]byte, max(0, tailSize-size))); err != nil {
		return err
	}
	if err := t.file.Sync(); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(t.file.Name())); err == nil { // not on every system
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// begin lets the next record be the first after a table of this seal.
func (t *tail) begin(seal uint64) { t.end, t.link = 0, fnv(seal) }

// next starts a record; the caller appends rows to it.
func (t *tail) next(commit int64) []byte {
	if cap(t.buf) > tailSize { // unheard-of tracking numbers
		t.buf = nil
	}
	return binary.AppendVarint(append(t.buf[:0], make([]byte, tailHead)...), commit)
}

// write makes a record durable, as quickly as quick says.
func (t *tail) write(record []byte, quick bool) error {
	t.buf = record
	payload := record[tailHead:]
	link := t.link.bytes(payload)
	binary.LittleEndian.PutUint32(record, uint32(len(payload)))
	binary.LittleEndian.PutUint64(record[4:], uint64(link))
	err := writeAt(t.file, record, t.end, quick)
	if err == nil {
		err = flush(t.file, quick)
	}
	if err != nil {
		return fmt.Errorf("%w: writing %s: %w", ErrDisk, filepath.Base(t.file.Name()), err)
	}
	t.link, t.end = link, t.end+int64(len(record))
	return nil
}

// full reports whether it is time to bring the changes into the table.
func (t *tail) full() bool { return t.end >= tailSize }

// read gives the commits that the chain holds, in order. It ends where the
// chain does: with a record that was being written when the process died, or
// one that is damaged; the witness beside the journal tells them apart.
func (t *tail) read(give func(commit int64, rows []*row) error) error {
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	data, err := io.ReadAll(t.file)
	if err != nil {
		return err
	}
	for int64(len(data)) >= t.end+tailHead {
		head := data[t.end:]
		length := int64(binary.LittleEndian.Uint32(head))
		if length > int64(len(head))-tailHead {
			return nil
		}
		payload := head[tailHead : tailHead+length]
		link := t.link.bytes(payload)
		if uint64(link) != binary.LittleEndian.Uint64(head[4:]) {
			return nil
		}
		commit, size := binary.Varint(payload)
		if size <= 0 {
			return errTail
		}
		rows, err := parseRows(payload[size:])
		if err != nil {
			return err
		}
		if err := give(commit, rows); err != nil {
			return err
		}
		t.link, t.end = link, t.end+tailHead+length
	}
	return nil
}

var errTail = fmt.Errorf("%w: its newest entries cannot be read", batch.ErrDamaged)

// remove takes the file away. Everything in it must be in the table; should it
// stay, nothing in it is believed.
func (t *tail) remove() {
	t.close()
	os.Remove(t.file.Name())
}

// close can be called more than once.
func (t *tail) close() error {
	if err := t.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
