package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gocarina/gocsv"

	"billmark/batch"
)

// record is what gocsv reads of a row. Its fields are strings on purpose:
// gocsv would read 010 as eight, and 1_000 as a thousand.
type record struct {
	Bill   string `csv:"bill_id"`
	Status string `csv:"status"`
	Date   string `csv:"date"`
	RPO    string `csv:"rpo"`
}

// pass is one reading of a file. It is a batch.Source.
type pass struct {
	file   *File
	window *window
	csv    *csv.Reader
	rows   *gocsv.Unmarshaller
	shift  int64      // bytes that stand before the rows in what csv reads
	at     batch.Mark // where the next row is looked for
	line   int        // the file's line before the first that csv reads
	row    batch.Row
	raw    []byte
	cells  []string
	taken  bool // cells are those of row
	footer bool // the footer has begun
}

// OpenAt implements batch.Manifest.
func (f *File) OpenAt(m batch.Mark) (batch.Source, error) { return f.openAt(m) }

func (f *File) openAt(m batch.Mark) (*pass, error) {
	if m == (batch.Mark{}) {
		m = f.start
	}
	// gocsv looks for the names of its fields in the first record: it gets one
	// with the columns that were found, under these names.
	header := f.namesRecord()
	p := &pass{file: f, at: m, line: m.Lines - 1, shift: int64(len(header))}
	p.window = &window{source: io.MultiReader(strings.NewReader(header), f.decoded(m.Offset))}
	p.csv = csv.NewReader(p.window)
	p.csv.Comma = f.delimiter
	p.csv.ReuseRecord = true
	var err error
	if p.rows, err = gocsv.NewUnmarshaller(p.csv, &record{}); err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	p.window.take(p.shift)
	p.row.Cells = p.split
	return p, nil
}

// namesRecord is the header for gocsv: a field's name above its column, and
// above all others a name that means nothing to it.
func (f *File) namesRecord() string {
	names := make([]string, len(f.header))
	for i := range names {
		names[i] = fmt.Sprintf("#%d", i+1)
	}
	for i, at := range f.columns {
		if at >= 0 {
			names[at] = fieldNames[i]
		}
	}
	return strings.Join(names, string(f.delimiter)) + "\n"
}

// Close implements batch.Source.
func (p *pass) Close() error { return nil }

// split gives the cells of the current row.
func (p *pass) split() []string {
	if !p.taken {
		p.cells, _ = split(p.cells[:0], p.raw, p.file.delimiter)
		p.taken = true
	}
	return p.cells
}

// Next implements batch.Source.
func (p *pass) Next() (*batch.Row, error) {
	values, broken, err := p.record()
	if err != nil {
		return nil, err
	}
	r := &p.row
	if p.skips() {
		r.Skipped = true
		return r, nil
	}
	switch {
	case broken != nil:
		p.brokenRow(broken)
	default:
		err = p.fill(values)
	}
	return r, err
}

// record reads one record. broken says why it is no row with as many cells as
// the header; values is nil then. A record that leaves the rows after it
// uncertain is an error.
func (p *pass) record() (values *record, broken, err error) {
	value, readErr := p.rows.Read()
	if readErr == io.EOF {
		return nil, nil, io.EOF
	}
	var parse *csv.ParseError
	if readErr != nil && !errors.As(readErr, &parse) {
		return nil, nil, p.unreadable(readErr)
	}
	if err := p.take(parse); err != nil {
		return nil, nil, err
	}
	if parse == nil {
		values = value.(*record)
	}
	if parse != nil || p.file.options.Multiline || bytes.IndexByte(p.raw, '\n') != len(p.raw)-1 {
		if broken, err = p.certain(parse); err != nil {
			return nil, nil, err
		}
	}
	return values, broken, nil
}

// take makes the record that was just read the current row.
func (p *pass) take(parse *csv.ParseError) error {
	whole := p.window.take(p.csv.InputOffset())
	p.raw = trimStart(whole)
	line := 0
	if parse != nil && !errors.Is(parse.Err, csv.ErrFieldCount) {
		line = parse.StartLine
	} else {
		line, _ = p.csv.FieldPos(0)
	}
	blank, err := p.file.text.encode(whole[:len(whole)-len(p.raw)])
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.file.options.Name, err)
	}
	raw, err := p.file.text.encode(p.raw)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.file.options.Name, err)
	}
	p.at.Rows++
	p.taken = false
	p.row = batch.Row{Number: p.at.Rows, Line: p.line + line, Offset: p.at.Offset + int64(len(blank)), Raw: raw, Cells: p.row.Cells}
	p.at.Offset = p.row.Offset + int64(len(raw))
	return nil
}

// certain tells a record that is wrong in itself (broken) from one after which
// nothing is certain (err).
func (p *pass) certain(parse *csv.ParseError) (broken, err error) {
	cells, quoteErr := split(nil, p.raw, p.file.delimiter)
	many := bytes.ContainsAny(trimEnd(p.raw), "\n\r")
	switch {
	case errors.Is(quoteErr, errUnclosed):
		return nil, p.file.refuse("close the quote, or take it out", "line %d: %v", p.row.Line, quoteErr)
	case many && quoteErr != nil:
		return nil, p.file.refuse("mend the quotes", "lines %d to %d: %v", p.row.Line, p.row.Line+lines(trimEnd(p.raw)), quoteErr)
	case many && bytes.ContainsRune(trimEnd(p.raw), '\n') && !p.file.options.Multiline:
		return nil, p.file.refuse("say --multiline if that is meant; else close the quote where the cell ends",
			"line %d: a line break stands inside a cell, or a quote is not closed", p.row.Line)
	case quoteErr != nil:
		return quoteErr, nil
	case parse != nil && len(cells) != len(p.file.header):
		return fmt.Errorf("the row has %d cells, the header %d", len(cells), len(p.file.header)), nil
	case parse != nil:
		return parse.Err, nil
	}
	return nil, nil
}

// unreadable explains what is no fault of a single record.
func (p *pass) unreadable(err error) error {
	if errors.Is(err, errRecordTooLong) {
		return p.file.refuse("is a quote not closed, or is this no CSV file?", "the record after line %d is longer than 1 MiB", p.row.Line)
	}
	return fmt.Errorf("reading %s: %w", p.file.options.Name, err)
}

// skips reports whether the user left the current row out.
func (p *pass) skips() bool {
	f := p.file
	if f.options.Footer != "" && !p.footer {
		for _, cell := range p.split() {
			if cell = strings.TrimSpace(cell); cell != "" {
				p.footer = strings.HasPrefix(cell, f.options.Footer)
				break
			}
		}
	}
	return p.footer || len(f.where) > 0 && !f.meets(p.split())
}
