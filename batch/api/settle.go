package api

import (
	"fmt"
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
// begun so long ago: Confirmed or Unsent, and in words why; ok is false if it
// does not tell.
func Settle(u batch.Update, o Order, age time.Duration) (class batch.Class, words string, ok bool) {
	switch u.Status {
	case batch.Paid:
		return settlePaid(u, o, age)
	case batch.Cancel:
		return settleCancel(o, age)
	}
	return 0, "what became of it cannot be read back", false
}

func settlePaid(u batch.Update, o Order, age time.Duration) (batch.Class, string, bool) {
	switch {
	case o.Payment == payPaid && o.Paid == u.Date:
		return batch.Confirmed, "the order is paid, with this date", true
	case o.Payment == payPaid:
		return 0, fmt.Sprintf("the order is paid, but with another date (%s)", date(o.Paid)), false
	case o.Payment != payWaiting:
		return 0, fmt.Sprintf("the order's payment is %q; somebody may have changed it since", o.Payment), false
	case age < settleAfter:
		return 0, fmt.Sprintf("the order is not paid, but the request is less than %s old", minutes(settleAfter)), false
	}
	return batch.Unsent, "the order is not paid", true
}

func settleCancel(o Order, age time.Duration) (batch.Class, string, bool) {
	switch {
	case o.Payment == payCancel:
		return batch.Confirmed, "the order is cancelled", true
	case o.Payment != payWaiting && o.Payment != payPaid:
		return 0, fmt.Sprintf("the order's payment is %q", o.Payment), false
	case age < settleAfter:
		return 0, fmt.Sprintf("the order is not cancelled, but the request is less than %s old", minutes(settleAfter)), false
	}
	return batch.Unsent, "the order is not cancelled", true
}

func date(seconds int64) string {
	if seconds == 0 {
		return "none"
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

func minutes(d time.Duration) string { return fmt.Sprintf("%.0f minutes", d.Minutes()) }
