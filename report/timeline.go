package report

import (
	"time"

	"billmark/batch"
)

// timeline counts rows by when they were finished, in at most mostBins bins of
// equal width. The range of times need not be known beforehand: bins are made
// wider as it grows. The order in which rows come makes no difference.
type timeline struct {
	step     int
	bins     map[int64]*classCounts
	low, top int64 // the first and the last bin
}

// classCounts holds one count for each class.
type classCounts = [len(batch.Classes)]int

const mostBins = 120

// steps are the widths of bins in seconds; each divides the next. Beyond the
// last one every width is four times the one before.
var steps = [...]int64{1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 12 * 3600, 24 * 3600}

func width(step int) int64 {
	if step < len(steps) {
		return steps[step]
	}
	return width(step-1) * 4
}

// add counts a row; one that was not finished has no place in time.
func (t *timeline) add(at time.Time, c batch.Class) {
	if at.IsZero() || at.Year() < 1 || at.Year() > 9999 {
		return
	}
	bin := floorDiv(at.Unix(), width(t.step))
	if t.bins == nil {
		t.bins = map[int64]*classCounts{}
		t.low, t.top = bin, bin
	}
	t.low, t.top = min(t.low, bin), max(t.top, bin)
	for t.top-t.low >= mostBins {
		bin = t.widen(bin)
	}
	t.at(bin)[c]++
}

// at gives the counts of a bin.
func (t *timeline) at(bin int64) *classCounts {
	n := t.bins[bin]
	if n == nil {
		n = new(classCounts)
		t.bins[bin] = n
	}
	return n
}

// widen takes the next width, and tells which bin has become of one.
func (t *timeline) widen(bin int64) int64 {
	by := width(t.step+1) / width(t.step)
	t.step++
	old := t.bins
	t.bins = make(map[int64]*classCounts, len(old))
	for key, counts := range old {
		into := t.at(floorDiv(key, by))
		for class, n := range counts {
			into[class] += n
		}
	}
	t.low, t.top = floorDiv(t.low, by), floorDiv(t.top, by)
	return floorDiv(bin, by)
}

// list gives all bins from the first to the last, the empty ones too.
func (t *timeline) list() []classCounts {
	if t.bins == nil {
		return nil
	}
	all := make([]classCounts, t.top-t.low+1)
	for key, counts := range t.bins {
		all[key-t.low] = *counts
	}
	return all
}

// start is when the n-th bin of the list begins.
func (t *timeline) start(n int) time.Time {
	return time.Unix((t.low+int64(n))*width(t.step), 0).UTC()
}

// width is how much time a bin stands for.
func (t *timeline) width() time.Duration { return time.Duration(width(t.step)) * time.Second }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
