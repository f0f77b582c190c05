package manifest

import (
	"bytes"
	"errors"
	"io"
)

// maxRecord is the longest record in bytes; a longer one is a quote that was
// never closed, or no text at all.
const maxRecord = 1 << 20

var errRecordTooLong = errors.New("a record is longer than 1 MiB")

// window passes bytes on to a CSV reader and keeps those of the record that is
// being read, so that the record can be had exactly as it stands.
type window struct {
	source io.Reader
	bytes  []byte
	start  int   // of the current record in bytes
	offset int64 // of the current record in the stream
}

// Read implements io.Reader.
func (w *window) Read(p []byte) (int, error) {
	if len(w.bytes)-w.start > maxRecord+len(p) {
		return 0, errRecordTooLong
	}
	n, err := w.source.Read(p)
	if w.start > 0 && len(w.bytes)+n > cap(w.bytes) {
		w.bytes = append(w.bytes[:0], w.bytes[w.start:]...)
		w.start = 0
	}
	w.bytes = append(w.bytes, p[:n]...)
	return n, err
}

// take gives the bytes up to an offset in the stream; they are valid until
// the next Read.
func (w *window) take(end int64) []byte {
	from := w.start
	w.start += int(end - w.offset)
	w.offset = end
	return w.bytes[from:w.start:w.start]
}

// rest gives the bytes that were read ahead and not taken.
func (w *window) rest() []byte { return w.bytes[w.start:] }

// lines counts the line ends in a text.
func lines(text []byte) int { return bytes.Count(text, []byte("\n")) }
