package batch

// Row is a data row exactly as it stands in the manifest, and what was read
// from it. A Source may reuse its memory: a Row is valid until the next call
// of Next, unless it was cloned.
type Row struct {
	// Number counts the data rows of the manifest from 1.
	Number int
	// Line is the line of the file on which the row starts, as an editor
	// shows it, from 1.
	Line int
	// Offset is where the row's bytes begin in the private copy of the
	// manifest; it can be given to Manifest.OpenAt.
	Offset int64
	// Cells gives the row's texts after unquoting, in the order of the
	// header; they are taken apart when first asked for. A malformed row may
	// have fewer or more cells than the header.
	Cells func() []string
	// Raw is the row byte for byte, line end included.
	Raw []byte

	// Skipped says that the row was left out by a filter: it was neither
	// validated nor counted, and no other field below is set.
	Skipped bool
	// Faults say why the row is no valid update; empty for a valid one.
	Faults []Fault
	// Update is what the row asks for. If there are Faults only its Bill
	// counts: the order number where it was legible, otherwise 0.
	Update Update
	// Unused counts filled fields that the status does not take. They are
	// not sent.
	Unused int
	// Trimmed counts cells whose outer blanks were taken off.
	Trimmed int
	// Warnings are doubts that do not make the row invalid.
	Warnings []Fault
}

// Fault is something wrong with one cell of a row (an error of the row), or a
// doubt about it (a warning).
type Fault struct {
	Row, Line int
	// Column is the header as it stands in the file.
	Column string
	// Value is the cell as it stands in the file.
	Value string
	// Message says what is wrong and what to do, in words a clerk
	// understands, without the place and the value.
	Message string
}

// Manifest is an input file that can be read again and again; every pass
// gives the same rows. cmd makes one from a private copy of the user's file.
type Manifest interface {
	// Header is the first record's texts.
	Header() []string
	// OpenAt starts a pass at a place. The zero Mark is the first row.
	OpenAt(Mark) (Source, error)
}

// Mark is a place between two rows of a manifest.
type Mark struct {
	// Rows and Lines count what lies before the place; Offset is its byte.
	Rows, Lines int
	Offset      int64
}

// Source gives the rows of one pass over a manifest, in file order. It is used
// by one goroutine at a time.
type Source interface {
	// Next gives the next row, or io.EOF after the last one. A bad row is
	// not an error: it comes with Faults. Any other error means that the file
	// as a whole cannot be read with certainty.
	Next() (*Row, error)
	// Close ends the pass.
	Close() error
}
