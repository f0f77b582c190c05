package report

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"billmark/batch"
)

// Whatever times come, in whatever order: no row is lost, each is in the bin
// of its time, and there are never too many bins.
func TestTimeline(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		reach := int64(1) << rapid.IntRange(0, 35).Draw(rt, "reach")
		times := rapid.SliceOfN(rapid.Int64Range(-reach, reach), 1, 200).Draw(rt, "times")
		var a, b timeline
		for _, s := range times {
			a.add(time.Unix(s, 0), batch.Confirmed)
		}
		rand.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
		for _, s := range times {
			b.add(time.Unix(s, 0), batch.Confirmed)
		}
		bins := a.list()
		if diff := cmp.Diff(bins, b.list()); diff != "" || a.start(0) != b.start(0) {
			rt.Fatalf("the order makes a difference: %s", diff)
		}
		if len(bins) > mostBins || total(bins[0]) == 0 || total(bins[len(bins)-1]) == 0 {
			rt.Fatalf("%d bins", len(bins))
		}
		want := make([]classCounts, len(bins))
		for _, s := range times {
			want[(s-a.start(0).Unix())/width(a.step)][batch.Confirmed]++
		}
		if diff := cmp.Diff(want, bins); diff != "" {
			rt.Fatalf("bins (-want +got):\n%s", diff)
		}
	})
}

func TestTimelineWidths(t *testing.T) {
	for _, test := range []struct {
		reach time.Duration
		want  time.Duration
	}{
		{0, time.Second},
		{119 * time.Second, time.Second},
		{120 * time.Second, 5 * time.Second},
		{time.Hour, time.Minute},
		{9 * time.Hour, 5 * time.Minute},
		{10 * time.Hour, 15 * time.Minute},
		{30 * 24 * time.Hour, 12 * time.Hour},
		{365 * 24 * time.Hour, 4 * 24 * time.Hour},
	} {
		var l timeline
		l.add(time.Unix(0, 0), batch.Confirmed)
		l.add(time.Unix(0, 0).Add(test.reach), batch.Rejected)
		if l.width() != test.want {
			t.Errorf("%v: bins of %v, want %v", test.reach, l.width(), test.want)
		}
	}
	for i := range steps[1:] {
		if steps[i+1]%steps[i] != 0 {
			t.Errorf("%d does not divide %d", steps[i], steps[i+1])
		}
	}
}

// What was not finished has no place in time, nor has what no calendar knows.
func TestTimelineLeavesOut(t *testing.T) {
	var l timeline
	for _, at := range []time.Time{{}, time.Unix(1<<62, 0), time.Unix(-1<<62, 0)} {
		l.add(at, batch.Unsent)
	}
	if l.list() != nil {
		t.Errorf("%v", l.list())
	}
}
