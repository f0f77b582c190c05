package report

import (
	"archive/zip"
	"fmt"
)

// xlsxReport is a workbook of two sheets: the rows, and what they are about.
// Every cell is text, so that no order or tracking number is taken for an
// amount; only line and attempts are numbers. Rows go into the file as they
// come, so that a long report needs no more memory than a short one.
type xlsxReport struct {
	*body
	pack  *packer
	sheet *sheet
	texts []string
}

// The limits of the format.
const (
	xlsxRows    = 1_048_576 // with the header
	xlsxColumns = 16_384
	xlsxCell    = 32_767 // UTF-16 units
)

func newXLSX(f *atomicFile, h Head) (Writer, error) {
	if err := fitsXLSX(&h); err != nil {
		return nil, err
	}
	w := &xlsxReport{body: newBody(f, h)}
	w.pack = &packer{zip.NewWriter(w.buf)}
	if err := w.begin(); err != nil {
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

// begin writes the parts that come before the rows, and the header.
func (w *xlsxReport) begin() error {
	names := header(w.head.Header)
	if err := w.pack.preamble(&w.head, len(names)); err != nil {
		return err
	}
	out, err := w.pack.Create(rowsPart)
	if err != nil {
		return err
	}
	widths := make([]int, len(names))
	for i, name := range names {
		widths[i] = columnWidth(name, i >= len(w.head.Header))
	}
	w.sheet = newSheet(out, rowsView, widths, w.head.Rows+1)
	for i, name := range names {
		w.sheet.text(i, styleHeader, name)
	}
	return w.sheet.endRow()
}

// Row implements Writer.
func (w *xlsxReport) Row(l Line) error {
	t := w.tell(l)
	values := t.values()
	w.texts = append(w.head.own(w.texts[:0], l), values[:]...)
	own := len(w.texts) - len(values)
	style := rowStyle(l.Outcome.Class)
	for i, text := range w.texts {
		if i == own+lineColumn || i == own+attemptsColumn {
			w.sheet.digits(i, style.forNumbers(), text)
		} else {
			w.sheet.text(i, style, text)
		}
	}
	return w.sheet.endRow()
}

// Close implements Writer.
func (w *xlsxReport) Close() error {
	if err := w.finish(); err != nil {
		w.Abort()
		return fmt.Errorf("packing the workbook: %w", err)
	}
	return w.body.Close()
}

// finish ends the sheet of rows, and adds the one about them.
func (w *xlsxReport) finish() error {
	if err := w.sheet.end(true); err != nil {
		return err
	}
	out, err := w.pack.Create(aboutPart)
	if err != nil {
		return err
	}
	if err := w.head.writeAbout(out); err != nil {
		return err
	}
	return w.pack.Close()
}
