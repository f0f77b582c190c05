package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"billmark/batch"
)

// jsonlReport is one JSON object a line, in UTF-8 with LF: the first tells
// what the report is about, each other tells of one row. It is for programs:
// values stand as they do in the manifest.
type jsonlReport struct {
	*body
	out    *json.Encoder
	object rowObject
}

// aboutObject is the first line. Its counts add up to rows, and so do the
// lines that follow.
type aboutObject struct {
	Report  string      `json:"report"`
	File    string      `json:"file"`
	Digest  string      `json:"digest"`
	Account string      `json:"account"`
	API     string      `json:"api"`
	Version string      `json:"version"`
	Rows    int         `json:"rows"`
	Counts  counts      `json:"counts"`
	Runs    []runObject `json:"runs"`
}

// runObject is one run over the manifest. FinishedAt and Requests are null if
// it was killed or still goes on, Stopped if it did not stop by itself.
type runObject struct {
	Run        int64   `json:"run"`
	StartedAt  string  `json:"started_at"`
	FinishedAt *string `json:"finished_at"`
	Requests   *int    `json:"requests"`
	Stopped    *string `json:"stopped"`
}

// rowObject is one row. Cells are pairs of header and cell in the order of the
// manifest, so that a header may stand twice; a row that has fewer or more
// cells than the header has fewer pairs, or more with an empty header.
type rowObject struct {
	told
	Faults []faultObject `json:"faults,omitempty"`
	Cells  [][2]string   `json:"cells"`
}

type faultObject struct {
	Column  string `json:"column"`
	Value   string `json:"value"`
	Message string `json:"message"`
}

// counts are written as an object, in the order in which classes are shown.
type counts [len(batch.Classes)]int

// MarshalJSON implements json.Marshaler.
func (c counts) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, class := range batch.Classes {
		fmt.Fprintf(&b, "%c%q:%d", "{,"[min(i, 1)], class.String(), c[class])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func newJSONL(f *atomicFile, h Head) (Writer, error) {
	w := &jsonlReport{body: newBody(f, h)}
	w.object.Cells = [][2]string{}
	w.out = json.NewEncoder(w.buf)
	w.out.SetEscapeHTML(false)
	return w, w.out.Encode(h.about())
}

// requests is how many a run made; nil if that is not known, because it did not
// come to its end.
func requests(r batch.Run) *int {
	if r.Finished.IsZero() {
		return nil
	}
	return &r.Summary.Requests
}

// requestsText is the same in words; empty if it is not known.
func requestsText(r batch.Run, number func(int) string) string {
	if n := requests(r); n != nil {
		return number(*n)
	}
	return ""
}

func (h *Head) about() aboutObject {
	a := aboutObject{
		Report: "billmark", File: h.File, Digest: h.Digest, Account: h.Account, API: h.API, Version: h.Version,
		Rows: h.Rows, Counts: h.Counts, Runs: []runObject{},
	}
	for _, r := range h.Runs {
		a.Runs = append(a.Runs, runObject{
			Run: r.ID, StartedAt: moment(r.Started), FinishedAt: orNull(moment(r.Finished)),
			Requests: requests(r), Stopped: orNull(r.Summary.Stopped),
		})
	}
	return a
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Row implements Writer.
func (w *jsonlReport) Row(l Line) error {
	o := &w.object
	o.told = w.tell(l)
	o.Faults, o.Cells = o.Faults[:0], o.Cells[:0]
	if l.Outcome.Class == batch.Invalid {
		for _, f := range l.Row.Faults {
			o.Faults = append(o.Faults, faultObject{f.Column, f.Value, f.Message})
		}
	}
	for i, cell := range l.Row.Cells() {
		name := ""
		if i < len(w.head.Header) {
			name = w.head.Header[i]
		}
		o.Cells = append(o.Cells, [2]string{name, cell})
	}
	return w.out.Encode(o)
}
