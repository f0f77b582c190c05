package report

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"billmark/batch"
)

// open reads a workbook as a spreadsheet program would.
func open(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if book.Theme == nil { // without one, the library tells no colour at all
		blank := excelize.NewFile()
		book.Theme = blank.Theme
		blank.Close()
	}
	t.Cleanup(func() { book.Close() })
	return book
}

// dumpXLSX lists every cell that holds something: place, type, format, fill
// and value.
func dumpXLSX(t testing.TB, data []byte) []byte {
	t.Helper()
	book := open(t, data)
	var b bytes.Buffer
	for _, sheet := range book.GetSheetList() {
		fmt.Fprintf(&b, "sheet %s\n", sheet)
		rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, value := range row {
				if value == "" {
					continue
				}
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "%-4s %-7s %s %q\n", cell, kindOf(t, book, sheet, cell), fillOf(t, book, sheet, cell), value)
			}
		}
	}
	return b.Bytes()
}

// kindOf tells text from number.
func kindOf(t testing.TB, book *excelize.File, sheet, cell string) string {
	t.Helper()
	kind, err := book.GetCellType(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	switch kind {
	case excelize.CellTypeInlineString, excelize.CellTypeSharedString:
		return "text"
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		return "number"
	}
	return fmt.Sprint("type ", kind)
}

// fillOf is the colour of a cell and its number format; + marks bold.
func fillOf(t testing.TB, book *excelize.File, sheet, cell string) string {
	t.Helper()
	id, err := book.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	style, err := book.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	fill := "------"
	if len(style.Fill.Color) > 0 {
		fill = style.Fill.Color[0]
	}
	if style.Font != nil && style.Font.Bold {
		fill += "+"
	}
	return fmt.Sprintf("%s/%d", fill, style.NumFmt)
}

func TestXLSXLayout(t *testing.T) {
	h, lines := mixed()
	data := write(t, ".xlsx", h, lines)
	book := open(t, data)
	sheets := book.GetSheetList()
	if len(sheets) != 2 || sheets[0] != "report" || sheets[1] != "about" {
		t.Fatalf("sheets %q", sheets)
	}
	panes, err := book.GetPanes("report")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	for sheet, want := range map[string]string{"report": "A1:M11", "about": "A1:E19"} {
		size, err := book.GetSheetDimension(sheet)
		if err != nil || size != want {
			t.Errorf("%s: size %s, %v", sheet, size, err)
		}
	}
	sheet := part(t, data, "xl/worksheets/sheet1.xml")
	if !strings.Contains(sheet, `<autoFilter ref="A1:M11"/>`) {
		t.Error("no filter over all rows and columns")
	}
	if got := strings.Count(sheet, "<row "); got != len(lines)+1 {
		t.Errorf("%d rows", got)
	}
}

func TestXLSXProperties(t *testing.T) {
	h, lines := mixed()
	book := open(t, write(t, ".xlsx", h, lines))
	p, err := book.GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	const ended = "2024-05-06T06:01:20Z" // the last thing known of a run
	if p.Created != ended || p.Modified != ended || p.Creator != "billmark" {
		t.Errorf("%+v", p)
	}
}

// What the format cannot hold is refused at once, and the message says what
// can.
func TestXLSXLimits(t *testing.T) {
	tall, wide := headFor(nil), headFor(nil)
	tall.Rows = 1_048_576
	wide.Header = make([]string, 16_377)
	for _, test := range []struct {
		h    Head
		want string
	}{
		{tall, "1048576 rows are more than an .xlsx sheet can hold (1,048,575 and the header): use .csv"},
		{wide, "16385 columns are more than an .xlsx sheet can hold (16,384): use .csv"},
	} {
		folder := t.TempDir()
		_, err := Create(folder+"/a.xlsx", test.h)
		if err == nil || err.Error() != test.want {
			t.Errorf("%v", err)
		}
		if left := names(t, folder); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
	tall.Rows--
	w, err := Create(t.TempDir()+"/a.xlsx", tall)
	if err != nil {
		t.Fatal(err)
	}
	w.(*xlsxReport).sheet.rows = xlsxRows - 1
	if err := w.Row(Line{Row: made(1)}); err != nil {
		t.Errorf("the last row that fits: %v", err)
	}
	if err := w.Row(Line{Row: made(2)}); err == nil {
		t.Error("a row too many was taken")
	}
	w.Abort()
}

func TestXLSXArchiveTooLong(t *testing.T) {
	b := bounded{w: &bytes.Buffer{}, left: 10}
	if n, err := b.Write(make([]byte, 10)); n != 10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := b.Write([]byte{1}); err == nil || !strings.Contains(err.Error(), "use .csv") {
		t.Errorf("%v", err)
	}
}

func TestFitted(t *testing.T) {
	full := strings.Repeat("x", xlsxCell)
	for name, test := range map[string]struct{ in, want string }{
		"short":        {"a", "a"},
		"formula":      {"=1+1", "'=1+1"},
		"just fits":    {full, full},
		"one more":     {full + "x", full[:xlsxCell-10] + " ... [cut]"},
		"many bytes":   {strings.Repeat("я", xlsxCell), strings.Repeat("я", xlsxCell)},
		"pairs":        {strings.Repeat("😀", xlsxCell), strings.Repeat("😀", (xlsxCell-10)/2) + " ... [cut]"},
		"full formula": {"=" + full[1:], "'=" + full[:xlsxCell-12] + " ... [cut]"},
	} {
		got := fitted(test.in)
		if got != test.want {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(test.want))
		}
		if n := len(utf16.Encode([]rune(got))); n > xlsxCell {
			t.Errorf("%s: %d units", name, n)
		}
	}
}

// Cells come back as they were, whatever is in them; characters that XML does
// not know are replaced, and the workbook can still be read.
func TestXLSXCells(t *testing.T) {
	long := strings.Repeat("long ", 10_000)
	cells := []string{
		"007", "12345678901234567890", "1e5", "1/2", "TRUE", "  blanks  ", "tab\there", "two\nlines", "<&>\"'", "_x0041_", "_x005F_x0041_",
		"_xabcd_x0041_", "_xD800_", "__x000d_", "_x41_", "_x_", "a\r\n", "a\rb", "a\t", "\u2028\u0085",
		"bell\a", "zero\x00", "bad \xff byte", "\ufffe", long, "",
	}
	want := append([]string{}, cells[:20]...)
	want = append(want, "bell\ufffd", "zero\ufffd", "bad \ufffd byte", "\ufffd", long[:xlsxCell-10]+" ... [cut]", "")
	l := Line{Row: made(1, cells...), Outcome: batch.Outcome{Class: batch.Skipped}}
	h := headFor([]Line{l})
	h.Header = make([]string, len(cells))
	book := open(t, write(t, ".xlsx", h, []Line{l}))
	for i := range cells {
		place, _ := excelize.CoordinatesToCellName(i+1, 2)
		got, err := book.GetCellValue("report", place, excelize.Options{RawCellValue: true})
		if err != nil || got != want[i] {
			t.Errorf("%q came back as %.80q, %v", cells[i], got, err)
		}
	}
}

// Any texts come back through another reader as cells can hold them.
func TestXLSXRoundTrip(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"_x", "_x0041_", "_x005F_", "0041_", "_", "_xD83D_", "_xDE00_", "&#xD;", "]]>", "&amp;", "\r\n", "\r", "\n", "\t", " "}),
		rapid.StringN(0, 4, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) }),
	)
	cell := rapid.Map(rapid.SliceOfN(piece, 0, 6), func(all []string) string { return strings.Join(all, "") })
	rapid.Check(t, func(rt *rapid.T) {
		cells := rapid.SliceOfN(cell, 12, 12).Draw(rt, "cells")
		l := Line{Row: made(1, cells...), Outcome: batch.Outcome{Class: batch.Skipped}}
		h := headFor([]Line{l})
		h.Header = cells
		rows, err := open(t, write(t, ".xlsx", h, []Line{l})).GetRows("report", excelize.Options{RawCellValue: true})
		if err != nil {
			rt.Fatal(err)
		}
		for i, c := range cells {
			for _, row := range rows {
				if want := asXMLHas(fitted(c)); row[i] != want {
					rt.Fatalf("%.80q came back as %.80q, not %.80q", c, row[i], want)
				}
			}
		}
	})
}

// asXMLHas replaces what is no character of XML 1.0.
func asXMLHas(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
			return '\ufffd'
		}
		return r
	}, string([]rune(s)))
}

// Rows are written as they come: there is no temporary file, and what waits is
// no more than a buffer or two hold.
func TestXLSXStreams(t *testing.T) {
	temp, folder := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	random := rand.New(rand.NewPCG(1, 2))
	w, err := Create(folder+"/a.xlsx", Head{Header: []string{"a"}, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		noise := make([]byte, 16_000)
		for i := range noise {
			noise[i] = byte(random.IntN(256))
		}
		if err := w.Row(Line{Row: made(1, hex.EncodeToString(noise))}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(folder, names(t, folder)[0]))
	if err != nil || info.Size() < 400_000 {
		t.Errorf("of 640 KB there are %d bytes written, %v", info.Size(), err)
	}
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("temporary files: %q", left)
	}
	w.Abort()
	if left := names(t, folder); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// BenchmarkXLSXRow writes rows into workbooks of ten thousand, packing included.
func BenchmarkXLSXRow(b *testing.B) {
	h, line := many(10_000)
	lines := make([]Line, h.Rows)
	for i := range lines {
		lines[i] = line(i)
	}
	path := filepath.Join(b.TempDir(), "a.xlsx")
	begin := func() Writer {
		w, err := Create(path, h)
		if err != nil {
			b.Fatal(err)
		}
		return w
	}
	b.ReportAllocs()
	w := begin()
	for i := 0; b.Loop(); i++ {
		if err := w.Row(lines[i%h.Rows]); err != nil {
			b.Fatal(err)
		}
		if i%h.Rows == h.Rows-1 {
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			w = begin()
		}
	}
	w.Abort()
}

// part gives one file of a workbook.
func part(t testing.TB, data []byte, name string) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
