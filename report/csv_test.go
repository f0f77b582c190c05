package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"billmark/batch"
)

// Whatever is in the cells, a CSV reader gets them back, defused.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cell := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("=+-@\t\n\",;' x1")), rapid.Rune()))
		own := rapid.SliceOfN(cell, 1, 4).Draw(rt, "header")
		cells := rapid.SliceOfN(cell, 0, 6).Draw(rt, "cells")
		text := cell.Draw(rt, "the API's text")
		l := Line{Row: made(1, cells...), Outcome: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "9", Text: text}, Sent: "=x"}
		h := headFor([]Line{l})
		h.Header = own
		got, err := csv.NewReader(bytes.NewReader(write(t, ".csv", h, []Line{l}))).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		want := append([]string{}, cells[:min(len(cells), len(own))]...)
		for len(want) < len(own) {
			want = append(want, "")
		}
		want = append(want, "2", "failure", "rejected", "9", h.Message(l), "0", "=x", "")
		expected := [][]string{header(own), want}
		for _, row := range expected {
			for i := range row { // the reader makes one LF of CR LF
				row[i] = strings.ReplaceAll(defused(row[i]), "\r\n", "\n")
			}
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// CR LF inside a cell stays what it is; rows end with LF.
func TestCSVLineEnds(t *testing.T) {
	l := Line{Row: made(1, "a\r\nb"), Outcome: batch.Outcome{Class: batch.Skipped}}
	h := headFor([]Line{l})
	h.Header = []string{"x"}
	want := "x," + strings.ReplaceAll(ours, " ", ",") + "\n\"a\r\nb\",2,skipped,skipped,,left out,0,,\n"
	if got := string(write(t, ".csv", h, []Line{l})); got != want {
		t.Errorf("%q", got)
	}
}

// What begins like a formula is defused in the header too.
func TestCSVDefusedEverywhere(t *testing.T) {
	l := Line{Row: made(1, "=1", "-2"), Outcome: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "-7"}}
	h := headFor([]Line{l})
	h.Header = []string{"@a", "b"}
	h.CodeWords = func(string) string { return "=cmd()" }
	want := "'@a,b," + strings.ReplaceAll(ours, " ", ",") + "\n'=1,'-2,2,failure,rejected,'-7,'=cmd(),0,,\n"
	if got := string(write(t, ".csv", h, []Line{l})); got != want {
		t.Errorf("%q", got)
	}
}
