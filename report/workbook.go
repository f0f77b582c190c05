package report

import (
	"archive/zip"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"billmark/batch"
)

// writeAbout fills the second sheet: what the report is about, the counts,
// which add up, and the runs.
func (w *xlsxReport) writeAbout() error {
	if _, err := w.book.NewSheet(aboutSheet); err != nil {
		return err
	}
	if err := w.book.SetColWidth(aboutSheet, "A", "E", 24); err != nil {
		return err
	}
	all := w.head.aboutTexts()
	if err := w.book.SetSheetDimension(aboutSheet, fmt.Sprintf("A1:E%d", len(all))); err != nil {
		return err
	}
	for i, texts := range all {
		for j, text := range texts {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err == nil {
				err = w.aboutCell(cell, text, j == 0)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *xlsxReport) aboutCell(cell, text string, label bool) error {
	style := w.styles.plain.text
	if label {
		style = w.styles.label
	}
	if err := w.book.SetCellStr(aboutSheet, cell, fitted(text)); err != nil {
		return err
	}
	return w.book.SetCellStyle(aboutSheet, cell, cell, style)
}

// aboutTexts are the rows of the second sheet.
func (h *Head) aboutTexts() [][]string {
	texts := [][]string{
		{"report", "billmark"},
		{"file", h.File},
		{"digest", h.Digest},
		{"account", h.Account},
		{"api", h.API},
		{"version", h.Version},
		{},
		{"rows", strconv.Itoa(h.Rows)},
	}
	for _, c := range batch.Classes {
		texts = append(texts, []string{c.String(), strconv.Itoa(h.Counts[c])})
	}
	texts = append(texts, nil, []string{"run", "started_at", "finished_at", "requests", "stopped"})
	for _, r := range h.Runs {
		texts = append(texts, []string{
			strconv.FormatInt(r.ID, 10), moment(r.Started), moment(r.Finished), strconv.Itoa(r.Summary.Requests), r.Summary.Stopped,
		})
	}
	return texts
}

// pack ends the sheet and writes the workbook into the file.
func (w *xlsxReport) pack() error {
	last, err := excelize.CoordinatesToCellName(len(w.cells), w.rows)
	if err != nil {
		return err
	}
	if err := w.book.AutoFilter(rowsSheet, "A1:"+last, nil); err != nil {
		return err
	}
	if err := w.book.AddIgnoredErrors(rowsSheet, "A1:"+last, excelize.IgnoredErrorsNumberStoredAsText); err != nil {
		return err
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	if err := w.book.SetDocProps(w.head.properties()); err != nil {
		return err
	}
	// The library would pack the whole workbook in memory first.
	w.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return &packer{zip.NewWriter(w.buf)} })
	return w.book.Write(io.Discard)
}

// properties carry the time of the last run, not ours: the same input gives the
// same bytes.
func (h *Head) properties() *excelize.DocProperties {
	at := time.Unix(0, 0)
	for _, r := range h.Runs {
		for _, t := range []time.Time{r.Started, r.Finished} {
			if t.After(at) {
				at = t
			}
		}
	}
	return &excelize.DocProperties{
		Title: "billmark", Creator: "billmark", LastModifiedBy: "billmark", Created: moment(at), Modified: moment(at),
	}
}

// packer makes a zip archive whose files all carry one time, and none of which
// is so long that spreadsheet programs would take the archive for a broken one.
type packer struct{ *zip.Writer }

// Create implements excelize.ZipWriter.
func (p *packer) Create(name string) (io.Writer, error) {
	first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the format's first day
	w, err := p.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: first})
	return &bounded{w: w, left: math.MaxUint32}, err
}

// bounded refuses what is more than a plain zip archive can hold.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fmt.Errorf("the rows take over 4 GiB, which is more than an .xlsx file can hold: use .csv")
	}
	return b.w.Write(p)
}
