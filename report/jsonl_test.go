package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

// The first line's counts add up to the lines that follow.
func TestJSONLAddsUp(t *testing.T) {
	h, lines := mixed()
	texts := strings.Split(strings.TrimSuffix(string(write(t, ".jsonl", h, lines)), "\n"), "\n")
	var about struct {
		Rows   int
		Counts map[string]int
	}
	if err := json.Unmarshal([]byte(texts[0]), &about); err != nil {
		t.Fatal(err)
	}
	if about.Rows != len(texts)-1 {
		t.Errorf("%d rows, %d lines follow", about.Rows, len(texts)-1)
	}
	found := map[string]int{}
	for _, c := range batch.Classes {
		found[c.String()] = 0
	}
	for i, text := range texts[1:] {
		var row struct {
			Row     int
			Outcome string
		}
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			t.Fatal(err)
		}
		if row.Row != i+1 {
			t.Errorf("row %d in place %d", row.Row, i+1)
		}
		found[row.Outcome]++
	}
	if diff := cmp.Diff(found, about.Counts); diff != "" {
		t.Errorf("counts (-found +told):\n%s", diff)
	}
}

// Cells are raw and stay in order under doubled headers; nothing is left over
// from the row before.
func TestJSONLCells(t *testing.T) {
	lines := []Line{
		{Row: faulty(made(1, "=1", "a\r\n\x00", "<&>", "more"), batch.Fault{Column: "x", Value: "=1", Message: "no"}), Outcome: batch.Outcome{Class: batch.Invalid}},
		{Row: made(2, "only"), Outcome: batch.Outcome{Class: batch.Unsent}},
		{Row: made(3), Outcome: batch.Outcome{Class: batch.Skipped}},
	}
	h := headFor(lines)
	h.Header = []string{"x", "x", "y"}
	want := []string{
		`"faults":[{"column":"x","value":"=1","message":"no"}],"cells":[["x","=1"],["x","a\r\n\u0000"],["y","<&>"],["","more"]]}`,
		`"finished_at":"","cells":[["x","only"]]}`,
		`"finished_at":"","cells":[]}`,
	}
	got := bytes.Split(bytes.TrimSpace(write(t, ".jsonl", h, lines)), []byte("\n"))
	for i := range want {
		if !bytes.HasSuffix(got[i+1], []byte(want[i])) {
			t.Errorf("%s\nwant at its end\n%s", got[i+1], want[i])
		}
	}
}
