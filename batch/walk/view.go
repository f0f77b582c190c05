package walk

import (
	"errors"
	"fmt"
	"io"

	"billmark/batch"
)

// Plan says what a run would do.
func (d *Decided) Plan() *batch.Plan { return &d.plan }

// Close gives the scratch space back.
func (d *Decided) Close() error { return d.findings.close() }

// makePlan completes the plan. The rows of a trial are counted only now, for
// where it is cut off is known only in file order.
func (d *Decided) makePlan() error {
	w := d.walk
	p := &d.plan
	p.Rows, p.Unused, p.Trimmed = w.rows, w.unused, w.trimmed
	p.Counts[batch.Skipped] += w.skipped
	p.Reasons[batch.ReasonFilter] += w.skipped
	p.Faults, p.FaultCount = w.faults.sorted(), w.faults.count
	p.Warnings, p.WarningCount = w.doubts.sorted(), w.doubts.count
	if w.First > 0 {
		if err := d.countTrial(); err != nil {
			return err
		}
	}
	found := 0
	for _, n := range p.Counts {
		found += n
	}
	if found != w.rows {
		return fmt.Errorf("%d of %d rows were decided on: %w", found, w.rows, errSpoiled)
	}
	return nil
}

// countTrial counts the findings in file order, which is also the order in
// which a trial is cut off.
func (d *Decided) countTrial() error {
	trial := 0
	c := cursor{d: d}
	for row := uint32(1); int(row) <= d.walk.rows; row++ {
		f, ok, err := c.find(row)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if (f.send || f.own) && f.first == row {
			if trial++; trial > d.walk.First && d.cutoff == 0 {
				d.cutoff = row
			}
		}
		d.trim(f)
		count(&d.plan, f)
	}
	return nil
}

// count adds a finding to a plan.
func count(p *batch.Plan, f *finding) {
	p.Counts[f.outcome.Class]++
	p.Reasons[f.outcome.Reason]++
	if f.outcome.Class == batch.Confirmed && f.outcome.Later != 0 {
		p.Changed++
	}
	if f.isTask() {
		p.ToSend[f.status]++
		p.Again += int(bit(f.again))
	}
}

// trim leaves out what lies beyond a trial.
func (d *Decided) trim(f *finding) {
	if d.cutoff > 0 && f.send && f.first >= d.cutoff {
		f.send = false
		f.outcome.Class, f.outcome.Reason, f.outcome.Line = batch.Skipped, batch.ReasonFirst, 0
	}
}

// cursor looks findings up in file order.
type cursor struct {
	d     *Decided
	part  int // 1 + the part that is loaded
	data  []byte
	at    []uint32 // 1 + offset in data of each of the part's rows; 0: none
	found finding
}

// find gives the finding on a row; false if there is none. It is valid until
// the next call.
func (c *cursor) find(row uint32) (*finding, bool, error) {
	n := c.d.partOf(row)
	if c.part != n+1 {
		if err := c.load(n); err != nil {
			return nil, false, err
		}
	}
	at := c.at[int(row-1)%c.d.span]
	if at == 0 {
		return nil, false, nil
	}
	err := c.found.decode(c.data[at-1:])
	if err == nil && c.found.row != row {
		err = errSpoiled
	}
	return &c.found, true, err
}

func (c *cursor) load(n int) error {
	data, err := c.d.findings.load(n, c.data)
	if err != nil {
		return err
	}
	c.part, c.data = n+1, data
	if c.at == nil {
		c.at = make([]uint32, min(c.d.span, c.d.walk.rows))
	}
	clear(c.at)
	for at := 0; at < len(c.data); {
		body, rest, err := sized(c.data[at:])
		if err != nil {
			return err
		}
		r := reader{b: body}
		row := int(r.uint32()) - 1 - n*c.d.span
		if r.err != nil || row < 0 || row >= len(c.at) || c.at[row] != 0 {
			return errSpoiled
		}
		c.at[row] = uint32(at) + 1
		at = len(c.data) - len(rest)
	}
	return nil
}

// Each gives every row of the manifest with its outcome, in file order. The
// update's Occurrence is set. Both are valid until the callback returns.
func (d *Decided) Each(give func(*batch.Row, batch.Outcome) error) error {
	source, err := d.walk.Manifest.OpenAt(batch.Mark{})
	if err != nil {
		return err
	}
	defer source.Close()
	c := cursor{d: d}
	for {
		row, err := source.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		o, _, err := c.view(row)
		if err != nil {
			return err
		}
		if err := give(row, o); err != nil {
			return err
		}
	}
}

var errChanged = errors.New("the private copy of the manifest was changed while in use")

// view puts a row and the finding on it together.
func (c *cursor) view(row *batch.Row) (batch.Outcome, *finding, error) {
	f, ok, err := c.find(uint32(row.Number))
	switch {
	case err != nil:
		return batch.Outcome{}, nil, err
	case row.Skipped && !ok:
		return batch.Outcome{Class: batch.Skipped, Reason: batch.ReasonFilter}, nil, nil
	case !ok || row.Skipped || (len(row.Faults) > 0) != (f.outcome.Class == batch.Invalid):
		return batch.Outcome{}, nil, errChanged
	}
	c.d.trim(f)
	row.Update.Occurrence = f.occurrence
	return f.outcome, f, nil
}

// Tasks gives what is to be sent, in file order. It reads the findings alone,
// not the manifest again.
func (d *Decided) Tasks() *Tasks { return &Tasks{c: cursor{d: d}} }

// Tasks is a batch.Queue.
type Tasks struct {
	c    cursor
	rows int // that were looked at
}

// Next implements batch.Queue.
func (t *Tasks) Next() (batch.Task, error) {
	d := t.c.d
	for t.rows < d.walk.rows {
		if n := t.rows / d.span; d.sends[n] == 0 {
			t.rows = (n + 1) * d.span
			continue
		}
		t.rows++
		f, ok, err := t.c.find(uint32(t.rows))
		if err != nil {
			return batch.Task{}, err
		}
		if !ok {
			continue
		}
		if d.trim(f); f.isTask() {
			return f.task(), nil
		}
	}
	return batch.Task{}, io.EOF
}
