package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"billmark/batch"
)

// errClosed is the answer to a call after Close.
var errClosed = errors.New("the journal is closed")

// entry is one change that a caller waits for.
type entry struct {
	kind    kind
	run     int64
	task    batch.Task
	outcome batch.Outcome
	note    string
	done    chan error
}

type kind uint8

const (
	begin kind = iota
	end
	settle
)

var entryPool = sync.Pool{New: func() any { return &entry{done: make(chan error, 1)} }}

// Begin implements batch.Journal.
func (j *Journal) Begin(run int64, t batch.Task) error {
	return j.submit(entry{kind: begin, run: run, task: t})
}

// End implements batch.Journal.
func (j *Journal) End(run int64, t batch.Task, o batch.Outcome) error {
	return j.submit(entry{kind: end, run: run, task: t, outcome: o})
}

// Settle decides what became of an update that is unknown or unverified: o is
// Confirmed or Unsent, and note says who or what decided it, and why. It must
// not be called during a run.
func (j *Journal) Settle(u batch.Update, o batch.Outcome, note string) error {
	return j.submit(entry{kind: settle, task: batch.Task{Update: u}, outcome: o, note: note})
}

// submit hands a change to the writer and waits until it is durable.
func (j *Journal) submit(e entry) (err error) {
	defer func() {
		if recover() != nil { // the channel is closed
			err = errClosed
		}
	}()
	p := entryPool.Get().(*entry)
	defer entryPool.Put(p)
	e.done = p.done
	*p = e
	j.entries <- p
	return <-p.done
}

// groupLimit bounds a transaction, and with it what a caller waits for.
const groupLimit = 512

// linger is how long a group waits for more when many requests are in flight:
// the price of a commit is its flush, whatever it holds.
const linger = 2 * time.Millisecond

// write is the one writer. It commits what waits in groups. After the first
// failure it accepts nothing more: what a failed flush left behind is not
// known, and trying again would be a guess.
func (j *Journal) write() {
	group := make([]*entry, 0, groupLimit)
	for first := range j.entries {
		group = j.gather(append(group[:0], first))
		if j.failed == nil {
			j.failed = j.commitGroup(group)
		}
		for _, e := range group {
			e.done <- j.failed
		}
	}
}

// gather adds to the group what is there, and waits a moment for more if
// enough requests are in flight to bring it.
func (j *Journal) gather(group []*entry) []*entry {
	var timeout <-chan time.Time
	for len(group) < groupLimit {
		select {
		case e, ok := <-j.entries:
			if !ok {
				return group
			}
			group = append(group, e)
			continue
		default:
		}
		if len(group) > len(j.open)/2 {
			return group
		}
		if timeout == nil {
			timeout = time.After(linger)
		}
		select {
		case e, ok := <-j.entries:
			if !ok {
				return group
			}
			group = append(group, e)
		case <-timeout:
			return group
		}
	}
	return group
}

// commitGroup makes a group of changes durable, all or none.
func (j *Journal) commitGroup(group []*entry) error {
	before := j.tally
	err := j.exec(j.begin)
	for i := 0; err == nil && i < len(group); i++ {
		err = j.apply(group[i])
	}
	if err == nil {
		j.tally.commits++
		err = j.exec(j.setTally, j.tally.commits, j.tally.updates, int64(j.tally.digest), j.tally.seq)
	}
	if err == nil {
		err = j.exec(j.commit)
	}
	if err != nil {
		j.tally = before
		_ = j.exec(j.rollback) // SQLite may have done so by itself; nothing follows anyway
		return understood(err)
	}
	// From here on a journal without this commit is one that lost something.
	return j.seen.note(j.tally.commits)
}

// apply makes one change within the transaction.
func (j *Journal) apply(e *entry) error {
	if e.note != "" {
		if _, err := j.addNote.ExecContext(context.Background(), time.Now().Unix(), int64(e.task.Update.Bill), e.note); err != nil {
			return err
		}
	}
	if e.kind == begin {
		return j.applyBegin(e)
	}
	return j.applyEnd(e)
}

// applyBegin notes that a request starts. An update never heard of, the usual
// case, takes one statement.
func (j *Journal) applyBegin(e *entry) error {
	r := &row{update: e.task.Update, run: e.run, line: int64(e.task.Line)}
	now := time.Now().Unix()
	r.began(now)
	if inserted, err := j.insertRow(r); inserted || err != nil {
		j.open[r.update] = r
		return err
	}
	if err := j.findRow(r); err != nil {
		return err
	}
	if r.open || r.class != batch.Unsent && !e.task.Again {
		return fmt.Errorf("%w: %s, line %d", batch.ErrSentBefore, e.task.Update, e.task.Line)
	}
	r.began(now)
	j.open[r.update] = r
	return j.updateRow(r)
}

// applyEnd notes an outcome.
func (j *Journal) applyEnd(e *entry) error {
	r, err := j.rowOf(e)
	if err != nil {
		return err
	}
	o := e.outcome
	if e.kind == end && !r.open && o.Class != batch.Unsent {
		return fmt.Errorf("%s was not begun and cannot be %s", e.task.Update, o.Class)
	}
	if e.kind == settle && o.Class == batch.Unsent {
		r.class = batch.Unsent
		if r.seq > 0 { // what an earlier request achieved still stands
			r.class = batch.Confirmed
		}
	}
	if o.Class == batch.Confirmed {
		j.tally.seq++
	}
	r.ended(o, j.tally.seq)
	delete(j.open, r.update)
	if r.stored == 0 {
		_, err := j.insertRow(r)
		return err
	}
	return j.updateRow(r)
}

// rowOf gives the row that an outcome belongs to: begun by this process, known
// to the file, or new.
func (j *Journal) rowOf(e *entry) (*row, error) {
	if r, ok := j.open[e.task.Update]; ok {
		return r, nil
	}
	r := &row{update: e.task.Update, run: e.run, line: int64(e.task.Line)}
	if err := j.findRow(r); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return r, nil
}
