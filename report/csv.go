package report

import (
	"bufio"
	"encoding/csv"
)

// csvReport is RFC 4180 in UTF-8 with LF.
type csvReport struct {
	head  Head
	file  *atomicFile
	buf   *bufio.Writer
	out   *csv.Writer
	cells []string
}

func newCSV(f *atomicFile, h Head) (Writer, error) {
	buf := bufio.NewWriterSize(f, 1<<16)
	w := &csvReport{head: h, file: f, buf: buf, out: csv.NewWriter(buf)}
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
	values := w.head.values(l)
	w.cells = append(w.cells, values[:]...)
	return w.write()
}

// Close implements Writer.
func (w *csvReport) Close() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		w.Abort()
		return err
	}
	return w.file.Commit(w.buf.Flush())
}

// Abort implements Writer.
func (w *csvReport) Abort() { w.file.Abort() }
