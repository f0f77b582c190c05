package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"billmark/batch"
)

// What the page holds at most, so that a browser can show it and memory stays
// within bounds however long the manifest is.
const (
	mostFailures = 5_000
	mostOthers   = 20_000
	// mostText is for the texts of either group, in bytes.
	mostText = 32 << 20
	// longestCell is in characters.
	longestCell = 300
)

// htmlReport is one page for people that needs nothing beside itself. It is
// written at the end, for what comes first on it is known last.
type htmlReport struct {
	*body
	time             timeline
	failures, others kept
}

// kept are rows of one kind: all are counted, the first ones are shown.
type kept struct {
	count int
	most  int // rows
	room  int // bytes of text that may still be kept
	full  bool
	rows  []pageRow
}

// pageRow is a row as the page shows it.
type pageRow struct {
	Class, Message, Code, Sent, Finished string
	Line, Attempts                       int
	Cells                                []string
}

func newHTML(f *atomicFile, h Head) (Writer, error) {
	return &htmlReport{
		body:     newBody(f, h),
		failures: kept{most: mostFailures, room: mostText},
		others:   kept{most: mostOthers, room: mostText},
	}, nil
}

// Row implements Writer.
func (w *htmlReport) Row(l Line) error {
	w.time.add(l.Outcome.Finished, l.Outcome.Class)
	group := &w.others
	if l.Outcome.Class.Result() == batch.Unsent.Result() {
		group = &w.failures
	}
	group.count++
	if !group.full {
		group.keep(w.pageRow(l))
	}
	return nil
}

// keep keeps a row if it fits; after the first that does not, none is kept, so
// that what is shown has no gaps.
func (k *kept) keep(r pageRow) {
	k.room -= len(r.Message) + len(r.Code) + len(r.Sent)
	for _, cell := range r.Cells {
		k.room -= len(cell) + 16
	}
	if k.full = len(k.rows) == k.most || k.room < 0; !k.full {
		k.rows = append(k.rows, r)
	}
}

// pageRow copies what is shown of a line, which is gone after the call.
func (b *body) pageRow(l Line) pageRow {
	t := b.tell(l)
	r := pageRow{
		Class: t.Outcome, Message: shown(t.Message), Code: shown(t.Code), Sent: shown(t.Sent),
		Finished: t.FinishedAt, Line: t.Line, Attempts: t.Attempts,
		Cells: b.head.own(make([]string, 0, len(b.head.Header)), l),
	}
	for i, cell := range r.Cells {
		r.Cells[i] = shown(cell)
	}
	return r
}

// shown is a copy of a text for the page: not too long, and without characters
// that move others about.
func shown(s string) string {
	if len(s) > longestCell {
		if r := []rune(s[:min(len(s), 4*longestCell+4)]); len(r) > longestCell {
			s = string(r[:longestCell]) + "\u2026"
		}
	}
	return strings.Clone(Clean(s))
}

// Close implements Writer.
func (w *htmlReport) Close() error {
	if err := pageTemplate.Execute(w.buf, w.page()); err != nil {
		w.Abort()
		return err
	}
	return w.body.Close()
}

//go:embed html.tmpl
var pageText string

//go:embed html.css
var pageStyle string

//go:embed html.js
var pageScript string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// The page allows itself its own style and script, and no others.
var styleSum, scriptSum = sumOf(pageStyle), sumOf(pageScript)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
