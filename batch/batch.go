package batch

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Poster makes one exchange after another with the API over a connection of
// its own. It is used by one goroutine at a time.
type Poster interface {
	// Connect makes a connection that is ready for Post, unless one stands.
	// Its error is a *PostError whose Reason is ReasonConnect, ReasonTLS or
	// ReasonStopped: nothing left.
	Connect(ctx context.Context) error
	// Post sends a form's body to a function of the API, exactly once, and
	// reads one whole reply. It never repeats, follows or guesses. An error
	// that is not a *PostError counts as ReasonBroken.
	Post(ctx context.Context, function string, body []byte) (Answer, error)
	// Close drops the connection.
	Close() error
}

// Answer is a whole HTTP reply, as it came, trusted in nothing.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Body holds the reply's body; it is valid until the next Post.
	Body []byte
	// TooLong says that the body was over the limit and Body is only its
	// beginning.
	TooLong bool
	// Encoding is how the body is said to be compressed, which nobody asked
	// for; empty if it is not.
	Encoding string
	// RetryAfter is how long the server asks to wait, or 0.
	RetryAfter time.Duration
}

// PostError says what is known of an exchange that brought no whole reply.
type PostError struct {
	// Reason is ReasonConnect, ReasonTLS or ReasonStopped if surely nothing
	// left; otherwise ReasonNoReply, ReasonBroken or ReasonGarbled.
	Reason Reason
	Err    error
}

// Unsent reports whether surely not one byte of the request left.
func (e *PostError) Unsent() bool {
	return e.Reason == ReasonConnect || e.Reason == ReasonTLS || e.Reason == ReasonStopped
}

func (e *PostError) Error() string { return fmt.Sprintf("posting: %v", e.Err) }
func (e *PostError) Unwrap() error { return e.Err }

// Task is one update to be sent in this run, and the row that asks for it.
type Task struct {
	Update Update
	// Row and Line are those of the update's place: its first row.
	Row, Line int
	// More says that the manifest holds later updates of the same bill.
	More bool
	// Again says that the journal knows the update and the user wants it
	// sent after all.
	Again bool
}

// Queue gives the tasks of a run in manifest order, io.EOF after the last. It
// is used by one goroutine at a time.
type Queue interface {
	Next() (Task, error)
}

// Journal is the durable memory of one account at one API address: what it
// has accepted survives a kill and a power cut. After its first failure it
// accepts nothing more. It may be used by many goroutines at once.
type Journal interface {
	// Scan gives every record in no particular order. It fails with
	// ErrDamaged if it cannot vouch for having given all of them unchanged.
	Scan(func(*Record) error) error
	// StartRun notes that a run begins and gives its number.
	StartRun(Run) (int64, error)
	// Begin makes it durable that a request for the task starts now. It
	// refuses a task whose update is in flight or has been sent already
	// (ErrSentBefore), unless the task says Again.
	Begin(run int64, t Task) error
	// End makes the task's outcome durable. A task that was not begun can
	// only end Unsent. Unsent gives the update back the class it had before.
	End(run int64, t Task, o Outcome) error
	// EndThen is End for a caller who does not wait. It calls then once the
	// outcome is durable, or with the reason why it is not; what is begun
	// after EndThen was called becomes durable no earlier. The calls of then
	// come one at a time and must not call the journal.
	EndThen(run int64, t Task, o Outcome, then func(Task, Outcome, error))
	// FinishRun notes how a run ended.
	FinishRun(run int64, s Summary) error
}

// Record is what the journal knows of one update.
type Record struct {
	Update Update
	// Outcome's Class is Confirmed, Rejected, Unverified, Unknown (also for
	// a request begun without an outcome) or Unsent (tried without effect).
	Outcome Outcome
	// Seq orders the confirmed updates: a larger one is newer. It is 0 for
	// an update that was never confirmed.
	Seq int64
	// Run is the run in which the update was first begun, Manifest the
	// digest of that run's manifest, and Line the update's line in it.
	Run      int64
	Manifest [32]byte
	Line     int
	// Begun is when the last request for it started; zero if none did.
	Begun time.Time
}

// Run is one execution over one manifest, as the journal tells it.
type Run struct {
	ID       int64
	File     string
	Digest   [32]byte
	Version  string
	Again    string
	Started  time.Time
	Finished time.Time
	Summary  Summary
}

// Sink is told of the progress of a run, by one goroutine at a time, after
// what it is told has become durable. It cannot fail a run.
type Sink interface {
	// Done tells of an update's outcome.
	Done(Task, Outcome)
	// Waiting tells what the run waits for ("" when it goes on).
	Waiting(why string)
}

// Summary is what a run did.
type Summary struct {
	Run      int64
	Rows     int
	Counts   [len(Classes)]int
	Requests int
	Started  time.Time
	Finished time.Time
	// Stopped says in words why the run stopped by itself; empty if not.
	Stopped string
}

// The errors that other rooms and callers look for.
var (
	// ErrDamaged: the journal cannot vouch for its records.
	ErrDamaged = errors.New("the journal is damaged")
	// ErrSentBefore: a promise would have been broken, and was not.
	ErrSentBefore = errors.New("the update was sent before")
)
