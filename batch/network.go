package batch

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v7"
)

// awayLimit is how long a run waits for a network that went away.
const awayLimit = 10 * time.Minute

// network knows whether the API can be reached, and lets all workers wait
// while it cannot. It may be used by many goroutines at once.
type network struct {
	waiting func(why string) // told what the run waits for, "" when it goes on

	mu      sync.Mutex
	reached bool          // the API was reached at least once in this run
	back    chan struct{} // closed when the network is back; nil while it is there
}

// there notes that a connection was made.
func (n *network) there() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reached = true
}

// wait blocks while the network is away.
func (n *network) wait(ctx context.Context) error {
	n.mu.Lock()
	back := n.back
	n.mu.Unlock()
	if back == nil {
		return ctx.Err()
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lost is told that a connection could not be made. If the API had been
// reached before, one worker probes until it can be reached again while the
// others wait. A nil error says that another try is worth it; a *Stop that it
// took too long, or that this was the last try at an API never reached.
func (n *network) lost(ctx context.Context, p Poster, cause error, last bool) error {
	if ctx.Err() != nil { // the run is over, which is why there is no connection
		return ctx.Err()
	}
	n.mu.Lock()
	if !n.reached || n.back != nil {
		defer n.mu.Unlock()
		if !n.reached && last {
			return &Stop{Reason: StopUnreachable, Err: cause}
		}
		return ctx.Err()
	}
	back := make(chan struct{})
	n.back = back
	n.mu.Unlock()
	n.waiting("the network: " + cause.Error())
	if err := probe(ctx, p); err != nil {
		return err
	}
	n.waiting("")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.back = nil
	close(back)
	return nil
}

// probe connects again and again, ever more slowly. It leaves a connection
// that stands.
func probe(ctx context.Context, p Poster) error {
	b := retryWaits()
	deadline := time.Now().Add(awayLimit)
	for {
		if err := sleep(ctx, b.NextBackOff()); err != nil {
			return err
		}
		err := p.Connect(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !time.Now().Before(deadline) {
			return &Stop{Reason: StopUnreachable, Err: err}
		}
	}
}

// retryWaits gives the waits between tries: about half a second, doubling to
// twenty, with jitter, so that clients that failed together do not come back
// together.
func retryWaits() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 500 * time.Millisecond
	b.Multiplier = 2
	b.RandomizationFactor = 1
	b.MaxInterval = 20 * time.Second
	b.Reset()
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
