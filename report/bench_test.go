package report

import (
	"path/filepath"
	"testing"
)

// benchmark writes b.N rows into a report of the format.
func benchmark(b *testing.B, ending string) {
	h, line := many(1000)
	lines := make([]Line, 1000)
	for i := range lines {
		lines[i] = line(i)
	}
	w, err := Create(filepath.Join(b.TempDir(), "a"+ending), h)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := w.Row(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
	}
	w.Abort()
}

func BenchmarkCSVRow(b *testing.B)   { benchmark(b, ".csv") }
func BenchmarkJSONLRow(b *testing.B) { benchmark(b, ".jsonl") }
