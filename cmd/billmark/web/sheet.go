package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"billmark/batch"
	"billmark/report"
)

// pageRows is how many rows a page shows, and mostRows how far the pages go:
// the rows of a page are found by going through those before it.
const (
	pageRows = 100
	mostRows = 20_000
)

// sheetPage is a file: in work, or with its rows and its plan.
type sheetPage struct {
	*Sheet
	Live *progress // nil unless this file's run goes on
	Busy bool      // another file's run goes on

	Pace     string
	Sending  int
	Doubts   int // rows to be settled
	TypeIt   bool
	Counts   []planCount
	Rows     *rowsPage
	Choice   map[string]string // the value of each field's select
	Formats  []string
	Warnings []batch.Fault
	MoreWarn int
}

// planCount is one line of the plan.
type planCount struct {
	Key string
	N   int
}

// rowsPage is a part of the rows.
type rowsPage struct {
	Outcome, Search   string
	From, To, Fitting int
	Previous, Next    string
	Header            []string
	Rows              []shownRow
	Offered           []batch.Class

	skip int
}

// shownRow is a row with what became of it.
type shownRow struct {
	Line    int
	Class   batch.Class
	Message string
	Code    string
	Cells   []string
}

func (s *Server) sheet(w http.ResponseWriter, r *http.Request) error {
	id, l := r.PathValue("id"), s.lang(r)
	v, _ := s.Bench.Live().look()
	if v.Phase != Idle && v.Upload == id {
		p := s.progress(l, &v)
		return s.show(w, r, http.StatusOK, "live", &sheetPage{Sheet: &Sheet{Upload: s.named(id)}, Live: &p})
	}
	sheet, err := s.Bench.Sheet(id)
	if err != nil {
		return err
	}
	p := &sheetPage{Sheet: sheet, Busy: v.Phase != Idle, Pace: s.Bench.Place().Pace, Choice: sheet.Choices.selected(), Warnings: sheet.Warnings}
	const most = 10
	if p.MoreWarn = len(p.Warnings) - most; p.MoreWarn > 0 {
		p.Warnings = p.Warnings[:most]
	}
	if sheet.Plan != nil {
		p.Sending = sheet.Plan.Sending()
		p.Doubts = sheet.Plan.Counts[batch.Unknown] + sheet.Plan.Counts[batch.Unverified]
		p.TypeIt = p.Sending > typeAbove
		p.Counts = planCounts(sheet.Plan)
		if p.Rows, err = s.rows(r, sheet); err != nil {
			return err
		}
		if sheet.Run > 0 && !sheet.Blind {
			p.Formats = []string{"csv", "xlsx", "html"}
			if sheet.Plan.Counts[batch.Rejected]+sheet.Plan.Counts[batch.Invalid] > 0 {
				p.Formats = append(p.Formats, "failed")
			}
		}
	}
	return s.show(w, r, http.StatusOK, "sheet", p)
}

// named finds an upload without reading it.
func (s *Server) named(id string) Upload {
	list, _ := s.Bench.Uploads()
	for _, u := range list {
		if u.ID == id {
			return u
		}
	}
	return Upload{ID: id}
}

// planCounts says what else becomes of the rows, without what does not occur.
func planCounts(p *batch.Plan) []planCount {
	held := p.Reasons[batch.ReasonHeld] + p.Reasons[batch.ReasonHeldElsewhere]
	var list []planCount
	for _, c := range []planCount{
		{"already", p.Counts[batch.Confirmed]},
		{"invalid", p.Counts[batch.Invalid]},
		{"rejected", p.Counts[batch.Rejected]},
		{"unsettled", p.Counts[batch.Unknown] + p.Counts[batch.Unverified]},
		{"held", held},
		{"late", p.Reasons[batch.ReasonLate]},
		{"stale", p.Reasons[batch.ReasonStale]},
		{"superseded", p.Reasons[batch.ReasonSuperseded]},
		{"skipped", p.Counts[batch.Skipped]},
		{"unused", p.Unused},
		{"trimmed", p.Trimmed},
	} {
		if c.N > 0 {
			list = append(list, c)
		}
	}
	return list
}

// selected gives the value of each field's select.
func (c *Choices) selected() map[string]string {
	m := map[string]string{}
	for field, header := range c.Columns {
		m[field] = columnValue + header
	}
	for field, value := range c.Set {
		m[field] = setValue + value
	}
	return m
}

// rows collects the part of the rows that is asked for: failures first, then
// the others, each in the order of the file. It keeps no more than it shows.
func (s *Server) rows(r *http.Request, sheet *Sheet) (*rowsPage, error) {
	q := r.URL.Query()
	p := &rowsPage{Outcome: q.Get("outcome"), Search: strings.TrimSpace(q.Get("q")), Header: sheet.Header}
	if n, err := strconv.Atoi(q.Get("from")); err == nil && n > 0 && n < mostRows {
		p.skip = n
	}
	for _, c := range batch.Classes {
		if sheet.Plan.Counts[c] > 0 {
			p.Offered = append(p.Offered, c)
		}
	}
	needle := strings.Fields(strings.ToLower(p.Search))
	failures, others := window{skip: p.skip}, window{most: p.skip + pageRows}
	err := s.Bench.Rows(sheet.ID, s.lang(r).String(), func(h *report.Head, line report.Line) error {
		o := &line.Outcome
		if p.Outcome != "" && p.Outcome != o.Class.String() {
			return nil
		}
		failure := o.Class.Result() == batch.Rejected.Result() && !pending(o)
		target := &others
		if failure {
			target = &failures
		}
		if len(needle) == 0 && target.full() {
			target.count++
			return nil
		}
		message := s.lang(r).say("pending")
		if !pending(o) {
			message = h.Message(line)
		}
		row := shownRow{Line: line.Row.Line, Class: o.Class, Message: message, Code: o.Code, Cells: clipped(line.Row.Cells(), len(p.Header))}
		if row.has(needle) {
			target.add(row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.lay(&failures, &others, q)
	return p, nil
}

// pending reports whether a row only waits for its turn in a run.
func pending(o *batch.Outcome) bool {
	return o.Class == batch.Unsent && o.Reason == batch.ReasonNotReached
}

// window keeps a part of a list of rows.
type window struct {
	skip, most, count int // most is 0 for pageRows after skip
	rows              []shownRow
}

func (w *window) full() bool {
	if w.most > 0 {
		return w.count >= w.most
	}
	return w.count < w.skip || len(w.rows) >= pageRows
}

func (w *window) add(r shownRow) {
	if !w.full() {
		w.rows = append(w.rows, r)
	}
	w.count++
}

// lay puts the failures and what follows them on the page.
func (p *rowsPage) lay(failures, others *window, q url.Values) {
	p.Rows, p.Fitting = failures.rows, failures.count+others.count
	if room := pageRows - len(p.Rows); room > 0 {
		from := max(0, p.skip-failures.count)
		rest := others.rows[min(from, len(others.rows)):]
		p.Rows = append(p.Rows, rest[:min(room, len(rest))]...)
	}
	p.From, p.To = p.skip+1, p.skip+len(p.Rows)
	link := func(from int) string {
		q := url.Values{"outcome": q["outcome"], "q": q["q"], "from": {strconv.Itoa(max(0, from))}}
		return "?" + q.Encode() + "#rows"
	}
	if p.skip > 0 {
		p.Previous = link(p.skip - pageRows)
	}
	if p.To < p.Fitting && len(p.Rows) > 0 && p.To < mostRows {
		p.Next = link(p.skip + pageRows)
	}
}

// has reports whether all words stand somewhere in the row.
func (r *shownRow) has(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join(r.Cells, "\n") + "\n" + r.Message + "\n" + strconv.Itoa(r.Line))
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// clipped copies the cells, as many as there are columns and no longer than
// can be shown.
func clipped(cells []string, columns int) []string {
	const longest = 200
	list := make([]string, 0, max(columns, len(cells)))
	for _, c := range cells {
		c = strings.ToValidUTF8(c, "\ufffd")
		if r := []rune(c); len(r) > longest {
			c = string(r[:longest]) + "…"
		}
		list = append(list, strings.Clone(c))
	}
	for len(list) < columns {
		list = append(list, "")
	}
	return list
}

// media are the types of what can be taken away.
var media = map[string]string{
	"csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "failed": "application/octet-stream",
}

// download gives a report. It is made whole first: a browser never takes half
// a report for a whole one.
func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	format := r.PathValue("format")
	kind, ok := media[format]
	if !ok {
		return &Trouble{Message: s.lang(r).say("notFound"), Status: http.StatusNotFound}
	}
	scratch, err := os.CreateTemp("", "billmark-*")
	if err != nil {
		return fmt.Errorf("making a report: %w", err)
	}
	defer func() {
		scratch.Close()
		os.Remove(scratch.Name())
	}()
	name, err := s.Bench.Report(r.PathValue("id"), format, s.lang(r).String(), scratch)
	if err != nil {
		return err
	}
	size, err := scratch.Seek(0, io.SeekEnd)
	_, back := scratch.Seek(0, io.SeekStart)
	if err := errors.Join(err, back); err != nil {
		return fmt.Errorf("making a report: %w", err)
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	io.Copy(w, scratch) // the reader may be gone: nothing is lost
	return nil
}
