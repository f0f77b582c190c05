package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of a workbook, far above what a spreadsheet program makes and far
// below what fills a machine.
const (
	maxPacked   = 256 << 20 // bytes of the file
	maxUnpacked = 512 << 20 // bytes of all parts together
	maxRatio    = 200       // unpacked bytes for each packed one
	maxCells    = 50_000_000
	maxStrings  = 20_000_000
	maxColumn   = 16_384
	maxRow      = 1_048_576
)

// The beginnings of the containers that spreadsheet programs use.
const (
	zipStart = "PK\x03\x04"
	oleStart = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// Packed reports whether a file begins as a container does that may hold a
// workbook: it is one for FromSpreadsheet, which reads or refuses it. A head of
// 8 bytes is enough.
func Packed(head []byte) bool {
	return bytes.HasPrefix(head, []byte(zipStart)) || bytes.HasPrefix(head, []byte(oleStart))
}

// FromSpreadsheet writes the rows of an Excel workbook (.xlsx) as CSV: UTF-8,
// comma, LF. The workbook must have one visible sheet that holds anything.
//
// Each row of the sheet is one line, so that line numbers are the sheet's row
// numbers: an empty row is an empty line, and all others are filled up to the
// last used column. Only a line break inside a cell makes two lines of one row.
//
// Numbers come with all their digits, but for those from 1e15 on, of which a
// spreadsheet keeps no more than 15 digits: they come in scientific form, which
// is no valid value of any field. Dates come as 2006-01-02 or
// 2006-01-02T15:04:05, as far as the cell's format shows them; formulas by the
// result that was stored.
//
// It reads in a stream, with memory for one row and eight bytes for each shared
// string; the texts of these wait in a temporary file. What is no workbook, what
// is beyond its limits, and what a reader would not see (hidden rows) is refused
// with a *FileError without a Name.
func FromSpreadsheet(in io.ReaderAt, size int64, out io.Writer) (err error) {
	b, err := openBook(in, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	s, err := b.onlySheet()
	if err != nil {
		return err
	}
	return b.writeCSV(s, out)
}

// refuseSheet makes a FileError for a caller who knows the file's name.
func refuseSheet(hint, format string, args ...any) *FileError {
	return &FileError{Message: fmt.Sprintf(format, args...), Hint: hint}
}

const (
	hintSave  = "open it in the program that made it, and save it as CSV (UTF-8) or as an Excel workbook (.xlsx)"
	hintAnew  = "open it in Excel, save it anew, and try again; or save it as CSV (UTF-8)"
	hintSheet = "save the sheet that is meant as CSV (UTF-8)"
)

// onlySheet is the one visible sheet that holds anything; the first visible
// one, if none does.
func (b *book) onlySheet() (sheet, error) {
	var visible, filled []sheet
	for _, s := range b.sheets {
		if s.hidden {
			continue
		}
		visible = append(visible, s)
		holds, err := b.holdsAnything(s)
		if err != nil {
			return s, err
		}
		if holds {
			filled = append(filled, s)
		}
	}
	switch {
	case len(filled) == 1:
		return filled[0], nil
	case len(filled) > 1:
		var names []string
		for _, s := range filled {
			names = append(names, fmt.Sprintf("%q", cut(s.name)))
		}
		return sheet{}, refuseSheet("leave only one of them, or "+hintSheet, "%d sheets of the workbook hold something: %s", len(filled), strings.Join(names, ", "))
	case len(visible) > 0:
		return visible[0], nil
	case len(b.sheets) > 0:
		return sheet{}, refuseSheet("show the sheet that is meant, and hide none", "all sheets of the workbook are hidden")
	}
	return sheet{}, refuseSheet(hintAnew, "the workbook has no sheet with rows")
}

// errFound ends a walk over the cells that has seen enough.
var errFound = errors.New("found")

func (b *book) holdsAnything(s sheet) (bool, error) {
	err := b.eachRow(s, func(int, []cell) error { return errFound })
	if err == errFound {
		return true, nil
	}
	return false, err
}

// writeCSV writes a sheet in two walks: the first finds the last used column,
// for all lines of a CSV have as many cells as its header.
func (b *book) writeCSV(s sheet, out io.Writer) error {
	width, rows := 0, 0
	err := b.eachRow(s, func(_ int, cells []cell) error {
		rows++
		width = max(width, cells[len(cells)-1].column+1)
		return nil
	})
	if err != nil {
		return err
	}
	if width*rows > maxCells {
		return refuseSheet("take out what stands far beside or below the table, or "+hintSheet,
			"the sheet is %d columns wide and has %d rows, more than %d cells", width, rows, maxCells)
	}
	line, lines := []byte(nil), 0
	return b.eachRow(s, func(row int, cells []cell) error {
		line = line[:0]
		for ; lines < row-1; lines++ {
			line = append(line, '\n')
		}
		line = appendLine(line, cells, width)
		lines++
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("writing the rows of the workbook: %w", err)
		}
		return nil
	})
}

// appendLine adds one row as a line of CSV.
func appendLine(line []byte, cells []cell, width int) []byte {
	at := 0
	for _, c := range cells {
		for ; at < c.column; at++ {
			line = append(line, ',')
		}
		line = appendCell(line, c.text)
	}
	for ; at < width-1; at++ {
		line = append(line, ',')
	}
	return append(line, '\n')
}

func appendCell(line []byte, text string) []byte {
	if !strings.ContainsAny(text, ",\"\n\r") {
		return append(line, text...)
	}
	line = append(line, '"')
	line = append(line, strings.ReplaceAll(text, `"`, `""`)...)
	return append(line, '"')
}
