package report

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"billmark/batch"
)

// open reads a workbook as a spreadsheet program would.
func open(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
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
	if !strings.Contains(sheet, `<autoFilter ref="$A$1:$M$11">`) {
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
	w.(*xlsxReport).rows = xlsxRows - 1
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
		"bell\a", "zero\x00", "bad \xff byte", "\ufffe", long, "",
	}
	want := append([]string{}, cells[:11]...)
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

// The library's temporary file goes away in the end.
func TestXLSXLeavesNoTemporaryFile(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	l := Line{Row: made(1, strings.Repeat("x", 32_000))}
	for _, end := range []func(Writer){func(w Writer) { w.Close() }, Writer.Abort} {
		w, err := Create(t.TempDir()+"/a.xlsx", Head{Header: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		for range 560 {
			if err := w.Row(l); err != nil {
				t.Fatal(err)
			}
		}
		if len(names(t, temp)) != 1 {
			t.Error("this was to be a test with a temporary file")
		}
		end(w)
		if left := names(t, temp); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
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
