package manifest

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pieces are what cells are made of: what readers of CSV stumble over, and what
// fields hold.
var pieces = []string{
	`"`, `""`, ",", ";", "\n", "\r\n", "\r", " ", "\t", "a", "Я", "\u00a0", "\u2028", "1", "100000", "paid", "sent", "cancel",
	"1362254400", "06.05.2026", "13.05.2026", "RR123456785RU", "=", "'", "-",
}

func drawCell(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5).Draw(t, label), "")
}

// drawFile makes a file: quoted as it should be, or pieces as they come.
func drawFile(t *rapid.T, end string) string {
	var b strings.Builder
	for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
		for range rapid.IntRange(0, 2).Draw(t, "blank lines") {
			b.WriteString(end)
		}
		for column := range 4 {
			if column > 0 {
				b.WriteString(",")
			}
			cell := drawCell(t, "cell")
			switch rapid.IntRange(0, 9).Draw(t, "writing") {
			case 0:
				b.WriteString(cell)
			case 1:
				b.WriteString(strings.Map(func(r rune) rune {
					if strings.ContainsRune("\",\r\n", r) {
						return -1
					}
					return r
				}, cell))
			default:
				b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
			}
		}
		if i < 7 {
			b.WriteString(end)
		}
	}
	return b.String()
}

// Whatever a file holds: what gocsv read is what stands in the cells, and no
// byte is lost.
func TestRowsAsTheyStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
		data := []byte("bill_id,rpo,status,date" + end + drawFile(t, end))
		f, err := opened(data, Options{Multiline: rapid.Bool().Draw(t, "multiline"), DateFormat: "dmy"})
		if err != nil {
			return
		}
		if err := f.sameByBoth(); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		rows, err := from(f, batchMark)
		if err != nil {
			return
		}
		if err := consistent(f, data, rows); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

// sameByBoth holds what gocsv read of every row against the cells as they
// stand, but for CRLF, of which gocsv makes LF.
func (f *File) sameByBoth() error {
	p, err := f.openAt(batchMark)
	if err != nil {
		return err
	}
	for {
		values, broken, err := p.record()
		if err != nil {
			return nil // the end, or refused
		}
		if broken != nil {
			continue
		}
		cells := p.split()
		if p.bad != nil || len(cells) != len(f.header) {
			return p.bad
		}
		for i, got := range []string{values.Bill, values.Status, values.Date, values.RPO} {
			if at := f.columns[i]; at >= 0 && got != strings.ReplaceAll(cells[at], "\r\n", "\n") {
				return &FileError{Message: "row " + itoa(p.row.Number) + ": gocsv read " + got + " where " + cells[at] + " stands"}
			}
		}
	}
}

// split and encoding/csv agree on every record, well-formed or not.
func TestSplitAsTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]rune{',', ';', '\t', '|', '¦', ' '}).Draw(t, "delimiter")
		text := strings.ReplaceAll(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), ""), ",", string(delimiter))
		record := []byte(text)
		r := csv.NewReader(bytes.NewReader(record))
		r.Comma, r.FieldsPerRecord = delimiter, -1
		want, wantErr := r.Read()
		if wantErr == io.EOF || r.InputOffset() != int64(len(record)) {
			return // more than one record, or none
		}
		got, gotErr := split(nil, trimStart(record), delimiter)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], "\r\n", "\n")
		}
		if (wantErr == nil) != (gotErr == nil) {
			t.Fatalf("%q: %v, but encoding/csv says %v", record, gotErr, wantErr)
		}
		if wantErr == nil && !cmp.Equal(got, want) {
			t.Fatalf("%q: %q, but encoding/csv says %q", record, got, want)
		}
	})
}

// What a careful writer wrote is read as it was meant, whatever stands in it.
func TestWrittenAndRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "delimiter")
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			return []string{drawCell(t, "note"), rapid.StringMatching(`[1-9][0-9]{0,17}`).Draw(t, "bill"), "cancel", drawCell(t, "city")}
		}), 0, 6).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = delimiter
		if err := w.WriteAll(append([][]string{{"note", "bill_id", "status", "city"}}, rows...)); err != nil {
			t.Fatal(err)
		}
		f, err := opened(b.Bytes(), Options{Multiline: true, Delimiter: string(delimiter)})
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		got, err := from(f, batchMark)
		if err != nil {
			return // a line inside a cell may look like a row
		}
		var bills, wanted [][]string
		for _, r := range got {
			bills = append(bills, append(slices.Clone(r.Cells), r.Update.String()))
		}
		for _, r := range rows {
			wanted = append(wanted, append(slices.Clone(r), "cancel of bill "+r[1]))
		}
		if diff := cmp.Diff(wanted, bills); diff != "" {
			t.Fatalf("%q: %s", b.String(), diff)
		}
	})
}
