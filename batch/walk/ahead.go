package walk

import (
	"errors"
	"sync/atomic"

	"billmark/batch"
)

// ahead is a journal that is being sorted while the manifest is read: each of
// the two takes a second for a million rows.
type ahead struct {
	journal Records
	records *spool
	// bills are those of the manifest once they are all known. Until then
	// every record is kept.
	bills   atomic.Pointer[filter]
	stopped atomic.Bool
	done    chan struct{} // closed at the end
	err     error         // valid then
}

// readAhead begins to sort the journal.
func (w *Walk) readAhead() {
	if w.Journal == nil {
		return
	}
	a := &ahead{journal: w.Journal, records: newSpool(w.Scratch, parts), done: make(chan struct{})}
	w.ahead = a
	go func() {
		defer close(a.done)
		a.err = w.sortRecords(a)
	}()
}

var errStopped = errors.New("the manifest cannot be used")

// stop ends the sorting, whose outcome nobody wants, and waits for that.
func (a *ahead) stop() error {
	if a == nil {
		return nil
	}
	a.stopped.Store(true)
	<-a.done
	return a.records.close()
}

// records are the journal's, sorted by bill: those that were read ahead, the
// first time. The caller closes them.
func (w *Walk) records(journal Records) (*spool, error) {
	a := w.ahead
	if w.ahead = nil; a == nil {
		a = &ahead{journal: journal, records: newSpool(w.Scratch, parts), done: make(chan struct{})}
		a.bills.Store(&w.bills)
		if journal != nil {
			a.err = w.sortRecords(a)
		}
		close(a.done)
	}
	<-a.done
	if a.err != nil {
		return nil, errors.Join(a.err, a.records.close())
	}
	return a.records, nil
}

// sortRecords sorts the records whose bill the manifest may hold.
func (w *Walk) sortRecords(a *ahead) error {
	var buffer []byte
	return a.journal.Scan(func(r *batch.Record) error {
		if a.stopped.Load() {
			return errStopped
		}
		if bills := a.bills.Load(); bills != nil && !bills.has(r.Update.Bill) {
			return nil
		}
		u := &r.Update
		k := known{bill: u.Bill, own: r.Manifest == w.Digest}
		k.Ask = batch.Ask{Status: u.Status, Date: u.Date, RPO: w.hash(u.RPO), Occurrence: u.Occurrence}
		k.Class, k.Seq = r.Outcome.Class, r.Seq
		buffer = k.encode(buffer[:0], &r.Outcome)
		return a.records.add(partOf(u.Bill), buffer)
	})
}
