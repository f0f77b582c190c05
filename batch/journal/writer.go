package journal

import (
	"database/sql/driver"
	"errors"
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
	mark // a commit of its own, though nothing changes
	fold
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

// Fold brings into the table, where all who read look, what is outside of it, if
// anything is.
func (j *Journal) Fold() error { return j.submit(entry{kind: fold}) }

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

// crowd is how many changes show that requests follow each other as fast as they
// can. A flush then holds up the others for moments in which their replies come.
const crowd = 16

// write is the one writer. It commits what waits in groups. After the first
// failure it accepts nothing more: what a failed flush left behind is not
// known, and trying again would be a guess.
func (j *Journal) write() {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	var group []*entry
	for more := true; more; {
		j.intake.wait(1, nil)
		enough := j.enough()
		if enough > 1 {
			timer.Reset(linger)
			j.intake.wait(enough, timer.C)
		}
		group, more = j.intake.take(group[:0])
		if len(group) > 0 && j.failed == nil {
			j.failed = j.commit(group, enough >= crowd && len(group) >= enough)
		}
		for _, e := range group {
			e.tell(j.failed)
		}
	}
}

// enough is how many changes make a group worth its flush: an outcome and an
// intent of half of those who have a request in flight. While one half waits for
// the flush, the others' replies are on their way, so that neither this program
// nor the server has ever to wait for the other; when one is in flight at most,
// nobody waits.
func (j *Journal) enough() int { return max(1, len(j.open)) }

// commit makes a group of changes durable, all or none: in the tail, or, if one
// of them needs the table, there.
func (j *Journal) commit(group []*entry, quick bool) error {
	record := j.tail.next(j.tally.commits + 1)
	table, asked, empty := j.tail.full(), false, len(record)
	for _, e := range group {
		r, err := j.apply(e)
		if err != nil {
			return err
		}
		if r != nil {
			record = appendRow(record, r)
		}
		table = table || e.kind == settle || e.kind == mark
		asked = asked || e.kind == fold
	}
	switch {
	case table || asked && (j.tail.end > 0 || len(record) > empty):
		return j.fold(func() error { return j.addNotes(group) })
	case len(record) == empty:
		return nil
	}
	if err := j.tail.write(record, quick); err != nil {
		return err
	}
	j.tally.commits++
	// From here on a journal without this commit is one that lost something.
	return j.seen.note(j.tally.commits, quick)
}

// fold brings into the table what is fresh, and more, in one transaction. The
// tail starts anew behind it.
func (j *Journal) fold(more func() error) error {
	before := j.tally
	err := j.alone(func(driver.Conn) error {
		err := j.transact(more)
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
	j.free, j.fresh = append(j.free, j.fresh...), j.fresh[:0]
	j.tail.begin(j.tally.seal(j.flying))
	return j.seen.note(j.tally.commits, false)
}

func (j *Journal) transact(more func() error) error {
	if _, err := j.begin.exec(); err != nil {
		return err
	}
	if err := more(); err != nil {
		return err
	}
	if err := j.storeFresh(); err != nil {
		return err
	}
	j.tally.commits++
	j.flying = appendOpen(j.flying[:0], j.open)
	j.setTally.set(0, j.tally.commits, j.tally.updates, int64(j.tally.digest), j.tally.seq, j.flying, int64(j.tally.seal(j.flying)))
	if _, err := j.setTally.exec(); err != nil {
		return err
	}
	_, err := j.commitNow.exec()
	return err
}

// addNotes enters what people and read-backs decided, and why.
func (j *Journal) addNotes(group []*entry) error {
	for _, e := range group {
		if e.note == "" {
			continue
		}
		j.addNote.set(0, time.Now().Unix(), int64(e.task.Update.Bill), e.note)
		if _, err := j.addNote.exec(); err != nil {
			return err
		}
	}
	return nil
}
