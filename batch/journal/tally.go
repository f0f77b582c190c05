package journal

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"billmark/batch"
)

// tally mirrors the table of that name: what must be true of all records.
type tally struct {
	commits, updates int64
	digest           uint64
	seq              int64
}

// seal guards the tally itself, and what was in flight with it.
func (t *tally) seal(open []byte) uint64 {
	d := fnv(offset).number(uint64(t.commits)).number(uint64(t.updates)).number(t.digest).number(uint64(t.seq))
	return uint64(d.bytes(open))
}

// appendOpen writes down the updates in flight. They get a record of their own
// when they end; should this process die before, the next one finds here what
// it had begun.
func appendOpen(b []byte, open map[batch.Update]*row) []byte {
	for u, r := range open {
		for _, n := range [...]int64{int64(u.Bill), int64(u.Status), u.Date, int64(u.Occurrence), r.begun, r.run, r.line, int64(len(u.RPO))} {
			b = binary.AppendVarint(b, n)
		}
		b = append(b, u.RPO...)
	}
	return b
}

// parseOpen reads what appendOpen wrote.
func parseOpen(b []byte) ([]*row, error) {
	var rows []*row
	for len(b) > 0 {
		var n [8]int64
		for i := range n {
			size := 0
			if n[i], size = binary.Varint(b); size <= 0 {
				return nil, errOpen
			}
			b = b[size:]
		}
		length := n[7]
		if length < 0 || length > int64(len(b)) {
			return nil, errOpen
		}
		u := batch.Update{Bill: uint64(n[0]), Status: batch.Status(n[1]), Date: n[2], Occurrence: int(n[3]), RPO: string(b[:length])}
		rows = append(rows, &row{update: u, begun: n[4], run: n[5], line: n[6]})
		b = b[length:]
	}
	return rows, nil
}

var errOpen = fmt.Errorf("%w: what was in flight cannot be read", batch.ErrDamaged)

// load reads the tally and holds it against what was seen committed.
func (j *Journal) load() error {
	t := &j.tally
	var open []byte
	var seal uint64
	if err := j.scan("SELECT commits, updates, digest, seq, open, seal FROM tally",
		&t.commits, &t.updates, (*signed)(&t.digest), &t.seq, &open, (*signed)(&seal)); err != nil {
		return err
	}
	if t.seal(open) != seal {
		return fmt.Errorf("%w: its tally was changed", batch.ErrDamaged)
	}
	if missing := j.seen.commits - t.commits; missing > 0 {
		return fmt.Errorf("%w: its last %d of %d entries are missing (was a file beside it removed, or an older copy put back?)",
			batch.ErrDamaged, missing, j.seen.commits)
	}
	var err error
	j.left, err = parseOpen(open)
	return err
}

// adopt gives the updates that a killed process left in flight their records.
// Whoever dies here leaves everything as it was.
func (j *Journal) adopt() error {
	if len(j.left) == 0 {
		return nil
	}
	return j.commitGroup(func() error {
		for _, left := range j.left {
			r := &row{update: left.update, run: left.run, line: left.line}
			if err := j.findRow(r); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			r.began(left.begun)
			if err := j.storeRow(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// storeRow inserts or changes a row.
func (j *Journal) storeRow(r *row) error {
	if r.stored == 0 {
		return j.insertRow(r)
	}
	return j.updateRow(r)
}
