package walk

import (
	"cmp"
	"slices"

	"billmark/batch"
)

// joiner decides part by part, besides others of its kind; its slices are
// reused.
type joiner struct {
	d       *Decided
	records *spool
	decider batch.Decider

	// What it has found; of the findings those that are not kept yet.
	plan   batch.Plan
	sends  []int // in each part of findings
	doubts list
	out    []byte

	asked    []asked
	texts    []byte // what asked points into
	known    []known
	outcomes []byte // what known points into
	items    []batch.Item
	facts    []batch.Known
	last     lastSeen
}

// keepAt is how many bytes of findings are kept at once.
const keepAt = 32 << 10

// part decides on all bills of one part.
func (j *joiner) part(n int) error {
	if err := j.load(n); err != nil {
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
	return j.keep()
}

// load reads a part's rows and records and sorts them by bill.
func (j *joiner) load(n int) (err error) {
	if j.texts, err = j.d.walk.asked.load(n, j.texts); err != nil {
		return err
	}
	j.asked = j.asked[:0]
	for at := 0; at < len(j.texts); {
		var a asked
		if at, err = a.decode(j.texts, at); err != nil {
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
	if j.outcomes, err = j.records.load(n, j.outcomes); err != nil {
		return err
	}
	j.known = j.known[:0]
	for data := j.outcomes; len(data) > 0; {
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
	verdicts := j.decider.Decide(j.items, j.facts)
	if len(rows) > 1 && !j.d.walk.doubted {
		j.doubtBill(rows, j.items, verdicts)
	}
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

// emit counts a finding, and keeps it if it is wanted. A trial's are counted
// later.
func (j *joiner) emit(f *finding) error {
	if j.d.walk.First == 0 {
		count(&j.plan, f)
	}
	if !j.d.keep {
		return nil
	}
	if f.isTask() {
		j.sends[j.d.partOf(f.row)]++
	}
	if j.out = f.encode(j.out); len(j.out) < keepAt {
		return nil
	}
	return j.keep()
}

// keep hands the findings on.
func (j *joiner) keep() error {
	d := j.d
	d.mu.Lock()
	defer d.mu.Unlock()
	for left := j.out; len(left) > 0; {
		row, size, err := nextFinding(left)
		if err != nil {
			return err
		}
		if err := d.findings.add(d.partOf(row), left[:size]); err != nil {
			return err
		}
		left = left[size:]
	}
	j.out = j.out[:0]
	return nil
}
