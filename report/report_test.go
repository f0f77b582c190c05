package report

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFormattedByEnding(t *testing.T) {
	for path, want := range map[string]bool{
		"a.csv": true, "a.XLSX": true, "a.html": true, "b/a.jsonl": true,
		"a": false, "a.txt": false, "a.htm": false, "a.csv.gz": false, "csv": false,
	} {
		if got := Formatted(path); got != want {
			t.Errorf("Formatted(%q) = %v", path, got)
		}
	}
	if _, err := Create(filepath.Join(t.TempDir(), "a.txt"), Head{}); !errors.Is(err, ErrFormat) {
		t.Errorf("Create of .txt: %v", err)
	}
}

// What each format makes of the same rows.
func TestGolden(t *testing.T) {
	h, lines := mixed()
	golden(t, "mixed.csv", write(t, ".csv", h, lines))
	golden(t, "mixed.jsonl", write(t, ".jsonl", h, lines))
	golden(t, "mixed.html", write(t, ".html", h, lines))
	golden(t, "mixed.xlsx.txt", dumpXLSX(t, write(t, ".xlsx", h, lines)))
	h.Lang = "ru"
	golden(t, "mixed.ru.csv", write(t, ".csv", h, lines))
	golden(t, "mixed.ru.html", write(t, ".html", h, lines))
}

// A report is a view: the same input gives the same bytes.
func TestSameBytes(t *testing.T) {
	for ending := range formats {
		h, lines := mixed()
		first := write(t, ending, h, lines)
		for range 5 {
			h, lines := mixed()
			if d := differ(first, write(t, ending, h, lines)); d != "" {
				t.Fatalf("%s: %s", ending, d)
			}
		}
	}
}

func TestNoRows(t *testing.T) {
	for ending := range formats {
		h := headFor(nil)
		h.Header = []string{"Order"}
		if len(write(t, ending, h, nil)) == 0 {
			t.Errorf("%s: an empty file", ending)
		}
	}
}

// Until Close an old report is as it was, and Abort leaves it so.
func TestAbortLeavesTheOldReport(t *testing.T) {
	h, lines := mixed()
	for ending := range formats {
		folder := t.TempDir()
		path := filepath.Join(folder, "a"+ending)
		if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := Create(path, h)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Row(lines[0]); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != "old" {
			t.Errorf("%s: replaced before Close: %q", ending, got)
		}
		w.Abort()
		w.Abort()
		if got := read(t, path); got != "old" {
			t.Errorf("%s: replaced by Abort: %q", ending, got)
		}
		if list := names(t, folder); !slices.Equal(list, []string{"a" + ending}) {
			t.Errorf("%s: left after Abort: %q", ending, list)
		}
	}
}

// A row need not be kept valid after the call that it is given to.
func TestRowsAreNotKept(t *testing.T) {
	h, lines := mixed()
	for ending := range formats {
		want := write(t, ending, h, lines)
		path := filepath.Join(t.TempDir(), "a"+ending)
		w, err := Create(path, h)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			row := *l.Row
			cells := slices.Clone(row.Cells())
			row.Cells = func() []string { return cells }
			if err := w.Row(Line{Row: &row, Outcome: l.Outcome, Sent: l.Sent}); err != nil {
				t.Fatal(err)
			}
			for i := range cells {
				cells[i] = "gone"
			}
			row.Faults, row.Raw = nil, nil
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if d := differ(want, []byte(read(t, path))); d != "" {
			t.Errorf("%s: %s", ending, d)
		}
	}
}

// A report that could not be written leaves the old one and nothing else.
func TestWritingFails(t *testing.T) {
	h, lines := mixed()
	for ending, maker := range formats {
		folder := t.TempDir()
		path := filepath.Join(folder, "a"+ending)
		put(t, path, "old")
		f := begun(t, path, "")
		w, err := maker(f, h)
		if err != nil {
			t.Fatal(err)
		}
		f.File.Close() // from here on no write succeeds
		if err := w.Row(lines[0]); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
		if err := w.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", ending, err)
		}
		if got, list := read(t, path), names(t, folder); got != "old" || len(list) != 1 {
			t.Errorf("%s: %q in %q", ending, got, list)
		}
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
