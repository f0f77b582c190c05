// Package report turns rows and their outcomes into files: the per-row report
// in several formats, one file a format, the failed file with the rows to
// mend, and the summary.
//
// A report is a view: it is written whole from manifest and journal, and the
// same input gives the same bytes. Files are replaced whole or not at all.
// Nothing here decides what became of a row; it is told.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"billmark/batch"
)

// Head says what a report is about. It is the same for all its rows.
type Head struct {
	// File is the manifest as the user calls it, Digest its SHA-256 in hex.
	File, Digest string
	// Account is the login, API the base address.
	Account, API string
	Version      string
	// Header is the manifest's own header.
	Header []string
	// Rows and Counts are the totals: one outcome for every row.
	Rows   int
	Counts [len(batch.Classes)]int
	// Runs are those over this very manifest, oldest first.
	Runs []batch.Run
	// Lang is the language of words: "en" or "ru".
	Lang string
	// CodeWords says what an error_code of the API means.
	CodeWords func(code string) string
}

// Line is one row of the manifest with what became of it. It need not be kept
// valid after the call that it is given to.
type Line struct {
	Row     *batch.Row
	Outcome batch.Outcome
	// Sent is the form as it was posted, without the hash; empty if nothing
	// was ever sent.
	Sent string
}

// Writer writes one file. Rows are given in manifest order; the file appears
// with Close, or never if Abort is called instead. It is used by one goroutine
// at a time.
type Writer interface {
	Row(Line) error
	Close() error
	Abort()
}

// ErrFormat says that no format goes with a file's ending.
var ErrFormat = errors.New("the ending must be .csv, .xlsx, .html or .jsonl")

// formats names the maker of each format by the ending of the file.
var formats = map[string]func(*atomicFile, Head) (Writer, error){
	".csv":   newCSV,
	".xlsx":  newXLSX,
	".html":  newHTML,
	".jsonl": newJSONL,
}

// Formatted reports whether a file's ending names a format.
func Formatted(path string) bool {
	_, ok := formats[strings.ToLower(filepath.Ext(path))]
	return ok
}

// Create begins a report, in the format that the ending of path names.
func Create(path string, h Head) (Writer, error) {
	maker, ok := formats[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, ErrFormat)
	}
	f, err := createAtomic(path)
	if err != nil {
		return nil, err
	}
	w, err := maker(f, h)
	if err != nil {
		f.Abort()
		return nil, err
	}
	return w, nil
}

// body is what the writers that go through their rows once have in common.
type body struct {
	head Head
	file *atomicFile
	buf  *bufio.Writer
	last second
}

func newBody(f *atomicFile, h Head) *body {
	return &body{head: h, file: f, buf: bufio.NewWriterSize(f, 1<<16)}
}

// Close implements Writer.
func (b *body) Close() error { return b.file.Commit(b.buf.Flush()) }

// Abort implements Writer.
func (b *body) Abort() { b.file.Abort() }
