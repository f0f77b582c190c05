package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

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
// when they end; should this process die before, the next one finds here, and in
// the tail, what it had begun.
func appendOpen(b []byte, open map[batch.Update]*row) []byte {
	for _, r := range open {
		b = appendRow(b, r)
	}
	return b
}

// load reads the tally, and what is newer than the table, and holds both against
// what was seen committed.
func (j *Journal) load() error {
	t := &j.tally
	n, err := j.newest(t)
	if err != nil {
		return err
	}
	t.commits, t.seq = n.commits, max(n.seq, t.seq)
	if missing := j.seen.commits - t.commits; missing > 0 {
		return fmt.Errorf("%w: its last %d of %d entries are missing (was a file beside it removed, or an older copy put back?)",
			batch.ErrDamaged, missing, j.seen.commits)
	}
	j.fresh = slices.AppendSeq(j.fresh, maps.Values(n.rows))
	return nil
}

// newest is what was begun or has ended since the table was last changed.
type newest struct {
	commits, seq int64
	rows         map[batch.Update]*row
}

// newest reads the tally, what was in flight at its time, and the tail.
func (j *Journal) newest(t *tally) (n *newest, err error) {
	var open []byte
	var seal uint64
	if err := j.scan("SELECT commits, updates, digest, seq, open, seal FROM tally",
		&t.commits, &t.updates, (*signed)(&t.digest), &t.seq, &open, (*signed)(&seal)); err != nil {
		return nil, err
	}
	if t.seal(open) != seal {
		return nil, fmt.Errorf("%w: its tally was changed", batch.ErrDamaged)
	}
	n = &newest{commits: t.commits, rows: map[batch.Update]*row{}}
	rows, err := parseRows(open)
	if err == nil {
		n.take(rows)
		j.tail.begin(seal)
		err = j.tail.read(n.follow)
	}
	return n, err
}

// follow takes in the next commit.
func (n *newest) follow(commit int64, rows []*row) error {
	if commit != n.commits+1 {
		return errTail
	}
	n.commits = commit
	n.take(rows)
	return nil
}

func (n *newest) take(rows []*row) {
	for _, r := range rows {
		n.rows[r.update] = r
		n.seq = max(n.seq, r.seq)
	}
}

// adopt brings into the table what a process left outside that was killed: what
// had ended, and what was in flight and counts as unknown now. Whoever dies here
// leaves everything as it was.
func (j *Journal) adopt() error {
	if len(j.fresh) == 0 {
		return nil
	}
	return j.fold(func() error {
		for _, r := range j.fresh {
			old := row{update: r.update}
			if err := j.findRow(&old); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			r.stored = old.stored
		}
		return nil
	})
}
