package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
)

// Order is what the sandbox believes of an order.
type Order struct {
	Bill string `json:"bill"`
	// PayStatus is waiting, paid or cancel.
	PayStatus string `json:"pay_status"`
	// Paid is when it was paid, in unix seconds; 0 unless it is.
	Paid int64 `json:"paid"`
	// Delivery is empty, sent or return.
	Delivery string `json:"delivery"`
	// Date and RPO are those of the last sent.
	Date int64  `json:"date"`
	RPO  string `json:"rpo"`
}

// storeLimit is how many changed orders are remembered if not all are.
const storeLimit = 100_000

// store holds the orders that are no longer as they were at first.
type store struct {
	limit   int // 0: none
	orders  map[string]Order
	ring    []string // the bills in order of their first change, if limited
	next    int      // where ring is written next
	history map[string][]string
}

func newStore(keep bool) store {
	s := store{orders: make(map[string]Order), limit: storeLimit}
	if keep {
		s.limit, s.history = 0, make(map[string][]string)
	}
	return s
}

// get gives an order; one that nobody has changed is waiting.
func (s *store) get(bill string) Order {
	if o, ok := s.orders[bill]; ok {
		return o
	}
	return Order{Bill: bill, PayStatus: "waiting"}
}

// change makes a change; false means that there is no such status.
func (s *store) change(bill, status string, date int64, rpo string) bool {
	o := s.get(bill)
	switch status {
	case "sent":
		o.Delivery, o.Date, o.RPO = "sent", date, rpo
	case "return":
		o.Delivery = "return"
	case "paid":
		o.PayStatus, o.Paid = "paid", date
	case "cancel":
		o.PayStatus, o.Paid = "cancel", 0
	default:
		return false
	}
	if _, known := s.orders[bill]; !known {
		s.makeRoom(bill)
	}
	s.orders[bill] = o
	return true
}

// makeRoom forgets the order that was changed first, if there are too many.
func (s *store) makeRoom(bill string) {
	switch {
	case s.limit == 0:
	case len(s.ring) < s.limit:
		s.ring = append(s.ring, bill)
	default:
		delete(s.orders, s.ring[s.next])
		s.ring[s.next] = bill
		s.next = (s.next + 1) % s.limit
	}
}

// note adds a form to what was applied to a bill, if that is kept.
func (s *store) note(bill, form string) {
	if s.history != nil {
		s.history[bill] = append(s.history[bill], form)
	}
}

// Orders lists the orders that were changed, by number.
func (s *Sandbox) Orders() []Order {
	s.mu.Lock()
	list := make([]Order, 0, len(s.store.orders))
	for _, o := range s.store.orders {
		list = append(list, o)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b Order) int {
		return cmp.Or(cmp.Compare(len(a.Bill), len(b.Bill)), cmp.Compare(a.Bill, b.Bill))
	})
	return list
}

// Applied gives the forms, without their hashes, that were applied to a bill,
// in order; it needs Config.Keep.
func (s *Sandbox) Applied(bill string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.store.history[bill])
}

func (s *Sandbox) serveOrders(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(s.Orders()) // a client that has gone needs nothing
}
