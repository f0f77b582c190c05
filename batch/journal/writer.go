package journal

import (
	"database/sql"
	"database/sql/driver"
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
	done    chan error                             // for a caller who waits
	then    func(batch.Task, batch.Outcome, error) // for one who does not
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

// EndThen implements batch.Journal.
func (j *Journal) EndThen(run int64, t batch.Task, o batch.Outcome, then func(batch.Task, batch.Outcome, error)) {
	if err := j.hand(entry{kind: end, run: run, task: t, outcome: o, then: then}); err != nil {
		then(t, o, err)
	}
}

// Settle decides what became of an update that is unknown or unverified: o is
// Confirmed or Unsent, and note says who or what decided it, and why. It must
// not be called during a run.
func (j *Journal) Settle(u batch.Update, o batch.Outcome, note string) error {
	return j.submit(entry{kind: settle, task: batch.Task{Update: u}, outcome: o, note: note})
}

// submit hands a change to the writer and waits until it is durable.
func (j *Journal) submit(e entry) error {
	p := entryPool.Get().(*entry)
	defer entryPool.Put(p)
	e.done = p.done
	*p = e
	if err := j.intake.add(p); err != nil {
		return err
	}
	return <-p.done
}

// hand hands a change to the writer, who will tell.
func (j *Journal) hand(e entry) error {
	p := entryPool.Get().(*entry)
	e.done = p.done
	*p = e
	return j.intake.add(p)
}

// tell says what became of a change. A caller who waits gives the entry back.
func (e *entry) tell(err error) {
	if e.then == nil {
		e.done <- err
		return
	}
	e.then(e.task, e.outcome, err)
	e.then = nil
	entryPool.Put(e)
}

// linger is how long a group waits for more when many requests are in flight:
// the price of a commit is its flush, whatever it holds.
const linger = 2 * time.Millisecond

// write is the one writer. It commits what waits in groups. After the first
// failure it accepts nothing more: what a failed flush left behind is not
// known, and trying again would be a guess.
func (j *Journal) write() {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	var group []*entry
	for more := true; more; {
		j.intake.wait(1, nil)
		if enough := j.enough(); enough > 1 {
			timer.Reset(linger)
			j.intake.wait(enough, timer.C)
		}
		group, more = j.intake.take(group[:0])
		if len(group) > 0 && j.failed == nil {
			j.failed = j.commitGroup(func() error { return j.applyAll(group) })
		}
		for _, e := range group {
			e.tell(j.failed)
		}
	}
}

// enough is how many changes make a group worth its flush: an outcome and an
// intent of nearly all who have a request in flight. A few may be late, so
// that the others do not wait for them; and when few are in flight at all,
// nobody waits.
func (j *Journal) enough() int { return max(1, 2*len(j.open)-6) }

// commitGroup makes a group of changes durable, all or none.
func (j *Journal) commitGroup(change func() error) error {
	before := j.tally
	err := j.alone(func(driver.Conn) error {
		err := j.transact(change)
		if err != nil {
			j.rollback.exec() // often undone already; nothing is written any more in any case
			err = understood(err)
		}
		return err
	})
	if err != nil {
		j.tally = before
		return err
	}
	// From here on a journal without this commit is one that lost something.
	return j.seen.note(j.tally.commits)
}

func (j *Journal) transact(change func() error) error {
	if _, err := j.begin.exec(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if err := j.insertPending(); err != nil {
		return err
	}
	j.tally.commits++
	j.flying = appendOpen(j.flying[:0], j.open)
	j.setTally.set(0, j.tally.commits, j.tally.updates, int64(j.tally.digest), j.tally.seq, j.flying, int64(j.tally.seal(j.flying)))
	if _, err := j.setTally.exec(); err != nil {
		return err
	}
	_, err := j.commit.exec()
	return err
}

func (j *Journal) applyAll(group []*entry) error {
	for _, e := range group {
		if err := j.apply(e); err != nil {
			return err
		}
	}
	return nil
}

// apply makes one change within the transaction.
func (j *Journal) apply(e *entry) error {
	if e.note != "" {
		j.addNote.set(0, time.Now().Unix(), int64(e.task.Update.Bill), e.note)
		if _, err := j.addNote.exec(); err != nil {
			return err
		}
	}
	if e.kind == begin {
		return j.applyBegin(e)
	}
	return j.applyEnd(e)
}

// applyBegin notes that a request starts. It is noted among what is in flight;
// a record follows when it ends.
func (j *Journal) applyBegin(e *entry) error {
	r := j.newRow(e)
	_, flying := j.open[r.update]
	if j.heard.may(&r.update) {
		if err := j.findRow(r); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	if flying || r.open || r.class != batch.Unsent && !e.task.Again {
		return fmt.Errorf("%w: %s, line %d", batch.ErrSentBefore, e.task.Update, e.task.Line)
	}
	r.began(time.Now().Unix())
	j.open[r.update] = r
	return nil
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
	return j.storeRow(r)
}

// rowOf gives the row that an outcome belongs to: begun by this process, known
// to the file, or new.
func (j *Journal) rowOf(e *entry) (*row, error) {
	if r, ok := j.open[e.task.Update]; ok {
		return r, nil
	}
	r := j.newRow(e)
	if err := j.findRow(r); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return r, nil
}

// newRow is a row as it would be if the table did not hold it.
func (j *Journal) newRow(e *entry) *row {
	var r *row
	if n := len(j.free); n > 0 {
		r, j.free = j.free[n-1], j.free[:n-1]
	} else {
		r = new(row)
	}
	*r = row{update: e.task.Update, run: e.run, line: int64(e.task.Line)}
	return r
}
