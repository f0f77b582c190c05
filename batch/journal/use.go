package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"billmark/batch"
)

// company is what lay beside a journal before it was opened. A journal that
// was in use when its process ended has its last records in the files beside it:
// moved, copied or linked without them, it has forgotten what was sent; and where
// they are and it is not, somebody took it away.
type company struct {
	log  bool // there is a write-ahead log
	seen bool // there is a witness, which would miss what is missing
	tail bool // there are the newest changes
}

func companyOf(path string) company {
	return company{log: exists(path + "-wal"), seen: exists(seenPath(path)), tail: exists(tailPath(path))}
}

// Exists reports whether there is a journal at path, or what was left when
// somebody took it away: Open refuses that.
func Exists(path string) bool { return exists(path) || companyOf(path) != company{} }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// complete reports whether nothing can be missing without being missed.
func (c company) complete() bool { return c.tail && (c.log || c.seen) }

func parted(path string) error {
	name := filepath.Base(path)
	return fmt.Errorf("%w: it was in use when its process ended, and not all that belongs to it is beside it: %[2]s.tail, %[2]s-wal, %[2]s.seen (was it moved or copied by itself?)",
		batch.ErrDamaged, name)
}

// bereft reports whether the journal itself is gone, or empty. A log alone may
// lie beside an empty one: its process died while it made it.
func (c company) bereft(path string) bool {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return c != company{}
	case info.Size() == 0:
		return c.tail || c.seen
	}
	return false
}

// recognize refuses a file of some other kind, other programs' SQLite files
// included: to open them would change them. One that has a journal's company is
// left to SQLite, for it may be a journal that was damaged.
func recognize(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // for others to say
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := io.ReadFull(f, head)
	if n == 0 || companyOf(path) != (company{}) || ours(head) {
		return nil
	}
	return fmt.Errorf("%w: it does not begin like one", ErrNotJournal)
}

// headSize is how much of a file shows whose it is.
const headSize = 105

// ours reports whether a file begins as an SQLite file with our application ID
// does, or one without any table, which is what a disk that was full leaves of a
// journal. See sqlite.org/fileformat.html, sections 1.3 and 1.6.
func ours(head []byte) bool {
	const magic, idAt, firstPage, leaf = "SQLite format 3\x00", 68, 100, 0x0d
	if !bytes.HasPrefix(head, []byte(magic)) {
		return false
	}
	id, cells := binary.BigEndian.Uint32(head[idAt:]), binary.BigEndian.Uint16(head[firstPage+3:])
	return id == applicationID || id == 0 && head[firstPage] == leaf && cells == 0
}

// taken is the error of a journal that is gone, or empty, while what belongs to
// it is not.
func taken(path string) error {
	name := filepath.Base(path)
	return fmt.Errorf("%w: %s itself is gone, but files that belong to it are there: %[2]s.tail, %[2]s-wal or %[2]s.seen (was it moved or removed by itself?)",
		batch.ErrDamaged, name)
}

// occupy marks the journal as in use, in the file itself.
func (j *Journal) occupy() error {
	var open int64
	if err := j.scan("SELECT open FROM use", &open); err != nil {
		return err
	}
	if open != 0 && !j.company.complete() {
		return parted(j.path)
	}
	var err error
	if j.tail, err = openTail(j.path); err != nil || open != 0 {
		return err
	}
	return j.mark("UPDATE use SET open = 1")
}

// ground brings the log into the file itself: the tables, the mark, and what a
// process left there that was killed before its flush. Only after that is
// anything begun, or written to the tail.
func (j *Journal) ground() error { return j.mark("PRAGMA wal_checkpoint(TRUNCATE)") }

// leave brings everything into the table and takes the mark back. Should that
// fail, what lies beside the file still tells.
func (j *Journal) leave() error {
	if j.tail.end > 0 {
		if err := j.fold(func() error { return nil }); err != nil {
			return err
		}
	}
	if err := j.mark("UPDATE use SET open = 0"); err != nil {
		return err
	}
	j.tail.remove()
	return nil
}

func (j *Journal) mark(queries ...string) error {
	for _, q := range queries {
		if _, err := j.conn.ExecContext(context.Background(), q); err != nil {
			return err
		}
	}
	return nil
}
