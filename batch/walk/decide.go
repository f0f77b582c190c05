package walk

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"billmark/batch"
)

// Decided is what a walk found: one finding for every row, in file order. It
// is used by one goroutine at a time.
type Decided struct {
	walk   *Walk
	plan   batch.Plan
	keep   bool   // the findings are wanted
	span   int    // rows in a part of findings
	sends  []int  // in each part
	cutoff uint32 // the first row beyond a trial; 0 if there is none

	mu       sync.Mutex
	findings *spool // guarded by mu while they are made
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
	d.sends = make([]int, len(d.findings.parts))
	if err = d.join(records); err == nil {
		err = d.makePlan()
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// joiners is how many parts are decided on at once: two, as long as that does
// not take much memory.
func (w *Walk) joiners() int {
	const largePart = 1 << 13 // rows
	if w.rows > largePart*parts {
		return 1
	}
	return min(2, runtime.GOMAXPROCS(0))
}

// join decides on all bills. The first time it also finds what is doubtful
// among several rows, which no journal changes.
func (d *Decided) join(records *spool) error {
	w := d.walk
	joiners := make([]*joiner, w.joiners())
	for i := range joiners {
		joiners[i] = &joiner{d: d, records: records, decider: batch.Decider{Again: w.Again}, sends: make([]int, len(d.findings.parts))}
	}
	if err := errors.Join(w.asked.flush(), w.rpos.flush(), records.flush()); err != nil {
		return err
	}
	if !w.doubted {
		if err := eachPart(joiners, (*joiner).sharedNumbers); err != nil {
			return err
		}
	}
	if err := eachPart(joiners, (*joiner).part); err != nil {
		return err
	}
	for _, j := range joiners {
		d.take(j)
	}
	w.doubted = true
	return errors.Join(d.findings.flush(), w.rpos.close()) // these serve for nothing else
}

// eachPart has the joiners do something with every part.
func eachPart(joiners []*joiner, do func(*joiner, int) error) error {
	var next atomic.Int64
	var working sync.WaitGroup
	errs := make([]error, len(joiners))
	for i, j := range joiners {
		working.Go(func() {
			for n := int(next.Add(1)) - 1; n < parts && errs[i] == nil; n = int(next.Add(1)) - 1 {
				errs[i] = do(j, n)
			}
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

// take adds what a joiner has counted.
func (d *Decided) take(j *joiner) {
	d.walk.doubts.add(j.doubts.first...)
	d.walk.doubts.count += j.doubts.count - len(j.doubts.first)
	for n := range d.sends {
		d.sends[n] += j.sends[n]
	}
	p := &d.plan
	p.Changed += j.plan.Changed
	p.Again += j.plan.Again
	for i, n := range j.plan.Counts {
		p.Counts[i] += n
	}
	for i, n := range j.plan.Reasons {
		p.Reasons[i] += n
	}
	for i, n := range j.plan.ToSend {
		p.ToSend[i] += n
	}
}

// partOf is the part of findings that a row's is in.
func (d *Decided) partOf(row uint32) int { return int(row-1) / d.span }
