package journal

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"billmark/batch"
)

// apply makes one change in memory, and gives the row that it changed.
func (j *Journal) apply(e *entry) (*row, error) {
	switch e.kind {
	case fold, mark:
		return nil, nil
	case begin:
		return j.applyBegin(e)
	default:
		return j.applyEnd(e)
	}
}

// applyBegin notes that a request starts. It is noted among what is in flight;
// a record follows when it ends.
func (j *Journal) applyBegin(e *entry) (*row, error) {
	r := j.newRow(e)
	_, flying := j.open[r.update]
	if err := j.find(r); err != nil {
		return nil, err
	}
	if flying || r.open || r.class != batch.Unsent && !e.task.Again {
		return nil, fmt.Errorf("%w: %s, line %d", batch.ErrSentBefore, e.task.Update, e.task.Line)
	}
	r.began(time.Now().Unix())
	j.open[r.update] = r
	return r, nil
}

// applyEnd notes an outcome.
func (j *Journal) applyEnd(e *entry) (*row, error) {
	r, err := j.rowOf(e)
	if err != nil {
		return nil, err
	}
	o := e.outcome
	if e.kind == end && !r.open && o.Class != batch.Unsent {
		return nil, fmt.Errorf("%s was not begun and cannot be %s", e.task.Update, o.Class)
	}
	if e.kind == settle && o.Class == batch.Unsent {
		r.class = batch.Unsent
		if r.seq > 0 { // what an earlier request achieved still stands
			r.class, r.reason, r.code, r.text, r.finished = batch.Confirmed, o.Reason, "", o.Text, o.Finished.Unix()
		}
	}
	if o.Class == batch.Confirmed {
		j.tally.seq++
	}
	r.ended(o, j.tally.seq)
	delete(j.open, r.update)
	j.freshen(r)
	return r, nil
}

// freshen keeps a row that is to come into the table. One that stood there, or
// was to, before its request was begun may have come there meanwhile.
func (j *Journal) freshen(r *row) {
	if r.stored != 0 {
		if i := j.freshAt(&r.update); i >= 0 {
			old := j.fresh[i]
			r.stored, j.fresh[i] = old.stored, r
			j.free = append(j.free, old)
			return
		}
	}
	j.fresh = append(j.fresh, r)
}

// freshAt looks for an update among the rows that are to come into the table,
// the newest first; -1 if it is none of them.
func (j *Journal) freshAt(u *batch.Update) int {
	for i := len(j.fresh) - 1; i >= 0; i-- {
		if j.fresh[i].update == *u {
			return i
		}
	}
	return -1
}

// find fills in what is known of r's update, if anything is. The update is one
// to be looked for from now on.
func (j *Journal) find(r *row) error {
	if !j.heard.add(&r.update) {
		return nil
	}
	if i := j.freshAt(&r.update); i >= 0 {
		*r = *j.fresh[i]
		r.stored = r.digest() // as it will be once it is there
	} else if err := j.alone(func(driver.Conn) error { return j.findRow(r) }); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return understood(err)
	}
	r.forsake()
	return nil
}

// rowOf gives the row that an outcome belongs to: begun by this process, known
// to the file, or new.
func (j *Journal) rowOf(e *entry) (*row, error) {
	if r, ok := j.open[e.task.Update]; ok {
		return r, nil
	}
	r := j.newRow(e)
	return r, j.find(r)
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
