package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v7"
)

// awayLimit is how long a run waits for a network that went away.
const awayLimit = 10 * time.Minute

// network knows whether the API can be reached, and lets all workers wait
// while it cannot. It may be used by many goroutines at once.
type network struct {
	tries   int                            // for an API that was never reached
	waiting func(why string) (over func()) // told what the run waits for, and until when

	// All below is guarded by mu.
	mu      sync.Mutex
	reached bool                        // a request was written in this run
	losses  int                         // connections that could not be made since the last reply
	since   time.Time                   // when the first of them could not
	waits   *backoff.ExponentialBackOff // of the probes since then
	over    func()                      // tells that the run goes on; nil if it did not tell that it waits
	back    chan struct{}               // closed when the network is back; nil while it is there
}

// there notes that a request was written, and whether a reply came. That a
// connection stands proves nothing: there are servers that take each and close it.
func (n *network) there(replied bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reached = true
	if replied {
		n.losses = 0
		if n.over != nil {
			n.over()
			n.over = nil
		}
	}
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

// lost is told that a connection could not be made. One worker probes until
// one can, and has it then; the others go on, to wait. A nil error says that
// another try is worth it; a *Stop that the API was away for too long, or that
// one that was never reached has been tried often enough.
func (n *network) lost(ctx context.Context, p Poster, cause error) error {
	if ctx.Err() != nil || !n.leave() { // the run is over, which is why; or another probes
		return ctx.Err()
	}
	for cause != nil {
		pause, stop := n.lose(cause)
		if stop != nil {
			return stop
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		err := p.Connect(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if cause = nil; err != nil {
			// If somebody else is there, the next try meets him and stops the run.
			if o, stop := judgeError(err); stop == nil {
				cause = errors.New(o.Text)
			}
		}
	}
	n.enter()
	return nil
}

// away reports whether the others are to wait.
func (n *network) away() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.back != nil
}

// leave lets the others wait from now on. It reports whether nobody did before.
func (n *network) leave() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.back != nil {
		return false
	}
	n.back = make(chan struct{})
	return true
}

// enter lets the others go on.
func (n *network) enter() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.back)
	n.back = nil
}

// lose counts a loss, and says how long to wait before the next probe, unless
// there is to be none. The first loss after a reply may be that of a single
// connection: the probe after it is made at once.
func (n *network) lose(cause error) (pause time.Duration, stop error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.losses++; n.losses == 1 {
		n.since, n.waits = time.Now(), retryWaits()
	}
	switch {
	case !n.reached && n.losses >= n.tries, n.reached && n.losses > inARow && time.Since(n.since) >= awayLimit:
		return 0, &Stop{Reason: StopUnreachable, Err: cause}
	case n.reached && n.losses == 1:
		return 0, nil
	}
	if n.over == nil {
		n.over = n.waiting("the network: " + cause.Error())
	}
	return n.waits.NextBackOff(), nil
}

// retryWaits gives the waits between tries: at random up to half a second, which
// doubles to twenty, so that clients that failed together do not come back
// together.
func retryWaits() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = time.Second / 4
	b.Multiplier = 2
	b.RandomizationFactor = 1 // from nothing to twice the interval
	b.MaxInterval = 10 * time.Second
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
