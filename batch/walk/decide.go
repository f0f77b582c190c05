package walk

import (
	"cmp"
	"errors"
	"slices"

	"billmark/batch"
)

// Decided is what a walk found: one finding for every row, in file order. It
// is used by one goroutine at a time.
type Decided struct {
	walk     *Walk
	plan     batch.Plan
	findings *spool
	span     int    // rows in a part of findings
	sends    []int  // in each part
	cutoff   uint32 // the first row beyond a trial; 0 if there is none
}

// Decide holds the manifest against the journal. A nil journal knows nothing.
func (w *Walk) Decide(journal Records) (*Decided, error) {
	records, err := w.records(journal)
	if err != nil {
		return nil, err
	}
	defer records.close()
	d := &Decided{walk: w, span: markEvery * (1 + w.rows/(markEvery*parts))}
	d.findings = newSpool(w.Scratch, 1+w.rows/d.span)
	d.sends = make([]int, 1+w.rows/d.span)
	j := joiner{d: d, decider: batch.Decider{Again: w.Again}}
	if err = j.all(records); err == nil {
		err = d.makePlan()
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// joiner decides part by part; its slices are reused.
type joiner struct {
	d       *Decided
	decider batch.Decider
	asked   []asked
	known   []known
	items   []batch.Item
	facts   []batch.Known
	buffer  []byte
}

// all decides on all bills. The first time it also finds what is doubtful among
// several rows.
func (j *joiner) all(records *spool) error {
	w := j.d.walk
	before := list{first: slices.Clone(w.doubts.first), count: w.doubts.count}
	var err error
	if !w.doubted {
		err = j.sharedNumbers()
	}
	for n := 0; n < parts && err == nil; n++ {
		err = j.part(n, records)
	}
	if err != nil {
		w.doubts = before
		return err
	}
	w.doubted = true
	return w.rpos.close() // they served for nothing else
}

// part decides on all bills of one part.
func (j *joiner) part(n int, records *spool) error {
	if err := j.load(n, records); err != nil {
		return err
	}
	for a, k := 0, 0; a < len(j.asked); {
		bill := j.asked[a].bill
		first := a
		for a < len(j.asked) && j.asked[a].bill == bill {
			a++
		}
		for k < len(j.known) && j.known[k].bill < bill {
			k++
		}
		firstKnown := k
		for k < len(j.known) && j.known[k].bill == bill {
			k++
		}
		var err error
		if bill == 0 { // rows whose order number is not legible touch no bill
			err = j.illegible(j.asked[first:a])
		} else {
			err = j.bill(j.asked[first:a], j.known[firstKnown:k])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// load reads a part's rows and records and sorts them by bill.
func (j *joiner) load(n int, records *spool) error {
	data, err := j.d.walk.asked.load(n)
	if err != nil {
		return err
	}
	if len(data)%askedSize != 0 {
		return errSpoiled
	}
	j.asked = slices.Grow(j.asked[:0], len(data)/askedSize)
	for ; len(data) > 0; data = data[askedSize:] {
		var a asked
		a.decode(data)
		j.asked = append(j.asked, a)
	}
	slices.SortFunc(j.asked, func(a, b asked) int {
		if a.bill != b.bill {
			return cmp.Compare(a.bill, b.bill)
		}
		return cmp.Compare(a.row, b.row)
	})
	if data, err = records.load(n); err != nil {
		return err
	}
	j.known = j.known[:0]
	for len(data) > 0 {
		var k known
		if data, err = k.decode(data); err != nil {
			return err
		}
		j.known = append(j.known, k)
	}
	slices.SortFunc(j.known, func(a, b known) int { return cmp.Compare(a.bill, b.bill) })
	return nil
}

func (j *joiner) illegible(rows []asked) error {
	for i := range rows {
		if err := j.emit(&finding{row: rows[i].row, first: rows[i].row, outcome: batch.Outcome{Class: batch.Invalid}}); err != nil {
			return err
		}
	}
	return nil
}

// bill decides on one bill.
func (j *joiner) bill(rows []asked, records []known) error {
	j.items, j.facts = j.items[:0], j.facts[:0]
	for i := range rows {
		r := &rows[i]
		j.items = append(j.items, batch.Item{Line: int(r.line), Ask: batch.Ask{Status: r.status, Date: r.date, RPO: r.rpo}})
	}
	for i := range records {
		j.facts = append(j.facts, records[i].Known)
	}
	if len(rows) > 1 && !j.d.walk.doubted {
		j.doubtBill(rows)
	}
	verdicts := j.decider.Decide(j.items, j.facts)
	for i, v := range verdicts {
		f := finding{
			row: rows[i].row, first: rows[v.First].row, status: rows[i].status, send: verdicts[v.First].Send,
			again: v.Again, more: v.More, occurrence: v.Occurrence,
		}
		f.outcome = batch.Outcome{Class: v.Class, Reason: v.Reason, Line: v.Line, Later: v.Later}
		if v.Known >= 0 {
			f.own = records[v.Known].own
			var last batch.Outcome
			r := reader{b: records[v.Known].outcome}
			if r.outcome(&last); r.err != nil {
				return r.err
			}
			f.outcome = withRecord(f.outcome, &last)
		}
		if v.First != i {
			f.outcome.Same = int(rows[v.First].line)
		}
		if err := j.emit(&f); err != nil {
			return err
		}
	}
	return nil
}

// withRecord completes a verdict with what the journal knows of the update:
// always its history, and the last outcome where the verdict is no other.
func withRecord(o batch.Outcome, r *batch.Outcome) batch.Outcome {
	o.Attempts, o.Posted = r.Attempts, r.Posted
	if o.Class == r.Class && (o.Reason == batch.ReasonNone || o.Reason == batch.ReasonNotReached) {
		o.Reason, o.Code, o.Text, o.Finished = r.Reason, r.Code, r.Text, r.Finished
	}
	return o
}

func (j *joiner) emit(f *finding) error {
	n := int(f.row-1) / j.d.span
	if f.task() {
		j.d.sends[n]++
	}
	j.buffer = f.encode(j.buffer[:0])
	return j.d.findings.add(n, j.buffer)
}
