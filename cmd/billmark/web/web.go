// Package web is a page for those who do not use a terminal: upload a file, see
// how it was read and what would be sent, start, watch, and take the report
// away. It shows what the engine does and passes on what a person decides;
// reading, deciding and sending are the Bench's, which cmd makes from the same
// rooms as the commands.
//
// The page is for one person on one machine. It listens on loopback only,
// lets in who holds the address that the terminal shows, and nobody else: not
// other machines, not other web sites in the same browser. It makes no request
// to any other host, and it never sees the key after that was entered.
package web

import (
	"io"
	"strings"
	"time"

	"billmark/batch"
	"billmark/report"
)

// Bench is what the page needs of the engine. It may be used by many
// goroutines at once: all browsers see one truth, the Bench's. Its errors are
// shown as they are; a *Trouble also says what to do.
type Bench interface {
	// Place says for which account all is done, and where.
	Place() Place
	// Enter takes login and key for this process, if Place asks for them.
	Enter(account, key string) error

	// Uploads lists the files that are kept, newest first.
	Uploads() ([]Upload, error)
	// Add keeps a file under the name that the user gave it.
	Add(name string, body io.Reader) (Upload, error)
	// Remove throws a file away. It refuses one whose run goes on, or left
	// rows that are not settled.
	Remove(id string) error
	// Choose says how a file is to be read. It refuses one in work.
	Choose(id string, c Choices) error
	// Sheet reads a file and holds it against the journal.
	Sheet(id string) (*Sheet, error)
	// Rows gives every row of a file with what became of it.
	Rows(id, lang string, give func(*report.Head, report.Line) error) error
	// Report writes a report ("csv", "xlsx", "html", "jsonl") or the rows to
	// mend ("failed") and gives what a browser may call it.
	Report(id, format, lang string, to io.Writer) (name string, err error)

	// Start begins or goes on with a run in the background. count is how
	// many updates the user agreed to; if the plan has another number by
	// now, nothing is started.
	Start(id string, count int) error
	// Pause, Resume and Stop act on the run that goes on; they do nothing if
	// there is none. Stop reports whether there was something to stop.
	Pause()
	Resume()
	Stop() bool
	// Live shows the run that goes on, and tells of every change.
	Live() *Live

	// Doubts lists the updates that are unknown or unverified.
	Doubts() ([]batch.Record, error)
	// Settle takes a person's word, or reads back or sends again in the
	// background.
	Settle(Word) error
	// Settling tells how the last Settle goes.
	Settling() Settling

	// History lists the runs that the journal knows, oldest first.
	History() ([]batch.Run, error)
}

// Place is the account and the API that a page works for.
type Place struct {
	// Account is empty as long as Enter is to be called.
	Account, API, Journal, Pace, Version string
}

// State says where the work on an upload stands.
type State string

// The states of an upload.
const (
	Fresh   State = "new"     // never started
	Running State = "running" // in work now
	Cut     State = "cut"     // its run was killed
	Ended   State = "ended"   // its last run ended, whatever came of it
)

// Upload is a file that is kept until its run is settled.
type Upload struct {
	ID, Name string
	Size     int64
	Added    time.Time
	Choices  Choices
	State    State
	// Run is the last run's number, Finished its end, and Stopped why it
	// stopped by itself; zero if not.
	Run      int64
	Finished time.Time
	Stopped  string
}

// Choices say how a file is to be read; what is empty is found out.
type Choices struct {
	// Columns gives the header of a field's column, Set a field's value in
	// all rows, Words the word of the file that means a status.
	Columns, Set, Words map[string]string
	// Where leaves out all rows whose column Where has not the value Value.
	Where, Value                    string
	Delimiter, Encoding, DateFormat string
	Multiline                       bool
	// First is how many updates a trial sends; 0 is all.
	First int
	// Again lists the kinds of rows that are sent after all.
	Again []string
}

// Fields are the fields of an update, in the order in which they are shown.
var Fields = [...]string{"bill_id", "status", "date", "rpo"}

// Mapped is a field with the column that it is taken from, or its one value.
type Mapped struct{ Field, Header, Value string }

// Sheet is a file as it was read, and what a run would do.
type Sheet struct {
	Upload
	Header []string
	// First holds the cells of the first rows, as they stand.
	First                      [][]string
	Mapping                    []Mapped
	Dates, Encoding, Delimiter string
	// Refused says why the file cannot be used as it is; Plan is nil then.
	Refused *Trouble
	Plan    *batch.Plan
	// Blind says that a run goes on, so that nobody could ask the journal.
	Blind    bool
	Warnings []batch.Fault
	// Barred says why a run would not start.
	Barred *Trouble
	// Seconds is how long sending takes at the pace; 0 if not limited.
	Seconds float64
}

// Trouble is an error for a person: what happened and what to do. Status is
// for the browser; 0 is 409.
type Trouble struct {
	Message, Hint string
	Status        int
}

func (t *Trouble) Error() string { return t.Message }

// ForTerminal reports whether the hint speaks of flags, which a page has not.
func (t *Trouble) ForTerminal() bool { return strings.Contains(t.Hint, "--") }

// The ways to settle.
const (
	ReadBack = "read"
	Confirm  = "confirm"
	Unsent   = "unsent"
	Resend   = "resend"
)

// Word is what a person says of updates in doubt.
type Word struct {
	Way     string
	Updates []batch.Update
	// Reason is kept with Confirm and Unsent: who saw what.
	Reason string
}

// Settling tells of a Settle call.
type Settling struct {
	Busy    bool
	Done    []Verdict
	Left    []Verdict
	Trouble *Trouble
}

// Verdict is what was decided on one update, or why nothing was.
type Verdict struct {
	Update batch.Update
	Class  batch.Class
	Words  string
}
