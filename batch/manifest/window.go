package manifest

import (
	"bytes"
	"errors"
	"io"
)

// maxRecord is the longest record in bytes of UTF-8; a longer one is a quote
// that was never closed, or no text at all.
const maxRecord = 1 << 20

var errRecordTooLong = errors.New("a record is longer than 1 MiB")

// window passes bytes on to a CSV reader and keeps those of the record that is
// being read, so that the record can be had exactly as it stands.
type window struct {
	source  io.Reader
	bytes   []byte
	start   int   // of the current record in bytes
	offset  int64 // of the current record in the stream
	dropped int64 // bytes of empty lines before it that are no longer kept
	// failed stays, once reading has failed: the CSV reader may give a fault of
	// its own about the piece that it has, and would read on behind it.
	failed error
}

// Read implements io.Reader.
func (w *window) Read(p []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	// The CSV reader asks for more only when it has used up what it has: all
	// that is kept belongs to the current record.
	if len(w.bytes)-w.start > maxRecord && w.dropEmpty() {
		w.failed = errRecordTooLong
		return 0, w.failed
	}
	n, err := w.source.Read(p)
	if w.start > 0 && len(w.bytes)+n > cap(w.bytes) {
		w.bytes = append(w.bytes[:0], w.bytes[w.start:]...)
		w.start = 0
	}
	w.bytes = append(w.bytes, p[:n]...)
	if err != nil && err != io.EOF {
		w.failed = err
	}
	return n, err
}

// dropEmpty forgets empty lines before the current record, and reports whether
// it is too long all the same.
func (w *window) dropEmpty() bool {
	n := len(w.bytes) - w.start - len(trimStart(w.bytes[w.start:]))
	w.start += n
	w.offset += int64(n)
	w.dropped += int64(n)
	return len(w.bytes)-w.start > maxRecord
}

// take gives the record up to an offset in the stream, without the empty lines
// before it, and how many bytes those have. It is valid until the next Read.
func (w *window) take(end int64) (record []byte, empty int64) {
	whole := w.bytes[w.start : w.start+int(end-w.offset)]
	record = trimStart(whole)
	empty = w.dropped + int64(len(whole)-len(record))
	w.start += len(whole)
	w.offset, w.dropped = end, 0
	return record[:len(record):len(record)], empty
}

// lines counts the line ends in a text.
func lines(text []byte) int { return bytes.Count(text, []byte("\n")) }
