package report

import (
	"archive/zip"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"billmark/batch"
)

// writeAbout writes the second sheet: what the report is about, the counts,
// which add up, and the runs.
func (h *Head) writeAbout(out io.Writer) error {
	all := h.aboutTexts()
	s := newSheet(out, aboutView, []int{24, 24, 24, 24, 24}, len(all))
	for _, texts := range all {
		for i, text := range texts {
			style := stylePlain
			if i == 0 {
				style = styleLabel
			}
			s.text(i, style, text)
		}
		if err := s.endRow(); err != nil {
			return err
		}
	}
	return s.end(false)
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
			strconv.FormatInt(r.ID, 10), moment(r.Started), moment(r.Finished), requestsText(r, strconv.Itoa), r.Summary.Stopped,
		})
	}
	return texts
}

// lastKnown is the time of the last run, not ours: the same input gives the
// same bytes.
func (h *Head) lastKnown() time.Time {
	at := time.Unix(0, 0)
	for _, r := range h.Runs {
		for _, t := range []time.Time{r.Started, r.Finished} {
			if t.After(at) {
				at = t
			}
		}
	}
	return at
}

// packer makes a zip archive whose files all carry one time, and none of which
// is so long that spreadsheet programs would take the archive for a broken one.
type packer struct{ *zip.Writer }

// preamble packs all that comes before the sheets. Programs that tell files by
// their beginning look for these parts in this order.
func (p *packer) preamble(h *Head, columns int) error {
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", packageLinks},
		{"docProps/core.xml", fmt.Sprintf(propertiesPart, moment(h.lastKnown()))},
		{"docProps/app.xml", programPart},
		{"xl/workbook.xml", fmt.Sprintf(workbookPart, columnName(columns-1), h.Rows+1)},
		{"xl/_rels/workbook.xml.rels", workbookLinks},
		{"xl/styles.xml", stylesXML()},
	} {
		out, err := p.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, part.content); err != nil {
			return err
		}
	}
	return nil
}

// Create begins a file of the archive, which ends the one before.
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
