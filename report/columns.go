package report

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Columns are those that a report adds to the manifest's own.
var Columns = [...]string{"line", "result", "outcome", "code", "message", "attempts", "sent", "finished_at"}

// prefix comes before a column of ours if the manifest has one of that name.
const prefix = "billmark_"

// header is the manifest's own header and then ours.
func header(own []string) []string {
	all := slices.Clone(own)
	for _, name := range Columns {
		for slices.ContainsFunc(all, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) }) {
			name = prefix + name
		}
		all = append(all, name)
	}
	return all
}

// IsReport reports whether a header is that of a report.
func IsReport(header []string) bool {
	n := len(header) - len(Columns)
	if n < 0 {
		return false
	}
	for i, name := range Columns {
		h := strings.ToLower(strings.TrimSpace(header[n+i]))
		for strings.HasPrefix(h, prefix) {
			h = strings.TrimPrefix(h, prefix)
		}
		if h != name {
			return false
		}
	}
	return true
}

// values are our columns of a line, in the order of Columns.
func (h *Head) values(l Line) [len(Columns)]string {
	o := &l.Outcome
	finished := ""
	if !o.Finished.IsZero() {
		finished = o.Finished.UTC().Format(time.RFC3339)
	}
	return [...]string{
		strconv.Itoa(l.Row.Line), o.Class.Result(), o.Class.String(), o.Code, h.Message(l), strconv.Itoa(o.Attempts), l.Sent, finished,
	}
}

// own gives the manifest's cells of a line, one for each column of its header:
// a row that has fewer is filled up, and what a row has beyond them is only in
// the failed file, for such a row is invalid.
func (h *Head) own(into []string, l Line) []string {
	cells := l.Row.Cells()
	into = append(into, cells[:min(len(cells), len(h.Header))]...)
	for range len(h.Header) - len(cells) {
		into = append(into, "")
	}
	return into
}

// defused takes the danger out of a cell that a spreadsheet would run.
func defused(cell string) string {
	if cell != "" && strings.IndexByte("=+-@\t\r\n", cell[0]) >= 0 {
		return "'" + cell
	}
	return cell
}
