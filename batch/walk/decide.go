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
	keep     bool   // the findings are wanted
	found    int    // rows that were decided on
	span     int    // rows in a part of findings
	sends    []int  // in each part
	cutoff   uint32 // the first row beyond a trial; 0 if there is none
}

// leastSpan is how many rows a part of findings holds at least.
const leastSpan = 1 << 13

// Decide holds the manifest against the journal. A nil journal knows nothing.
func (w *Walk) Decide(journal Records) (*Decided, error) {
	records, err := w.records(journal)
	if err != nil {
		return nil, err
	}
	defer records.close()
	// Where a trial ends is known only in file order.
	d := &Decided{walk: w, keep: !w.PlanOnly || w.First > 0, span: leastSpan * (1 + w.rows/(leastSpan*parts))}
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
	texts   []byte // what asked points into
	known   []known
	items   []batch.Item
	facts   []batch.Known
	buffer  []byte
}

// all decides on all bills. The first time it also finds what is doubtful among
// several rows, which no journal changes.
func (j *joiner) all(records *spool) error {
	w := j.d.walk
	if w.rpos != nil {
		if err := w.tentatively(j.sharedNumbers); err != nil {
			return err
		}
		if err := w.rpos.close(); err != nil {
			return err
		}
		w.rpos = nil // it serves for nothing else
	}
	err := w.tentatively(func() error {
		for n := range parts {
			if err := j.part(n, records); err != nil {
				return err
			}
		}
		return nil
	})
	w.doubted = w.doubted || err == nil
	return err
}

// tentatively forgets the warnings of an attempt that failed.
func (w *Walk) tentatively(attempt func() error) error {
	before := list{first: slices.Clone(w.doubts.first), count: w.doubts.count}
	err := attempt()
	if err != nil {
		w.doubts = before
	}
	return err
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
	j.asked, j.texts = j.asked[:0], data
	for at := 0; at < len(data); {
		var a asked
		if at, err = a.decode(data, at); err != nil {
			return err
		}
		if a.row == 0 || int(a.row) > j.d.walk.rows {
			return errSpoiled
		}
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
		ask := batch.Ask{Status: r.status, Date: r.date, RPO: j.d.walk.hashBytes(r.rpo(j.texts))}
		j.items = append(j.items, batch.Item{Line: int(r.line), Ask: ask})
	}
	for i := range records {
		j.facts = append(j.facts, records[i].Known)
	}
	if len(rows) > 1 && !j.d.walk.doubted {
		j.doubtBill(rows, j.items)
	}
	verdicts := j.decider.Decide(j.items, j.facts)
	for i, v := range verdicts {
		r := &rows[i]
		f := finding{
			row: r.row, first: rows[v.First].row, status: r.status, send: verdicts[v.First].Send,
			again: v.Again, more: v.More, occurrence: v.Occurrence,
			bill: r.bill, date: r.date, line: r.line, rpo: r.rpo(j.texts),
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

// emit counts a finding, and keeps it if it is wanted.
func (j *joiner) emit(f *finding) error {
	d := j.d
	d.found++
	if d.walk.First == 0 {
		d.count(f)
	}
	if !d.keep {
		return nil
	}
	n := int(f.row-1) / d.span
	if f.isTask() {
		d.sends[n]++
	}
	j.buffer = f.encode(j.buffer[:0])
	return d.findings.add(n, j.buffer)
}
