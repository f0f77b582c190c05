package batch

import "fmt"

// Status is what an update asks the API to make of a bill.
type Status uint8

// The statuses the API accepts. The zero Status is none of them.
const (
	Sent Status = iota + 1
	Paid
	Return
	Cancel
)

// Statuses lists every status, in the order in which they are shown.
var Statuses = [...]Status{Sent, Paid, Return, Cancel}

var statusWords = [...]string{Sent: "sent", Paid: "paid", Return: "return", Cancel: "cancel"}

// String is the word the API knows the status by.
func (s Status) String() string {
	if s < Sent || s > Cancel {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return statusWords[s]
}

// ParseStatus reads the API's own lower-case word.
func ParseStatus(word string) (Status, bool) {
	for _, s := range Statuses {
		if word == statusWords[s] {
			return s, true
		}
	}
	return 0, false
}

// Pair names the two statuses that replace each other on one bill.
type Pair uint8

// Every bill has these two pairs: paid and cancel replace each other, and so
// do sent and return.
const (
	Payment Pair = iota
	Delivery
)

// Pair tells which pair the status belongs to.
func (s Status) Pair() Pair {
	if s == Sent || s == Return {
		return Delivery
	}
	return Payment
}

// Dated reports whether an update of this status carries a date. A dated
// update is one update wherever it appears; an undated one is told from its
// repetitions by its Occurrence.
func (s Status) Dated() bool { return s == Sent || s == Paid }

// Update is one change the API is asked to make. Two rows that ask for equal
// Updates ask for the same thing: it is sent once. An Update is comparable and
// holds only the fields its status takes; the others are zero.
type Update struct {
	// Bill is the order number, 1 to 18 digits.
	Bill   uint64
	Status Status
	// Date is in unix seconds; for sent and paid, otherwise 0.
	Date int64
	// RPO is the tracking number, byte for byte; for sent, otherwise empty.
	RPO string
	// Occurrence tells the second, third ... cancel or return of one bill and
	// pair in one manifest from the first. It is 0 for dated updates, and
	// also until a Decider has given it.
	Occurrence int
}

// String describes the update for messages: "paid of bill 100000".
func (u Update) String() string { return fmt.Sprintf("%s of bill %d", u.Status, u.Bill) }
