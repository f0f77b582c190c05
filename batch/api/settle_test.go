package api

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"billmark/batch"
)

const (
	ourBill = 100000
	ourDate = 1362254400
)

// doubtful is an update of each status whose outcome is not known.
func doubtful(s batch.Status) batch.Update {
	u := batch.Update{Bill: ourBill, Status: s}
	if s.Dated() {
		u.Date = ourDate
	}
	if s == batch.Sent {
		u.RPO = "10000000000000"
	}
	return u
}

func TestReadable(t *testing.T) {
	want := map[batch.Status]bool{batch.Paid: true, batch.Cancel: true, batch.Sent: false, batch.Return: false}
	for _, s := range batch.Statuses {
		if got := Readable(s); got != want[s] {
			t.Errorf("Readable(%s) = %t", s, got)
		}
	}
}

const undecided = batch.Class(255) // in tables: not ok

func TestSettle(t *testing.T) {
	const m = time.Minute
	paid := func(date int64) Order { return Order{ourBill, "paid", date} }
	waiting, cancelled := Order{ourBill, "waiting", 0}, Order{ourBill, "cancel", 0}
	tests := []struct {
		status batch.Status
		order  Order
		age    time.Duration
		class  batch.Class
		words  string
	}{
		{batch.Paid, paid(ourDate), 0, batch.Confirmed, "the order is paid, with this date"},
		{batch.Paid, paid(ourDate), 99 * time.Hour, batch.Confirmed, "the order is paid, with this date"},
		{batch.Paid, Order{0, "paid", ourDate}, m, batch.Confirmed, "the order is paid, with this date"},
		{batch.Paid, paid(ourDate + 1), 20 * m, undecided, "the order is paid, but with another date (2013-03-02T20:00:01Z)"},
		{batch.Paid, paid(ourDate - 4*3600), 20 * m, undecided, "the order is paid, but with another date (2013-03-02T16:00:00Z)"},
		{batch.Paid, paid(0), 20 * m, undecided, "the order is paid, but with another date (none)"},
		{batch.Paid, waiting, 10 * m, batch.Unsent, "the order is not paid"},
		{batch.Paid, waiting, 10*m - 1, undecided, "the order is not paid, but the request is less than 10 minutes old: settle again in 1 min"},
		{batch.Paid, waiting, -m, undecided, "the order is not paid, but the request is less than 10 minutes old: settle again in 10 min"},
		{
			batch.Paid,
			Order{ourBill, "waiting", ourDate},
			20 * m, undecided,
			"the order waits for payment, and yet has a payment date (2013-03-02T20:00:00Z)",
		},
		{batch.Paid, cancelled, 20 * m, undecided, `the order's payment is "cancel"; somebody may have changed it since`},
		{
			batch.Paid,
			Order{ourBill, "moneyback", ourDate},
			20 * m, undecided,
			`the order's payment is "moneyback"; somebody may have changed it since`,
		},
		{batch.Paid, Order{100001, "paid", ourDate}, 20 * m, undecided, "the API told of order 100001 instead"},
		{batch.Paid, Order{100001, "waiting", 0}, 20 * m, undecided, "the API told of order 100001 instead"},

		{batch.Cancel, cancelled, 0, batch.Confirmed, "the order is cancelled"},
		{batch.Cancel, Order{ourBill, "cancel", ourDate}, 20 * m, batch.Confirmed, "the order is cancelled"},
		{batch.Cancel, waiting, 10 * m, batch.Unsent, "the order is not cancelled"},
		{batch.Cancel, waiting, 10*m - 1, undecided, "the order is not cancelled, but the request is less than 10 minutes old: settle again in 1 min"},
		{
			batch.Cancel,
			Order{ourBill, "waiting", ourDate},
			20 * m, undecided,
			"the order waits for payment, and yet has a payment date (2013-03-02T20:00:00Z)",
		},
		{batch.Cancel, paid(ourDate), 20 * m, undecided, `the order's payment is "paid"; somebody may have changed it since`},
		{
			batch.Cancel,
			Order{ourBill, "a\n\x1b[31mb", 0},
			20 * m, undecided,
			`the order's payment is "a\n\x1b[31mb"; somebody may have changed it since`,
		},
		{batch.Cancel, Order{100001, "cancel", 0}, 20 * m, undecided, "the API told of order 100001 instead"},

		{batch.Sent, waiting, 20 * m, undecided, "what became of it cannot be read back"},
		{batch.Sent, paid(ourDate), 20 * m, undecided, "what became of it cannot be read back"},
		{batch.Return, cancelled, 20 * m, undecided, "what became of it cannot be read back"},
	}
	for _, tt := range tests {
		class, words, ok := Settle(doubtful(tt.status), tt.order, tt.age)
		if want := tt.class != undecided; ok != want || ok && class != tt.class || words != tt.words {
			t.Errorf("Settle(%s, %+v, %s) = %d, %t: %s\nwant %s", tt.status, tt.order, tt.age, class, ok, words, tt.words)
		}
	}
}

// mayConfirm and mayRelease are the promise, in other words than the code's:
// everything else is left for a person.
func mayConfirm(u batch.Update, o Order) bool {
	ours := o.Bill == u.Bill || o.Bill == 0
	paid := u.Status == batch.Paid && o.Payment == "paid" && o.Paid == u.Date
	cancelled := u.Status == batch.Cancel && o.Payment == "cancel"
	return ours && (paid || cancelled)
}

func mayRelease(u batch.Update, o Order, age time.Duration) bool {
	ours := o.Bill == u.Bill || o.Bill == 0
	readable := u.Status == batch.Paid || u.Status == batch.Cancel
	return ours && readable && o.Payment == "waiting" && o.Paid == 0 && age >= 10*time.Minute
}

func checkSettle(t *testing.T, u batch.Update, o Order, age time.Duration) {
	t.Helper()
	class, words, ok := Settle(u, o, age)
	confirm, release := mayConfirm(u, o), mayRelease(u, o, age)
	switch {
	case ok != (confirm || release):
		t.Errorf("Settle(%+v, %+v, %s): decided is %t", u, o, age, ok)
	case confirm && class != batch.Confirmed, release && class != batch.Unsent, !ok && class != 0:
		t.Errorf("Settle(%+v, %+v, %s) = %s", u, o, age, class)
	case words == "" || strings.ContainsFunc(words, unicode.IsControl):
		t.Errorf("Settle(%+v, %+v, %s): the words are %q", u, o, age, words)
	}
}

// Every combination there is: nothing is decided but what was promised.
func TestSettleDecidesNothingElse(t *testing.T) {
	n := 0
	for _, s := range batch.Statuses {
		for _, bill := range []uint64{0, ourBill, ourBill + 1} {
			for _, payment := range []string{"paid", "waiting", "cancel", "moneyback", "Paid", "WAITING", "expected", ""} {
				for _, date := range []int64{0, 1, ourDate, ourDate + 1, 999999999999999999} {
					for _, age := range []time.Duration{-1 << 63, 0, 10*time.Minute - 1, 10 * time.Minute, 1<<63 - 1} {
						checkSettle(t, doubtful(s), Order{bill, payment, date}, age)
						n++
					}
				}
			}
		}
	}
	if n != 4*3*8*5*5 {
		t.Errorf("%d combinations", n)
	}
}
