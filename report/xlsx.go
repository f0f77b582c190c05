package report

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"billmark/batch"
)

// xlsxReport is a workbook of two sheets: the rows, and what they are about.
// Every cell is text, so that no order or tracking number is taken for an
// amount; only line and attempts are numbers. Rows wait in a temporary file
// of the library until the workbook is packed.
type xlsxReport struct {
	*body
	book   *excelize.File
	sheet  *excelize.StreamWriter
	styles xlsxStyles
	cells  []excelize.Cell
	values []any // points to cells, as the library wants them
	texts  []string
	rows   int // written, with the header
}

// The limits of the format.
const (
	xlsxRows    = 1_048_576 // with the header
	xlsxColumns = 16_384
	xlsxCell    = 32_767 // UTF-16 units
)

const rowsSheet, aboutSheet = "report", "about"

func newXLSX(f *atomicFile, h Head) (Writer, error) {
	if err := fitsXLSX(&h); err != nil {
		return nil, err
	}
	w := &xlsxReport{body: newBody(f, h), book: excelize.NewFile()}
	if err := w.begin(); err != nil {
		w.book.Close()
		return nil, fmt.Errorf("beginning the workbook: %w", err)
	}
	return w, nil
}

// fitsXLSX refuses what the format cannot hold before anything is written.
func fitsXLSX(h *Head) error {
	if h.Rows > xlsxRows-1 {
		return fmt.Errorf("%d rows are more than an .xlsx sheet can hold (1,048,575 and the header): use .csv", h.Rows)
	}
	if n := len(h.Header) + len(Columns); n > xlsxColumns {
		return fmt.Errorf("%d columns are more than an .xlsx sheet can hold (16,384): use .csv", n)
	}
	return nil
}

// begin lays both sheets out and writes the header.
func (w *xlsxReport) begin() (err error) {
	if err = w.book.SetSheetName(w.book.GetSheetName(0), rowsSheet); err != nil {
		return err
	}
	if w.styles, err = newXLSXStyles(w.book); err != nil {
		return err
	}
	if err = w.writeAbout(); err != nil {
		return err
	}
	names := header(w.head.Header)
	if w.sheet, err = w.stream(len(names)); err != nil {
		return err
	}
	for i, name := range names {
		if err = w.sheet.SetColWidth(i+1, i+1, columnWidth(name, i >= len(w.head.Header))); err != nil {
			return err
		}
	}
	w.cells = make([]excelize.Cell, len(names))
	for i := range w.cells {
		w.values = append(w.values, &w.cells[i])
		w.cells[i] = excelize.Cell{StyleID: w.styles.header, Value: fitted(names[i])}
	}
	return w.write()
}

// stream begins the sheet of rows. Its size is stated first, for there are
// programs that read no further.
func (w *xlsxReport) stream(columns int) (*excelize.StreamWriter, error) {
	last, err := excelize.CoordinatesToCellName(columns, w.head.Rows+1)
	if err != nil {
		return nil, err
	}
	if err := w.book.SetSheetDimension(rowsSheet, "A1:"+last); err != nil {
		return nil, err
	}
	sheet, err := w.book.NewStreamWriter(rowsSheet)
	if err != nil {
		return nil, err
	}
	return sheet, sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// write writes the cells as the next row.
func (w *xlsxReport) write() error {
	w.rows++
	if w.rows > xlsxRows {
		return fmt.Errorf("there are more rows than an .xlsx sheet can hold (1,048,575 and the header): use .csv")
	}
	return w.sheet.SetRow("A"+strconv.Itoa(w.rows), w.values)
}

// Row implements Writer.
func (w *xlsxReport) Row(l Line) error {
	t := w.tell(l)
	style := w.styles.of(l.Outcome.Class)
	w.texts = w.head.own(w.texts[:0], l)
	own := len(w.texts)
	values := t.values()
	w.texts = append(w.texts, values[:]...)
	for i, text := range w.texts {
		w.cells[i] = excelize.Cell{StyleID: style.text, Value: fitted(text)}
	}
	w.cells[own+lineColumn] = excelize.Cell{StyleID: style.number, Value: t.Line}
	w.cells[own+attemptsColumn] = excelize.Cell{StyleID: style.number, Value: t.Attempts}
	return w.write()
}

// Close implements Writer.
func (w *xlsxReport) Close() error {
	if err := w.pack(); err != nil {
		w.Abort()
		return fmt.Errorf("packing the workbook: %w", err)
	}
	err := w.body.Close()
	w.book.Close() // a temporary file that cannot be removed spoils nothing
	return err
}

// Abort implements Writer.
func (w *xlsxReport) Abort() {
	w.book.Close()
	w.body.Abort()
}

// fitted is a text as a cell can hold it: defused, and with a mark where it had
// to be cut. The library replaces characters that XML does not know.
func fitted(s string) string {
	s = defused(s)
	if len(s) <= xlsxCell { // there are no more units than bytes
		return s
	}
	const mark = " ... [cut]"
	units, keep := 0, 0
	for at, r := range s {
		if units <= xlsxCell-len(mark) {
			keep = at
		}
		if units++; r > 0xFFFF {
			units++
		}
	}
	if units <= xlsxCell {
		return s
	}
	return s[:keep] + mark
}

// The places of the columns that hold numbers, among ours.
const lineColumn, attemptsColumn = 0, 5

// columnWidth is in characters. Rows are written as they come, so it cannot
// depend on them.
func columnWidth(name string, ours bool) float64 {
	widths := map[string]float64{"message": 60, "sent": 50, "finished_at": 21, "outcome": 12, "result": 10, "line": 9, "code": 8, "attempts": 10}
	if known := widths[name]; ours && known > 0 {
		return known
	}
	return float64(min(max(utf8.RuneCountInString(name)+4, 14), 32))
}

// xlsxStyle are the styles of one row's cells.
type xlsxStyle struct{ text, number int }

// xlsxStyles are those of the workbook; the classes without a colour share one.
type xlsxStyles struct {
	header, label int
	plain         xlsxStyle
	coloured      map[batch.Class]xlsxStyle
}

func (s *xlsxStyles) of(c batch.Class) xlsxStyle {
	if style, ok := s.coloured[c]; ok {
		return style
	}
	return s.plain
}

// tints are the colours of rows; black text stands out well from each.
var tints = [...]struct {
	class batch.Class
	rgb   string
}{
	{batch.Rejected, "F8CFCB"},
	{batch.Invalid, "F9DCE8"},
	{batch.Unsent, "E3E6E9"},
	{batch.Unverified, "FFE9B8"},
	{batch.Unknown, "FFDBA6"},
}

func newXLSXStyles(book *excelize.File) (s xlsxStyles, err error) {
	const asNumber, asText = 1, 49
	add := func(format int, rgb string, bold bool) int {
		style := &excelize.Style{NumFmt: format, Alignment: &excelize.Alignment{Vertical: "top"}}
		if rgb != "" {
			style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{rgb}}
		}
		if bold {
			style.Font = &excelize.Font{Bold: true}
		}
		id, failed := book.NewStyle(style)
		if err == nil {
			err = failed
		}
		return id
	}
	s.header, s.label = add(asText, "DDE3E8", true), add(asText, "", true)
	s.plain = xlsxStyle{add(asText, "", false), add(asNumber, "", false)}
	s.coloured = map[batch.Class]xlsxStyle{}
	for _, t := range tints {
		s.coloured[t.class] = xlsxStyle{add(asText, t.rgb, false), add(asNumber, t.rgb, false)}
	}
	return s, err
}
