package manifest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"testing"

	"github.com/gocarina/gocsv"

	"billmark/batch"
)

// million is a plain manifest of so many rows.
const million = 1_000_000

func plainRows(n int) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "%d,sent,%d,1Z%09d\n", 100000+i, 1362254400+i, i)
	}
	return b.Bytes()
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/row")
}

func benchmarkPass(b *testing.B, data []byte, o Options) {
	f, err := opened(data, o)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		source, err := f.OpenAt(batch.Mark{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			r, err := source.Next()
			if err == io.EOF {
				break
			}
			if err != nil || len(r.Faults) > 0 {
				b.Fatal(err, r.Faults)
			}
			n++
		}
		if n != million {
			b.Fatal(n)
		}
	}
	perRow(b)
}

// A pass reads, checks and finds the place of every row.
func BenchmarkPass(b *testing.B) { benchmarkPass(b, plainRows(million), Options{}) }

func BenchmarkPassWindows1251(b *testing.B) {
	benchmarkPass(b, plainRows(million), Options{Encoding: "windows-1251"})
}

func BenchmarkPassDates(b *testing.B) {
	var data bytes.Buffer
	data.WriteString(head)
	for i := range million {
		fmt.Fprintf(&data, "%d,sent,%02d.05.2026 10:11:12,1Z%09d\n", 100000+i, 1+i%31, i)
	}
	benchmarkPass(b, data.Bytes(), Options{Location: moscow})
}

func BenchmarkOpen(b *testing.B) {
	data := plainRows(million)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := opened(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b)
}

// The bare reader of the standard library: it takes rows apart, and no more.
func BenchmarkEncodingCSV(b *testing.B) {
	data := plainRows(million)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	perRow(b)
}

// gocsv's own fastest door. It checks nothing, and knows no places.
func BenchmarkUnmarshalToChan(b *testing.B) {
	data := plainRows(million)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		rows, done := make(chan record, 1024), make(chan error, 1)
		go func() { done <- gocsv.UnmarshalToChan(bytes.NewReader(data), rows) }()
		n := 0
		for range rows {
			n++
		}
		if err := <-done; err != nil || n != million {
			b.Fatal(err, n)
		}
	}
	perRow(b)
}
