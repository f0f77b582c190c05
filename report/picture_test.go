package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"billmark/batch"
)

// The parts fill the whole, each that is there can be seen, and the larger
// count never has the smaller part.
func TestShares(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var counts classCounts
		for i := range counts {
			counts[i] = rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 3), rapid.IntRange(1, 1_000_000)).Draw(rt, "count")
		}
		parts := shares(counts, total(counts), pictureWidth, leastWide)
		sum := 0.0
		for i, class := range batch.Classes {
			sum += parts[i]
			if (counts[class] > 0) != (parts[i] > 0) || counts[class] > 0 && parts[i] < leastWide {
				rt.Fatalf("%d rows have %f", counts[class], parts[i])
			}
			for j, other := range batch.Classes {
				if counts[class] > counts[other] && parts[i] < parts[j]-1e-9 {
					rt.Fatalf("%d rows have %f, %d have %f", counts[class], parts[i], counts[other], parts[j])
				}
			}
		}
		if total(counts) > 0 && math.Abs(sum-pictureWidth) > 1e-6 {
			rt.Fatalf("in all %f", sum)
		}
	})
}

// A part of the whole fills no more than its part of the length.
func TestSharesOfAPart(t *testing.T) {
	var counts classCounts
	counts[batch.Confirmed], counts[batch.Rejected] = 49, 1
	parts := shares(counts, 100, timeHeight, leastHigh)
	if parts[0] != 58.8 || parts[1] != leastHigh {
		t.Errorf("%v", parts)
	}
	if parts := shares(classCounts{}, 0, 1, 1); parts != [len(batch.Classes)]float64{} {
		t.Errorf("nothing: %v", parts)
	}
}

func TestDrawBins(t *testing.T) {
	var empty, half, full classCounts
	half[batch.Confirmed], full[batch.Confirmed], full[batch.Unknown] = 2, 3, 1
	got := drawBins([]classCounts{half, empty, full}, func(n int, c classCounts) string { return decimal(float64(n)) })
	if len(got) != 2 || got[0].Title != "0.00" || got[1].Title != "2.00" {
		t.Fatalf("%+v", got)
	}
	if b := got[0].Boxes; len(b) != 1 || b[0] != (box{"0.00", "60.00", "340.00", "60.00", "confirmed"}) {
		t.Errorf("%+v", b)
	}
	want := []box{{"800.00", "30.00", "340.00", "90.00", "confirmed"}, {"800.00", "0.00", "340.00", "30.00", "unknown"}}
	if b := got[1].Boxes; len(b) != 2 || b[0] != want[0] || b[1] != want[1] {
		t.Errorf("%+v", b)
	}
}
