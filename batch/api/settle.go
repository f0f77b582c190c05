package api

import (
	"fmt"
	"math"
	"time"

	"billmark/batch"
)

// settleAfter is how long a request may still be on its way: only then does an
// order that was not changed say that it will not be.
const settleAfter = 10 * time.Minute

// The words of pay_status.
const (
	payPaid    = "paid"
	payWaiting = "waiting"
	payCancel  = "cancel"
)

// Readable reports whether what became of an update of this status shows when
// its order is read back. No function tells of delivery.
func Readable(s batch.Status) bool { return s.Pair() == batch.Payment }

// Settle says what an order that was read back tells of a doubtful update,
// begun so long ago: Confirmed or Unsent, and in words why. If ok is false it
// tells neither, and the words say why not.
//
// It is Unsent only if the order waits for payment and has no payment date,
// which neither a payment nor a cancellation would have left; in any other state
// somebody else had a hand in it, or the service did with the update what nobody
// here knows.
func Settle(u batch.Update, o Order, age time.Duration) (class batch.Class, words string, ok bool) {
	switch {
	case o.Bill != 0 && o.Bill != u.Bill:
		return 0, fmt.Sprintf("the API told of order %d instead", o.Bill), false
	case !Readable(u.Status):
		return 0, "what became of it cannot be read back", false
	case u.Status == batch.Paid && o.Payment == payPaid && o.Paid == u.Date:
		return batch.Confirmed, "the order is paid, with this date", true
	case u.Status == batch.Paid && o.Payment == payPaid:
		return 0, fmt.Sprintf("the order is paid, but with another date (%s)", dateWords(o.Paid)), false
	case u.Status == batch.Cancel && o.Payment == payCancel:
		return batch.Confirmed, "the order is cancelled", true
	case o.Payment != payWaiting:
		return 0, fmt.Sprintf("the order's payment is %q; somebody may have changed it since", o.Payment), false
	case o.Paid != 0:
		return 0, fmt.Sprintf("the order waits for payment, and yet has a payment date (%s)", dateWords(o.Paid)), false
	case age < settleAfter:
		left := (settleAfter - max(0, age)).Minutes()
		return 0, fmt.Sprintf("the order is not %s, but the request is less than %.0f minutes old: settle again in %.0f min", stateWords(u.Status), settleAfter.Minutes(), math.Ceil(left)), false
	}
	return batch.Unsent, fmt.Sprintf("the order is not %s", stateWords(u.Status)), true
}

// stateWords is what an order is after an update of a readable status.
func stateWords(s batch.Status) string {
	if s == batch.Cancel {
		return "cancelled"
	}
	return "paid"
}

func dateWords(seconds int64) string {
	if seconds == 0 {
		return "none"
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}
