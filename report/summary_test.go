package report

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"billmark/batch"
)

func TestSummaryText(t *testing.T) {
	h, _ := mixed()
	s := batch.Summary{Run: 4, Rows: h.Rows, Counts: h.Counts, Requests: 6, Started: instant(0), Finished: instant(80), Stopped: "five unverified in a row"}
	golden(t, "summary.txt", []byte(SummaryText(s, h)))
	h.Lang = "ru"
	golden(t, "summary.ru.txt", []byte(SummaryText(s, h)))
}

// The counts that are shown add up to the rows that are shown.
func TestSummaryAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var s batch.Summary
		for i := range s.Counts {
			s.Counts[i] = rapid.IntRange(0, 2_000_000).Draw(rt, "count")
			s.Rows += s.Counts[i]
		}
		lang := rapid.SampledFrom(languages).Draw(rt, "language")
		sum, all := 0, -1
		for line := range strings.Lines(SummaryText(s, Head{Lang: lang})) {
			var n int
			var word string
			if _, err := fmt.Sscanf(line, "%d %s", &n, &word); err != nil {
				continue
			}
			if word == "rows" || word == "строк" {
				all = n
			} else {
				sum += n
			}
		}
		if sum != s.Rows || all != s.Rows {
			rt.Fatalf("%d and %d of %d rows", sum, all, s.Rows)
		}
	})
}
