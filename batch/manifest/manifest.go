// Package manifest turns an input file into updates: it knows headers, text,
// delimiters and dates, and says of every row either what it asks for or what
// is wrong with it.
//
// It reads a file as its author meant it, or refuses it with the reason
// (FileError); it never guesses and never mends. A row that is no valid update
// comes with faults, and its bytes are kept as they stand. What a field may
// hold is the business of package api.
//
// A File is opened once and read in as many passes as needed, each in constant
// memory: a record over 1 MiB refuses the file.
package manifest

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"billmark/batch"
)

// Options say how the user wants a file read. The zero value of each means
// that nothing was said.
type Options struct {
	// Name is the file as the user calls it, for messages.
	Name string
	// Columns gives the header of a field's column, Set the value of a field
	// in every row, by the field's name.
	Columns, Set map[string]string
	// Words gives the status that a word of the file means.
	Words map[string]string
	// Where leaves out all rows that do not meet the conditions: for each
	// header that is named, one of its values.
	Where []Condition
	// Delimiter is auto, comma, semicolon, tab, pipe, or the character.
	Delimiter string
	// Encoding is auto or a name like windows-1251.
	Encoding string
	// Multiline allows line breaks inside quoted cells.
	Multiline bool
	// DateFormat is auto, unix, iso, dmy, mdy, or a Go layout.
	DateFormat string
	// Location is for dates that carry no zone; nil is UTC.
	Location *time.Location
	// Now is the moment from which dates count as in the future.
	Now time.Time
	// Skip is the number of lines above the header that are titles. Before
	// gives the beginning of the header line instead, wherever it is.
	Skip   int
	Before string
	// Footer leaves out a row, and all after it, whose first filled cell
	// begins with it, such as a line of totals.
	Footer string
}

// Condition holds for rows whose cell under Header is Value, blanks around it
// aside.
type Condition struct{ Header, Value string }

// FileError refuses a file as a whole.
type FileError struct {
	Name string
	// Message says what is wrong, Hint what to do.
	Message, Hint string
}

func (e *FileError) Error() string { return e.Name + ": " + e.Message }

// OptionError says that an option cannot be meant.
type OptionError struct{ Message, Hint string }

func (e *OptionError) Error() string { return e.Message }

// Mapped is a field, and the header of the column that holds it, or the value
// that it has in every row.
type Mapped struct {
	Field, Header, Value string
}

// File is an opened manifest. Its passes may run one after another or side by
// side in goroutines, once the first has ended. It implements batch.Manifest.
type File struct {
	options   Options
	input     io.ReaderAt
	size      int64
	text      text
	delimiter rune
	header    []string
	raw       []byte     // up to the first row
	start     batch.Mark // of the first row
	columns   [fields]int
	words     words
	where     []condition
	dates     dates
	constants [fields]constant
	passed    atomic.Bool  // a pass has come to the end
	footer    atomic.Int64 // the row with which the footer begins; 0 as long as no pass has come to it
}

// Open reads what comes before the first row, and as much more as is needed to
// know the encoding. It refuses what is no manifest with a *FileError; an
// *OptionError says that an option is wrong in itself.
func Open(input io.ReaderAt, size int64, o Options) (*File, error) {
	f := &File{options: o, input: input, size: size}
	for _, step := range []func() error{f.readOptions, f.readText, f.readHeader, f.readColumns, f.readZone} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Header implements batch.Manifest.
func (f *File) Header() []string { return f.header }

// HeaderRaw is the file's beginning up to its first row, byte for byte.
func (f *File) HeaderRaw() []byte { return f.raw }

// Encoding is the name of the text's encoding.
func (f *File) Encoding() string { return f.text.name }

// Delimiter is the delimiter in words.
func (f *File) Delimiter() string { return delimiterWords(f.delimiter) }

// Mapping says where each field is taken from, without the fields that are
// taken from nowhere.
func (f *File) Mapping() []Mapped {
	var list []Mapped
	for i, name := range fieldNames {
		if value, ok := f.options.Set[name]; ok {
			list = append(list, Mapped{Field: name, Value: value})
		} else if at := f.columns[i]; at >= 0 {
			list = append(list, Mapped{Field: name, Header: f.header[at]})
		}
	}
	return list
}

// DatesInWords says how dates were read, with the first one, or that of --set,
// as the example; "" as long as there is none.
func (f *File) DatesInWords() string { return f.dates.inWords() }

// refuse makes a FileError.
func (f *File) refuse(hint, format string, args ...any) *FileError {
	return &FileError{Name: f.options.Name, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (f *File) readOptions() error {
	if f.options.Location == nil {
		f.options.Location = time.UTC
	}
	if err := checkNames(f.options.Columns, "--column"); err != nil {
		return err
	}
	if err := checkNames(f.options.Set, "--set"); err != nil {
		return err
	}
	var err error
	if f.words, err = newWords(f.options.Words); err != nil {
		return err
	}
	if f.dates, err = newDates(f); err != nil {
		return err
	}
	return f.readConstants()
}
