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

// told is what a report tells of a row, beside the row's own cells. Its fields
// are the Columns, and the number of the row.
type told struct {
	Line       int    `json:"line"`
	Row        int    `json:"row"`
	Result     string `json:"result"`
	Outcome    string `json:"outcome"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Attempts   int    `json:"attempts"`
	Sent       string `json:"sent"`
	FinishedAt string `json:"finished_at"`
}

func (b *body) tell(l Line) told {
	o := &l.Outcome
	return told{
		Line: l.Row.Line, Row: l.Row.Number, Result: o.Class.Result(), Outcome: o.Class.String(), Code: o.Code,
		Message: b.head.Message(l), Attempts: o.Attempts, Sent: l.Sent, FinishedAt: b.last.moment(o.Finished),
	}
}

// values are the texts of our columns, in the order of Columns.
func (t *told) values() [len(Columns)]string {
	return [...]string{
		strconv.Itoa(t.Line), t.Result, t.Outcome, t.Code, t.Message, strconv.Itoa(t.Attempts), t.Sent, t.FinishedAt,
	}
}

// moment writes a time in UTC to the second; a zero time is empty.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// second is the text of a time, kept because the next row was often finished
// in the same second.
type second struct {
	unix int64
	text string
}

// moment is the function moment.
func (s *second) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if unix := t.Unix(); s.text == "" || unix != s.unix {
		s.unix, s.text = unix, moment(t)
	}
	return s.text
}

// own gives the manifest's cells of a line, one for each column of its header:
// a row that has fewer is filled up, and what a row has beyond them is left to
// the failed file and to .jsonl, for such a row is invalid.
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
	if cell == "" {
		return cell
	}
	switch cell[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return "'" + cell
	}
	return cell
}
