package manifest

import (
	"bufio"
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
	rows   *gocsv.Unmarshaller // of the first pass
	values record              // of later ones
	fields []string            // all that the CSV reader gave in these
	at     batch.Mark          // rows read so far, and the end of the last one
	line   int                 // the file's line before the first that csv reads
	row    batch.Row
	raw    []byte // of row, decoded
	cells  []string
	room   []string // for cells
	bad    error    // why they are not all of its cells
	taken  bool     // cells are those of row
	ended  error    // what Next gave last: nothing comes after an error
	open   int      // the line of a quote that some later one may close; 0: none
}

// ahead is how many bytes are read at once: of a small file not more than it
// has, but as many as the CSV reader wants at least.
func (f *File) ahead() int { return int(min(max(f.size, 1<<12), 1<<16)) }

// OpenAt implements batch.Manifest.
func (f *File) OpenAt(m batch.Mark) (batch.Source, error) { return f.openAt(m) }

func (f *File) openAt(m batch.Mark) (*pass, error) {
	if m == (batch.Mark{}) {
		m = f.start
	}
	// gocsv looks for the names of its fields in the first record: it gets one
	// with the columns that were found, under these names.
	names := f.namesRecord()
	p := &pass{file: f, at: m, line: m.Lines - 1}
	p.window = &window{source: io.MultiReader(strings.NewReader(names), bufio.NewReaderSize(f.decoded(m.Offset), headSize))}
	// The CSV reader takes a buffer of this size for its own.
	p.csv = csv.NewReader(bufio.NewReaderSize(p.window, f.ahead()))
	p.csv.Comma = f.delimiter
	p.csv.ReuseRecord = true
	if err := p.readNames(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	p.window.take(int64(len(names)))
	p.row.Cells = p.split
	return p, nil
}

// readNames reads the record with the names. Half of what the first pass
// costs is gocsv's reflection, so the passes after it take the same columns by
// their places.
func (p *pass) readNames() (err error) {
	if p.file.passed.Load() {
		_, err = p.csv.Read()
	} else {
		p.rows, err = gocsv.NewUnmarshaller(p.csv, &record{})
	}
	return err
}

// namesRecord is the header for gocsv: a field's name above its column, and
// above all others a name that means nothing to it. They are in quotes, for any
// sign may be the delimiter.
func (f *File) namesRecord() string {
	names := make([]string, len(f.header))
	for i := range names {
		names[i] = fmt.Sprintf(`"#%d"`, i+1)
	}
	for i, at := range f.columns {
		if at >= 0 {
			names[at] = `"` + fieldNames[i] + `"`
		}
	}
	return strings.Join(names, string(f.delimiter)) + "\n"
}

// Close implements batch.Source.
func (p *pass) Close() error { return nil }

// split gives the cells of the current row.
func (p *pass) split() []string {
	if !p.taken {
		p.room, p.bad = split(p.room[:0], p.raw, p.file.delimiter)
		p.cells, p.taken = p.room, true
	}
	return p.cells
}

// blank reports whether nothing stands in the current row.
func (p *pass) blank() bool {
	for _, c := range p.split() {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return p.bad == nil
}

// Next implements batch.Source.
func (p *pass) Next() (*batch.Row, error) {
	if p.ended == nil {
		p.ended = p.next()
	}
	if p.ended != nil {
		return nil, p.ended
	}
	return &p.row, nil
}

func (p *pass) next() error {
	values, broken, err := p.record()
	switch {
	case err != nil:
		return err
	case p.skips(broken):
		p.row.Skipped = true
		return nil
	case broken != nil:
		p.brokenRow(broken)
		return nil
	}
	return p.fill(values)
}

// record reads one record. broken says why it is no row with as many cells as
// the header; values is nil then. A record that leaves the rows after it
// uncertain is an error.
func (p *pass) record() (values *record, broken, err error) {
	values, err = p.read()
	if p.window.failed != nil { // it may show as a fault of the record
		return nil, nil, p.unreadable(p.window.failed)
	}
	var parse *csv.ParseError
	if err != nil {
		if parse = parseError(err); parse == nil {
			return nil, nil, p.unreadable(err)
		}
	}
	if err := p.take(parse); err != nil {
		return nil, nil, err
	}
	if parse != nil || !oneLine(p.raw) {
		if broken, err = p.certain(parse); err != nil {
			return nil, nil, err
		}
	} else if p.rows == nil {
		p.cells, p.bad, p.taken = p.fields, nil, true
	}
	return values, broken, nil
}

// read reads the values of the next record.
func (p *pass) read() (*record, error) {
	if p.rows == nil {
		return p.readAgain()
	}
	value, err := p.rows.Read()
	if err != nil {
		return nil, err
	}
	return value.(*record), nil
}

// readAgain is read without gocsv.
func (p *pass) readAgain() (_ *record, err error) {
	if p.fields, err = p.csv.Read(); err != nil {
		return nil, err
	}
	for i, into := range [fields]*string{&p.values.Bill, &p.values.Status, &p.values.Date, &p.values.RPO} {
		if at := p.file.columns[i]; at >= 0 {
			*into = p.fields[at]
		}
	}
	return &p.values, nil
}

// parseError gives the error that is about a single record, or nil. It is a
// function of its own because it costs memory.
func parseError(err error) *csv.ParseError {
	var parse *csv.ParseError
	errors.As(err, &parse)
	return parse
}

// take makes the record that was just read the current row.
func (p *pass) take(parse *csv.ParseError) error {
	var empty int64
	p.raw, empty = p.window.take(p.csv.InputOffset())
	line := 0
	if parse != nil && !errors.Is(parse.Err, csv.ErrFieldCount) {
		line = parse.StartLine
	} else {
		line, _ = p.csv.FieldPos(0)
	}
	raw, err := p.file.text.encode(p.raw)
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.file.options.Name, err)
	}
	p.at.Rows++
	p.at.Offset += empty * p.file.text.unit()
	p.taken = false
	p.row = batch.Row{Number: p.at.Rows, Line: p.line + line, Offset: p.at.Offset, Raw: raw, Cells: p.row.Cells}
	p.at.Offset += int64(len(raw))
	if len(p.raw) > maxRecord {
		return p.tooLong(p.row.Line)
	}
	return nil
}

// unreadable explains what is no fault of a single record.
func (p *pass) unreadable(err error) error {
	switch {
	case err == io.EOF:
		p.file.passed.Store(true)
		return io.EOF
	case errors.Is(err, errRecordTooLong):
		return p.tooLong(p.nextLine())
	}
	return fmt.Errorf("reading %s: %w", p.file.options.Name, err)
}

// nextLine is the line after the last row that was read.
func (p *pass) nextLine() int {
	if p.row.Number == 0 {
		return p.line + 2
	}
	return p.row.Line + max(lines(p.raw), 1)
}

func (p *pass) tooLong(line int) error {
	return p.file.refuse("is a quote opened there and not closed, or is this no CSV file?", "line %d: the row that begins there is longer than 1 MiB", line)
}

// skips reports whether the user left the current row out. Of a broken row
// nobody can say whether it meets the conditions: it is not lost in silence,
// unless it is empty.
func (p *pass) skips(broken error) bool {
	f := p.file
	switch {
	case f.options.Footer != "" && p.inFooter():
		return true
	case len(f.where) == 0 || broken != nil && !p.blank():
		return false
	}
	return !f.meets(p.split())
}

// inFooter reports whether the footer has begun. The file remembers where, for
// passes that start behind it.
func (p *pass) inFooter() bool {
	f := p.file
	if at := f.footer.Load(); at > 0 && p.row.Number >= int(at) {
		return true
	}
	for _, cell := range p.split() {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if strings.HasPrefix(cell, f.options.Footer) {
			f.footer.Store(int64(p.row.Number))
			return true
		}
		return false
	}
	return false
}
