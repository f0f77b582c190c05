package report

import (
	"fmt"
	"io"
	"strconv"
)

// sheet writes one sheet of a workbook, row by row: cells are put together in
// memory, and endRow writes them.
type sheet struct {
	out    io.Writer
	names  []string // of the columns: A, B, ... AA
	rows   int      // written
	number []byte   // of the row that is put together, in digits
	buf    []byte   // its XML
}

// newSheet begins a sheet with columns of these widths, in characters. The
// number of rows is stated first, for there are programs that read no further.
func newSheet(out io.Writer, view string, widths []int, rows int) *sheet {
	s := &sheet{out: out}
	for i := range widths {
		s.names = append(s.names, columnName(i))
	}
	s.buf = fmt.Appendf(nil, sheetHead, s.names[len(s.names)-1], rows, view)
	for i, width := range widths {
		s.buf = fmt.Appendf(s.buf, sheetColumn, i+1, width)
	}
	s.buf = append(s.buf, "</cols><sheetData>"...)
	s.beginRow()
	return s
}

// columnName is what programs call a column, counted from 0: A to Z, then AA.
func columnName(i int) string {
	name := ""
	for ; i >= 0; i = i/26 - 1 {
		name = string(rune('A'+i%26)) + name
	}
	return name
}

func (s *sheet) beginRow() {
	s.number = strconv.AppendInt(s.number[:0], int64(s.rows)+1, 10)
	s.buf = append(s.buf, `<row r="`...)
	s.buf = append(s.buf, s.number...)
	s.buf = append(s.buf, `">`...)
}

// beginCell writes a cell's place and style, for its content to follow.
func (s *sheet) beginCell(column int, style xlsxStyle) {
	s.buf = append(s.buf, `<c r="`...)
	s.buf = append(s.buf, s.names[column]...)
	s.buf = append(s.buf, s.number...)
	s.buf = append(s.buf, `" s="`...)
	s.buf = strconv.AppendInt(s.buf, int64(style), 10)
}

// text adds a cell that holds a text.
func (s *sheet) text(column int, style xlsxStyle, text string) {
	text = fitted(text)
	s.beginCell(column, style)
	if outerBlank(text) {
		s.buf = append(s.buf, `" t="inlineStr"><is><t xml:space="preserve">`...)
	} else {
		s.buf = append(s.buf, `" t="inlineStr"><is><t>`...)
	}
	s.buf = appendXML(s.buf, text)
	s.buf = append(s.buf, `</t></is></c>`...)
}

// digits adds a cell that holds a number, which is given in digits.
func (s *sheet) digits(column int, style xlsxStyle, number string) {
	s.beginCell(column, style)
	s.buf = append(s.buf, `"><v>`...)
	s.buf = append(s.buf, number...)
	s.buf = append(s.buf, `</v></c>`...)
}

// endRow writes the row, and begins the next.
func (s *sheet) endRow() error {
	if s.rows == xlsxRows {
		return fmt.Errorf("there are more rows than an .xlsx sheet can hold (1,048,575 and the header): use .csv")
	}
	s.rows++
	s.buf = append(s.buf, "</row>"...)
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:0]
	s.beginRow()
	return err
}

// end completes the sheet, whose next row is given up; filtered says that
// programs are to offer a filter for every column.
func (s *sheet) end(filtered bool) error {
	all := fmt.Sprintf("A1:%s%d", s.names[len(s.names)-1], s.rows)
	s.buf = append(s.buf[:0], "</sheetData>"...)
	if filtered {
		s.buf = fmt.Appendf(s.buf, `<autoFilter ref="%s"/>`, all)
	}
	s.buf = fmt.Appendf(s.buf, sheetEnd, all)
	_, err := s.out.Write(s.buf)
	return err
}
