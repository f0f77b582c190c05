package report

import "encoding/csv"

// csvReport is RFC 4180 in UTF-8 with LF.
type csvReport struct {
	*body
	out   *csv.Writer
	cells []string
}

func newCSV(f *atomicFile, h Head) (Writer, error) {
	w := &csvReport{body: newBody(f, h)}
	w.out = csv.NewWriter(w.buf)
	w.cells = append(w.cells, header(h.Header)...)
	return w, w.write()
}

func (w *csvReport) write() error {
	for i, cell := range w.cells {
		w.cells[i] = defused(cell)
	}
	return w.out.Write(w.cells)
}

// Row implements Writer.
func (w *csvReport) Row(l Line) error {
	w.cells = w.head.own(w.cells[:0], l)
	t := w.tell(l)
	values := t.values()
	w.cells = append(w.cells, values[:]...)
	return w.write()
}

// Close implements Writer.
func (w *csvReport) Close() error {
	w.out.Flush()
	return w.body.Close()
}
