package batch

import "time"

// Class says what became of an update, in the words of the report.
type Class uint8

// The classes. Each answers: what may be done now?
const (
	// Unsent surely had no effect.
	Unsent Class = iota
	// Confirmed: the API said yes, and the hash of its reply was right.
	Confirmed
	// Rejected: the API said no, and the hash of its reply was right.
	Rejected
	// Invalid: not a valid update; nothing was sent.
	Invalid
	// Unverified: a whole reply came that cannot be trusted.
	Unverified
	// Unknown: the request was begun and no whole reply came.
	Unknown
	// Skipped: left out by the user's wish.
	Skipped
)

// Classes lists every class in the order in which summaries show them.
var Classes = [...]Class{Confirmed, Rejected, Invalid, Unsent, Unverified, Unknown, Skipped}

var classWords = [...]string{"unsent", "confirmed", "rejected", "invalid", "unverified", "unknown", "skipped"}

// String is the class's word in report, journal and messages.
func (c Class) String() string { return classWords[c] }

// Result is the report's coarse verdict: success, failure or skipped.
func (c Class) Result() string {
	switch c {
	case Confirmed:
		return "success"
	case Skipped:
		return "skipped"
	default:
		return "failure"
	}
}

// Reason says why an outcome is what it is. It is stored in the journal by its
// number: never renumber, only append.
type Reason uint8

// The reasons, each with the classes it goes with.
const (
	// ReasonNone: nothing needs saying.
	ReasonNone Reason = iota
	// ReasonNotReached (unsent): the run has not come to it yet.
	ReasonNotReached
	// ReasonHeld (unsent): behind another row of the same bill, see Line.
	ReasonHeld
	// ReasonHeldElsewhere (unsent): behind an unknown or unverified update
	// of the same bill that this manifest does not hold.
	ReasonHeldElsewhere
	// ReasonLate (unsent): a confirmed update of its pair stands after it.
	ReasonLate
	// ReasonStale (unsent): its pair was changed since by another manifest.
	ReasonStale
	// ReasonSuperseded (unsent): confirmed once, but replaced since.
	ReasonSuperseded
	// ReasonFilter (skipped): left out by a filter.
	ReasonFilter
	// ReasonFirst (skipped): beyond the trial's number of rows.
	ReasonFirst
	// ReasonReplied (confirmed, rejected): the API's own word.
	ReasonReplied
	// ReasonSettled (any): decided by settling, by reading back or by a
	// person; Text says how.
	ReasonSettled
	// ReasonConnect (unsent): no connection could be made.
	ReasonConnect
	// ReasonTLS (unsent): the server did not prove who it is.
	ReasonTLS
	// ReasonStopped (unsent): the run was stopped before a byte left.
	ReasonStopped
	// ReasonTooMany (unsent): HTTP status 429.
	ReasonTooMany
	// ReasonAccount (unsent): a code that every row would meet.
	ReasonAccount
	// ReasonNoReply (unknown): no whole reply within the time allowed.
	ReasonNoReply
	// ReasonBroken (unknown): the connection broke before a whole reply.
	ReasonBroken
	// ReasonGarbled (unknown): what came back is no HTTP reply.
	ReasonGarbled
	// ReasonKilled (unknown): billmark ended between request and reply.
	ReasonKilled
	// ReasonHTTP (unverified): a whole reply, but with another HTTP status
	// than 200; Text names it.
	ReasonHTTP
	// ReasonShape (unverified): the reply is not the JSON that is expected.
	ReasonShape
	// ReasonHash (unverified): the reply's hash is wrong.
	ReasonHash
	// ReasonTooLong (unverified): the reply is over the size limit.
	ReasonTooLong
	// ReasonSame (any): the row repeats an earlier one, see Line.
	ReasonSame
)

// Outcome is the last word on one row.
type Outcome struct {
	Class  Class
	Reason Reason
	// Line is the manifest line the reason speaks of (held, late, same), or 0.
	Line int
	// Code is the reply's error_code, digit for digit; empty when no reply
	// was read.
	Code string
	// Text is the API's error_text, or a detail of the reason.
	Text string
	// Same is the line of the earlier row that asks for the same update, or 0.
	Same int
	// Later is the status of a newer confirmed change of the same pair, for
	// a confirmed update that is not the newest; otherwise 0.
	Later Status
	// Attempts counts the requests started for the update, over all runs. A
	// connection that could not be made is no request.
	Attempts int
	// Posted says that at least one of them may have left.
	Posted bool
	// Finished is when the outcome was recorded; zero if nothing finished.
	Finished time.Time
}
