package report

import (
	"fmt"
	"strings"
	"time"

	"billmark/batch"
)

// SummaryText is what a run or report did, for a person: counts that add up to
// the rows, and what they mean.
func SummaryText(s batch.Summary, h Head) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Manifest    %s (SHA-256 %.12s...)\n", h.File, h.Digest)
	fmt.Fprintf(&b, "Account     %s at %s\n", h.Account, h.API)
	for _, c := range batch.Classes {
		if n := s.Counts[c]; n > 0 {
			fmt.Fprintf(&b, "%10d  %s%s\n", n, c, meanings[c])
		}
	}
	fmt.Fprintf(&b, "%10d  rows in all", s.Rows)
	if s.Run > 0 {
		fmt.Fprintf(&b, "; run %d, %d requests", s.Run, s.Requests)
		if took := s.Finished.Sub(s.Started).Round(time.Second); took > 0 {
			fmt.Fprintf(&b, " in %s", took)
		}
	}
	b.WriteByte('\n')
	if s.Stopped != "" {
		fmt.Fprintf(&b, "Stopped     %s\n", s.Stopped)
	}
	return b.String()
}

// meanings say what a class asks of the reader.
var meanings = [len(batch.Classes)]string{
	batch.Confirmed:  "",
	batch.Rejected:   ": the API said no; mend the row",
	batch.Invalid:    ": not sent; mend the row",
	batch.Unsent:     ": surely had no effect",
	batch.Unverified: ": look at the order, then billmark settle",
	batch.Unknown:    ": look at the order, then billmark settle",
	batch.Skipped:    ": left out as you asked",
}
