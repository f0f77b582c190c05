package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

// moscow is the zone of the tests: it has had no clock changes since 2014.
var moscow = zone("Europe/Moscow")

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// now is the tests' present.
var now = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

// opened opens a text in memory.
func opened(data []byte, o Options) (*File, error) {
	if o.Name == "" {
		o.Name = "file.csv"
	}
	if o.Now.IsZero() {
		o.Now = now
	}
	return Open(bytes.NewReader(data), int64(len(data)), o)
}

// kept is a row that outlives the next one.
type kept struct {
	Number, Line    int
	Offset          int64
	Cells           []string
	Raw             string
	Skipped         bool
	Faults          []batch.Fault
	Update          batch.Update
	Unused, Trimmed int
	Warnings        []batch.Fault
}

func keep(r *batch.Row) kept {
	return kept{
		Number: r.Number, Line: r.Line, Offset: r.Offset, Cells: append([]string{}, r.Cells()...), Raw: string(r.Raw), Skipped: r.Skipped,
		Faults: slices.Clone(r.Faults), Update: r.Update, Unused: r.Unused, Trimmed: r.Trimmed, Warnings: slices.Clone(r.Warnings),
	}
}

// from reads the rows from a place on.
func from(f *File, m batch.Mark) ([]kept, error) {
	source, err := f.OpenAt(m)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var rows []kept
	for {
		r, err := source.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, keep(r))
	}
}

// whole reads a text that must not be refused.
func whole(t *testing.T, data string, o Options) (*File, []kept) {
	t.Helper()
	f, err := opened([]byte(data), o)
	if err != nil {
		t.Fatalf("opening %q: %v", data, err)
	}
	rows, err := from(f, batch.Mark{})
	if err != nil {
		t.Fatalf("reading %q: %v", data, err)
	}
	if err := consistent(f, []byte(data), rows); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return f, rows
}

// refused reads a text that must be refused, and gives the refusal.
func refused(t *testing.T, data string, o Options) *FileError {
	t.Helper()
	f, err := opened([]byte(data), o)
	if err == nil {
		_, err = from(f, batch.Mark{})
	}
	var refusal *FileError
	if !errors.As(err, &refusal) {
		t.Fatalf("%q gave %v instead of a refusal", cut(data), err)
	}
	if refusal.Hint == "" || refusal.Name == "" {
		t.Errorf("%q: the refusal %q has the hint %q and the name %q", cut(data), refusal.Message, refusal.Hint, refusal.Name)
	}
	return refusal
}

// consistent holds what was read against the file itself: not a byte is lost or
// moved, lines are counted right, and a pass can begin at any row.
func consistent(f *File, data []byte, rows []kept) error {
	at := len(f.HeaderRaw())
	if !bytes.HasPrefix(data, f.HeaderRaw()) {
		return fmt.Errorf("the header's bytes are %q", f.HeaderRaw())
	}
	for i, r := range rows {
		if r.Number != i+1 {
			return fmt.Errorf("row %d has the number %d", i+1, r.Number)
		}
		if r.Offset < int64(at) || r.Offset > int64(len(data)) || !bytes.HasPrefix(data[r.Offset:], []byte(r.Raw)) {
			return fmt.Errorf("row %d: %q does not stand at %d", i+1, r.Raw, r.Offset)
		}
		if err := onlyLineEnds(f, data[at:r.Offset]); err != nil {
			return fmt.Errorf("before row %d: %w", i+1, err)
		}
		if line := lineAt(f, data, r.Offset); r.Line != line {
			return fmt.Errorf("row %d: line %d is said to be %d", i+1, line, r.Line)
		}
		if cells, err := split(nil, []byte(plainText(f, []byte(r.Raw))), f.delimiter); err == nil && !cmp.Equal(cells, r.Cells) {
			return fmt.Errorf("row %d has the cells %q instead of %q", i+1, r.Cells, cells)
		}
		at = int(r.Offset) + len(r.Raw)
	}
	if err := onlyLineEnds(f, data[at:]); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	return restarts(f, rows)
}

// restarts begins a pass at each of a number of rows.
func restarts(f *File, rows []kept) error {
	step := max(1, len(rows)/20)
	for i := 0; i < len(rows); i += step {
		r := rows[i]
		again, err := from(f, batch.Mark{Rows: r.Number - 1, Lines: r.Line - 1, Offset: r.Offset})
		if err != nil {
			return fmt.Errorf("a pass from row %d: %w", i+1, err)
		}
		if diff := cmp.Diff(rows[i:], again); diff != "" {
			return fmt.Errorf("a pass from row %d differs:\n%s", i+1, diff)
		}
	}
	return nil
}

// plainText is what bytes of the file mean.
func plainText(f *File, raw []byte) string {
	if f.text.code != nil {
		decoded, err := f.text.code.NewDecoder().Bytes(raw)
		if err != nil {
			panic(err)
		}
		raw = decoded
	}
	if f.text.onlyCR {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return string(raw)
}

func onlyLineEnds(f *File, between []byte) error {
	if text := plainText(f, between); strings.Trim(text, "\r\n") != "" {
		return fmt.Errorf("%q belongs to no row", text)
	}
	return nil
}

// lineAt is the line in which a place of the file lies.
func lineAt(f *File, data []byte, offset int64) int {
	text := plainText(f, data[f.text.mark:offset])
	return 1 + lines([]byte(text))
}

// facts is what a row asks for, or what is wrong with it, in one line.
func facts(r kept) string {
	switch {
	case r.Skipped:
		return "skipped"
	case len(r.Faults) > 0:
		text := ""
		for i, f := range r.Faults {
			if i > 0 {
				text += " | "
			}
			if f.Column != "" {
				text += f.Column + ": "
			}
			text += f.Message
		}
		return text
	}
	text := r.Update.String()
	if r.Update.Status.Dated() {
		text += fmt.Sprintf(" at %d", r.Update.Date)
	}
	if r.Update.RPO != "" {
		text += " with " + r.Update.RPO
	}
	for _, w := range r.Warnings {
		text += " (" + w.Message + ")"
	}
	return text
}

// allFacts are those of all rows.
func allFacts(rows []kept) []string {
	list := []string{}
	for _, r := range rows {
		list = append(list, facts(r))
	}
	return list
}
