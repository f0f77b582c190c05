package batch

import "fmt"

// StopReason says why a run stopped by itself.
type StopReason uint8

// The reasons to stop. Every one of them can be resumed by the same command.
const (
	// StopAccount: the API answered with a code that every row would meet.
	StopAccount StopReason = iota + 1
	// StopUnverified: several replies in a row could not be trusted.
	StopUnverified
	// StopRefused: none of the first updates was accepted.
	StopRefused
	// StopFailures: more failures than the user allows.
	StopFailures
	// StopTooMany: the API kept asking to slow down.
	StopTooMany
	// StopUnreachable: the API could not be reached.
	StopUnreachable
	// StopTLS: the server did not prove who it is.
	StopTLS
)

// Stop is the error of a run that stopped by itself.
type Stop struct {
	Reason StopReason
	// Code and Text are the API's, for StopAccount.
	Code, Text string
	// Count is how many replies, updates or failures led to the stop.
	Count int
	// Line is the manifest line of the row at which it stopped, or 0.
	Line int
	// Err is the cause, for StopUnreachable and StopTLS.
	Err error
}

func (s *Stop) Error() string {
	switch s.Reason {
	case StopAccount:
		return fmt.Sprintf("the API refuses this account or request (code %s)", s.Code)
	case StopUnverified:
		return fmt.Sprintf("%d replies in a row could not be trusted", s.Count)
	case StopRefused:
		return fmt.Sprintf("none of the first %d updates was accepted", s.Count)
	case StopFailures:
		return fmt.Sprintf("%d updates failed, more than allowed", s.Count)
	case StopTooMany:
		return fmt.Sprintf("the API asked to slow down (HTTP status 429) for %d updates in a row", s.Count)
	case StopTLS:
		return fmt.Sprintf("the server did not prove who it is: %v", s.Err)
	default:
		return fmt.Sprintf("the API could not be reached: %v", s.Err)
	}
}

func (s *Stop) Unwrap() error { return s.Err }

// inARow is how many replies in a row may be untrusted, or may ask to slow
// down, before a run stops.
const inARow = 5

// usualTries is how many of those that asked to slow down there are an update,
// unless Attempts or the budget allows fewer.
const usualTries = 3

// The budget for all retries of a run, counted in updates that the API
// accepted: a hundred retries, and then one for every ten updates accepted. So
// a service that refuses many requests is not asked twice as often for it,
// whatever Attempts allows each update; one that is refused when the budget is
// used up stays unsent. Of what is refused at once because the API wants a rest,
// which it gets, one retry counts. It is a token bucket like the retry quota of
// the AWS SDKs.
const (
	retryCost  = 10
	fullBudget = 100 * retryCost
)

// brake watches outcomes and says when a run must stop, and what may be tried
// again. It is used under the job's lock.
type brake struct {
	maxFailures, attempts int
	budget                int // see retryCost

	finished, failures  int
	untried             int // refused, and not tried again as the budget was used up
	unverified, tooMany int // updates in a row
	refused             int // tries in a row; one that asks for a rest counts as usualTries
	accepted            bool
}

func newBrake(maxFailures, attempts int) brake {
	return brake{maxFailures: maxFailures, attempts: max(1, attempts), budget: fullBudget}
}

// refusal is a way in which the API refuses an update at the door.
type refusal uint8

const (
	plain       refusal = iota
	asked               // and it asks for a rest
	askedBefore         // it does, and had when the request was on its way: nothing new
)

// retry is told that an update was refused, after so many tries. It reports
// whether there may be another, and takes that from the budget.
func (b *brake) retry(tries int, r refusal) bool {
	switch r {
	case plain:
		b.refused++
	case asked:
		b.refused += usualTries
	}
	switch {
	case tries >= b.attempts:
		return false
	case r == askedBefore:
		return true
	case b.budget < retryCost:
		b.untried++
		return false
	}
	b.budget -= retryCost
	return true
}

// watch takes one more outcome into account.
func (b *brake) watch(t Task, o Outcome) *Stop {
	b.finished++
	switch o.Class {
	case Confirmed:
		b.accepted = true
		b.budget = min(b.budget+1, fullBudget)
		b.served()
	case Rejected:
		b.failures++
		b.served()
	case Unverified:
		b.failures++
		b.unverified++
	case Unknown:
		b.failures++
	case Unsent:
		if o.Reason == ReasonTooMany {
			b.tooMany++
		}
	}
	stop := b.judge()
	if stop != nil {
		stop.Line = t.Line
	}
	return stop
}

// served ends what was in a row.
func (b *brake) served() { b.unverified, b.tooMany, b.refused = 0, 0, 0 }

// judge says whether what was watched is a reason to stop. When the budget is
// used up an update has one try only, so of those that asked to slow down it is
// not enough that they were several in a row: as many tries must have been, too,
// as such updates usually have.
func (b *brake) judge() *Stop {
	switch {
	case b.unverified >= inARow:
		return &Stop{Reason: StopUnverified, Count: b.unverified}
	case b.tooMany >= inARow && (b.refused >= inARow*min(b.attempts, usualTries) || !b.accepted):
		return &Stop{Reason: StopTooMany, Count: b.tooMany}
	case b.finished >= trust && !b.accepted:
		return &Stop{Reason: StopRefused, Count: b.finished}
	case b.failures > b.maxFailures:
		return &Stop{Reason: StopFailures, Count: b.failures}
	}
	return nil
}
