package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"billmark/signer"
)

// Job is what one run is made of; its Run method does it. All fields but
// Sinks, MaxFailures and Attempts are needed. A Job is run once.
type Job struct {
	Account signer.Account
	Tasks   Queue
	Journal Journal
	// RunID is the number that Journal.StartRun gave.
	RunID int64
	// Open gives each worker a Poster of its own.
	Open func() Poster
	// Function is the API function that updates are posted to. Form appends
	// the encoded form of an update, and Meaning says what the codes of its
	// replies mean.
	Function string
	Form     func(dst []byte, u Update) []byte
	Meaning  func(code string) Meaning
	// Pace is shared by all that make requests for the account.
	Pace *Pace
	// Workers is the most requests in flight.
	Workers int
	// Attempts is how often one update is tried in this run if the API refuses
	// it at the door (HTTP status 429), and how often an API is tried that was
	// never reached.
	Attempts int
	// MaxFailures is how many updates may end rejected, unverified or unknown.
	MaxFailures int
	Sinks       []Sink

	turns    *turns
	network  network
	requests atomic.Int64
	ending   sync.WaitGroup // confirmations that are not durable yet
	cancel   context.CancelCauseFunc
	// rest is the last time in which the API wants to be left alone, or wanted
	// to; nil if it never did. It is written under mu.
	rest atomic.Pointer[rest]

	mu      sync.Mutex
	brake   brake        // guarded by mu, as are the calls of Sinks
	lost    []Unrecorded // guarded by mu
	failed  error        // guarded by mu: why the run must stop
	waiting string       // guarded by mu
}

// rest is a time in which the API wants to be left alone.
type rest struct{ until time.Time }

// left is how much of it is left; no rest, which is nil, has nothing left.
func (r *rest) left() time.Duration {
	if r == nil {
		return 0
	}
	return time.Until(r.until)
}

// Unrecorded is an outcome that the journal did not take. The journal holds
// the update as begun, so it counts as unknown from now on.
type Unrecorded struct {
	Task    Task
	Outcome Outcome
}

// Ended says how a run ended.
type Ended struct {
	// Requests counts the requests started.
	Requests int
	// Untried counts the updates that the API refused at the door and that
	// were left unsent for want of retries, before their Attempts were made.
	Untried int
	// Unrecorded lists outcomes that are known only here.
	Unrecorded []Unrecorded
}

// Run sends the tasks and returns when nothing is in flight any more. If ctx
// is cancelled it drains: nothing more is started, what is in flight is
// finished. Its error is nil if all tasks were dealt with, the cause of ctx if
// it was cancelled, a *Stop if the run stopped by itself, and otherwise the
// failure that made it impossible to go on.
func (j *Job) Run(ctx context.Context) (Ended, error) {
	ctx, j.cancel = context.WithCancelCause(ctx)
	defer j.cancel(nil)
	j.turns = newTurns(j.Tasks)
	j.network.tries, j.network.waiting = j.Attempts, j.wait
	j.brake = newBrake(j.MaxFailures, j.Attempts)
	release := context.AfterFunc(ctx, j.turns.stop)
	defer release()

	var workers sync.WaitGroup
	for range max(1, j.Workers) {
		w := &worker{job: j, poster: j.Open(), confirmed: j.confirmed}
		workers.Go(func() { w.run(ctx) })
	}
	workers.Wait()
	j.ending.Wait()

	ended := Ended{Requests: int(j.requests.Load()), Untried: j.brake.untried, Unrecorded: j.lost}
	var stop *Stop
	switch cause := context.Cause(ctx); {
	case j.failed != nil && (j.failed == cause || !errors.As(j.failed, &stop)):
		return ended, j.failed
	case ctx.Err() != nil: // a reason to stop that came later is none
		return ended, cause
	}
	return ended, j.turns.err
}

// finish gives a task's turn on and tells everyone of its outcome, which is
// durable if ended is true.
func (j *Job) finish(t Task, o Outcome, ended bool) {
	if ended {
		j.mu.Lock()
		for _, s := range j.Sinks {
			s.Done(t, o)
		}
		stop := j.brake.watch(t, o)
		j.mu.Unlock()
		if stop != nil {
			j.fail(stop)
		}
	}
	j.turns.done(t, ended && o.Class == Confirmed)
}

// confirmed is told by the journal that a confirmation is durable, or that it
// is not.
func (j *Job) confirmed(t Task, o Outcome, err error) {
	defer j.ending.Done()
	if err != nil {
		j.lose(t, o, err)
	}
	j.finish(t, o, err == nil)
}

// fail stops the run: nothing more is started. The first cause counts, but one
// that is about the run itself, such as a full disk, before those that the
// outcomes gave.
func (j *Job) fail(cause error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var stop *Stop
	if j.failed == nil || errors.As(j.failed, &stop) && !errors.As(cause, &stop) {
		j.failed = cause
	}
	j.cancel(cause)
}

// lose keeps an outcome that the journal would not take, and stops the run.
func (j *Job) lose(t Task, o Outcome, err error) {
	j.mu.Lock()
	j.lost = append(j.lost, Unrecorded{t, o})
	j.mu.Unlock()
	j.fail(fmt.Errorf("writing to the journal: %w", err))
}

// refused is told that the API refused an update at the door, after so many
// tries, and how long it wants to be left alone. It reports whether the update
// may be tried again. known is the rest that was known when the request left:
// if there is another by now, the refusal is one of several for the same reason.
func (j *Job) refused(tries int, after time.Duration, known *rest) (again bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kind := plain
	if now := j.rest.Load(); after > 0 {
		if kind = askedBefore; now == known {
			kind = asked
		}
		until := time.Now().Add(min(after, retryAfterLimit))
		if kind == asked || until.After(now.until) {
			j.rest.Store(&rest{until})
		}
	}
	return j.brake.retry(tries, kind)
}

// permit waits until one more request may start. A permit that comes while the
// network is away or the API wants to be left alone is given up: whoever kept it
// would go at the end of that time together with all the others.
func (j *Job) permit(ctx context.Context) error {
	for {
		if err := j.network.wait(ctx); err != nil {
			return err
		}
		if err := j.slowDown(ctx); err != nil {
			return err
		}
		if err := j.Pace.Take(ctx); err != nil {
			return err
		}
		if j.rest.Load().left() <= 0 && !j.network.away() {
			return nil
		}
	}
}

// slowDown waits as long as the API asked for.
func (j *Job) slowDown(ctx context.Context) error {
	left := j.rest.Load().left()
	if left <= 0 {
		return nil
	}
	defer j.wait("the API, which asked to slow down")()
	return sleep(ctx, left)
}

// wait tells the sinks what the run waits for. The function that it gives tells
// them that it goes on, unless it waits for something else by then.
func (j *Job) wait(why string) (over func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tell(why)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.waiting == why {
			j.tell("")
		}
	}
}

// tell tells the sinks what the run waits for. The lock is held.
func (j *Job) tell(why string) {
	if why == j.waiting {
		return
	}
	j.waiting = why
	for _, s := range j.Sinks {
		s.Waiting(why)
	}
}

// ErrInterrupted is the usual cause of a cancelled run.
var ErrInterrupted = errors.New("interrupted")
