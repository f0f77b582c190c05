package batch

import (
	"context"

	"golang.org/x/time/rate"
)

// Pace spreads the requests of one account over time, whoever makes them:
// first tries, retries and read-backs alike. It may be used by many
// goroutines at once.
type Pace struct {
	limiter *rate.Limiter
	// turn lets one goroutine at a time wait on the limiter. If each waited
	// for itself, each would hold a booking, and after a stall (a closed
	// lid, a stopped process) all overdue bookings would go at once.
	turn chan struct{}
}

// NewPace allows limit requests a second; rate.Inf is no limit. The bucket
// holds a fiftieth of a second's worth, which makes up for late timers, and
// starts with one request in it: a full one would let the first second exceed
// the rate.
func NewPace(limit rate.Limit) *Pace {
	if limit == rate.Inf {
		return &Pace{}
	}
	burst := max(1, int(limit/50))
	p := &Pace{limiter: rate.NewLimiter(limit, burst), turn: make(chan struct{}, 1)}
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
