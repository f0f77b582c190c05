// Package walk brings together, row by row, what a manifest asks for and what
// the journal knows: it makes the plan of a run, the queue of what is to be
// sent, and the view that reports are written from. All three come from the
// same decisions, made by package batch.
//
// Rows of one bill may stand anywhere in a file, and a file may be of any
// length. So what each row asks for is sorted by bill into scratch space
// (spool), the journal's records are sorted the same way, each part is decided
// in memory, and the findings are sorted back into file order. Memory does not
// grow with the number of rows, but for rows of one and the same bill.
//
// It knows nothing of CSV or SQL, sends nothing and writes no report.
package walk

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"billmark/batch"
)

// Records is what a walk needs of a journal.
type Records interface {
	Scan(func(*batch.Record) error) error
}

// Config says what is walked, and by which of the user's choices.
type Config struct {
	Manifest batch.Manifest
	// Digest is the manifest's SHA-256.
	Digest [32]byte
	// Again says which updates are to be sent in spite of what is known.
	Again batch.Again
	// First is the number of updates to which a trial is limited; 0 is none.
	First int
	// Scratch is the folder of temporary files; "" is the system's.
	Scratch string
	// PlanOnly says that nothing but the Plan is wanted: there are no Tasks
	// and no rows for Each then.
	PlanOnly bool
	// Journal, if not nil, is read while the manifest is. It is the one that
	// the first Decide gets, and must be left alone until then.
	Journal Records
}

// Walk is one manifest, read once and decided on as often as needed. It is
// used by one goroutine at a time.
type Walk struct {
	Config
	seed  maphash.Seed
	asked *spool
	rpos  *spool
	bills filter
	ahead *ahead // the journal, until the first Decide

	rows    int
	faults  list
	doubts  list // warnings: of single rows, and of rows held together
	doubted bool // the latter have been found
	skipped int
	unused  int
	trimmed int
}

// parts is how many parts bills are sorted into; with five million rows a
// part takes about half a megabyte.
const parts = 256

// Read reads the manifest whole, giving every row to observe (which may be
// nil). An error means that the file as a whole cannot be used, or is that of
// observe.
func Read(c Config, observe func(*batch.Row) error) (*Walk, error) {
	w := &Walk{Config: c, seed: maphash.MakeSeed(), asked: newSpool(c.Scratch, parts), rpos: newSpool(c.Scratch, parts)}
	w.readAhead()
	if err := w.read(observe); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if w.ahead != nil {
		w.ahead.bills.Store(&w.bills)
	}
	return w, nil
}

func (w *Walk) read(observe func(*batch.Row) error) error {
	source, err := w.Manifest.OpenAt(batch.Mark{})
	if err != nil {
		return err
	}
	defer source.Close()
	var buffer []byte
	for {
		row, err := source.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if buffer, err = w.take(row, buffer[:0]); err != nil {
			return err
		}
		if observe == nil {
			continue
		}
		if err := observe(row); err != nil {
			return err
		}
	}
}

// take keeps what a row asks for.
func (w *Walk) take(row *batch.Row, buffer []byte) ([]byte, error) {
	w.rows++
	if row.Number != w.rows {
		return buffer, fmt.Errorf("row %d came as number %d", row.Number, w.rows)
	}
	if row.Skipped {
		w.skipped++
		return buffer, nil
	}
	w.unused += row.Unused
	w.trimmed += row.Trimmed
	w.faults.add(row.Faults...)
	w.doubts.add(row.Warnings...)
	u := &row.Update
	a := asked{bill: u.Bill, row: uint32(row.Number), line: uint32(row.Line)}
	if len(row.Faults) == 0 {
		a.status, a.date = u.Status, u.Date
	}
	if a.bill != 0 {
		w.bills.add(a.bill)
	}
	if a.status == batch.Sent {
		s := shared{rpo: w.hash(u.RPO), bill: a.bill, row: a.row, line: a.line}
		buffer = s.encode(buffer)
		if err := w.rpos.add(int(s.rpo%parts), buffer); err != nil {
			return buffer, err
		}
	}
	buffer = a.encode(buffer[:0], u.RPO)
	return buffer, w.asked.add(partOf(a.bill), buffer)
}

// hash shortens a tracking number. Its seed is new in every process, so that
// no file can be made in which two numbers are taken for one.
func (w *Walk) hash(rpo string) uint64 {
	if rpo == "" {
		return 0
	}
	return maphash.String(w.seed, rpo)
}

// hashBytes is hash.
func (w *Walk) hashBytes(rpo []byte) uint64 {
	if len(rpo) == 0 {
		return 0
	}
	return maphash.Bytes(w.seed, rpo)
}

// Rows is the number of data rows.
func (w *Walk) Rows() int { return w.rows }

// Close gives the scratch space back.
func (w *Walk) Close() error {
	return errors.Join(w.ahead.stop(), w.asked.close(), w.rpos.close())
}

// partOf sorts bills into parts, neighbours into different ones.
func partOf(bill uint64) int { return int(mix(bill) >> (64 - 8)) }

func mix(n uint64) uint64 {
	n ^= n >> 32
	n *= 0x9e3779b97f4a7c15
	n ^= n >> 29
	return n * 0xbf58476d1ce4e5b9
}

// filter tells bills of the manifest from most others: one bit for each value
// of a hash, so that an old journal is not sorted for the sake of a small file.
// It is small enough for a processor's cache; a large file fills it, and then
// most of the journal is sorted.
type filter struct{ bits []uint64 }

const filterBits = 20

func (f *filter) add(bill uint64) {
	if f.bits == nil {
		f.bits = make([]uint64, 1<<(filterBits-6))
	}
	h := mix(bill) >> (64 - filterBits)
	f.bits[h>>6] |= 1 << (h & 63)
}

func (f *filter) has(bill uint64) bool {
	if f.bits == nil {
		return false
	}
	h := mix(bill) >> (64 - filterBits)
	return f.bits[h>>6]&(1<<(h&63)) != 0
}

// list keeps the first faults by row, in whatever order they come, and counts
// all of them.
type list struct {
	first []batch.Fault
	count int
}

func (l *list) add(faults ...batch.Fault) {
	l.count += len(faults)
	l.first = append(l.first, faults...)
	if len(l.first) > 4*batch.Listed {
		l.first = l.sorted()
	}
}

// sorted gives the first ones in row order.
func (l *list) sorted() []batch.Fault {
	slices.SortStableFunc(l.first, func(a, b batch.Fault) int { return a.Row - b.Row })
	return l.first[:min(len(l.first), batch.Listed)]
}
