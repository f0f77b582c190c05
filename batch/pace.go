package batch

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// Pace spreads the requests of one account over time, whoever makes them:
// first tries, retries and read-backs alike. A request takes a permit when it
// is to start, and passes a gate right before it leaves. It may be used by many
// goroutines at once.
type Pace struct {
	limiter *rate.Limiter
	// turn lets one goroutine at a time wait on the limiter. If each waited
	// for itself, each would hold a booking, and after a stall (a closed
	// lid, a stopped process) all overdue bookings would go at once.
	turn chan struct{}
	gate gate
}

// NewPace allows limit requests a second; rate.Inf is no limit. The bucket
// holds a fiftieth of a second's worth, or two, which makes up for late timers,
// and starts with one request in it: a full one would let the first second
// exceed the rate.
func NewPace(limit rate.Limit) *Pace {
	if limit == rate.Inf {
		return &Pace{}
	}
	burst := max(1, int(limit/50))
	if limit >= 5 {
		burst = max(2, burst)
	}
	p := &Pace{limiter: rate.NewLimiter(limit, burst), turn: make(chan struct{}, 1), gate: newGate(limit)}
	for range burst - 1 {
		p.limiter.Allow()
	}
	return p
}

// Take waits until one more request may start. Its error is the context's.
func (p *Pace) Take(ctx context.Context) error {
	if p.limiter == nil {
		return ctx.Err()
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	return p.limiter.Wait(ctx)
}

// Pass is called by the holder of a permit right before the request leaves.
// Between the two lie a connection and the journal, which may take any time, so
// requests whose permits came one by one can end up side by side: Pass keeps
// back those that would make more than a second's worth in any second. It
// returns at once as good as always, and within moments otherwise.
func (p *Pace) Pass() {
	if p.limiter != nil {
		p.gate.pass()
	}
}

// gate lets so many through in any span of time. Who has to wait books
// nothing, so that after a stall nothing is overdue.
type gate struct {
	span   time.Duration
	lock   chan struct{} // a mutex to sleep with
	start  time.Time
	passed []time.Duration // the last ones, since start, in a ring
	next   int
}

// gateLimit is how many passages a gate remembers at most; at a pace that has
// more of them in a second it looks at a shorter span.
const gateLimit = 1 << 16

// gateMargin is how much longer than a second the gate looks back, so that the
// first and the last request of a second are not both on its edge.
const gateMargin = 100 * time.Microsecond

func newGate(limit rate.Limit) gate {
	g := gate{span: time.Second + gateMargin, lock: make(chan struct{}, 1), start: time.Now()}
	if limit > gateLimit {
		g.span = time.Duration(gateLimit / float64(limit) * float64(g.span))
		limit = gateLimit
	}
	g.passed = make([]time.Duration, int(limit)+1)
	for i := range g.passed {
		g.passed[i] = -g.span
	}
	return g
}

func (g *gate) pass() {
	g.lock <- struct{}{}
	defer func() { <-g.lock }()
	if wait := g.passed[g.next] + g.span - time.Since(g.start); wait > 0 {
		time.Sleep(wait)
	}
	g.passed[g.next] = time.Since(g.start)
	g.next = (g.next + 1) % len(g.passed)
}
