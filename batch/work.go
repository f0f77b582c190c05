package batch

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// retryAfterLimit bounds how long a reply can make us wait.
const retryAfterLimit = 5 * time.Minute

// worker sends one task after another over a connection of its own.
type worker struct {
	job    *Job
	poster Poster
	body   []byte // of the request, reused
}

// run works until there is nothing more to start.
func (w *worker) run(ctx context.Context) {
	defer w.poster.Close()
	for {
		task, ok := w.job.turns.next()
		if !ok {
			return
		}
		o, ended := w.task(ctx, task)
		w.job.finish(task, o, ended)
	}
}

// task tries a task until it has an outcome that another try cannot better.
// ended tells whether that outcome is in the journal; if not, the task was
// not reached.
//
// A panic while a task is in work leaves it as it is in the journal: begun,
// so unknown, if a request had started. The run stops.
func (w *worker) task(ctx context.Context, task Task) (o Outcome, ended bool) {
	defer func() {
		if p := recover(); p != nil {
			w.job.fail(fmt.Errorf("sending %s (line %d): internal error: %v", task.Update, task.Line, p))
			o, ended = Outcome{Class: Unknown, Reason: ReasonKilled}, false
		}
	}()
	waits := retryWaits()
	for try := 1; ; try++ {
		if w.job.network.wait(ctx) != nil || w.job.slowDown(ctx) != nil || w.job.Pace.Take(ctx) != nil {
			return notReached, false
		}
		var after time.Duration
		o, after, ended = w.try(ctx, task, try)
		if o.Class != Unsent || !retryable(o.Reason) || try >= w.job.Attempts || ctx.Err() != nil {
			return o, ended
		}
		w.job.holdBack(o, after)
		if sleep(ctx, waits.NextBackOff()) != nil {
			return o, ended
		}
	}
}

// notReached is the outcome of a task whose run ended before its turn.
var notReached = Outcome{Class: Unsent, Reason: ReasonNotReached}

func retryable(r Reason) bool { return r == ReasonConnect || r == ReasonTooMany }

// try makes one try. The order is the promise: connect (nothing can have left
// if that fails), intent durable, one exchange, outcome durable. Whoever dies
// between intent and outcome leaves an unknown update, and no other.
func (w *worker) try(ctx context.Context, task Task, n int) (o Outcome, after time.Duration, ended bool) {
	j := w.job
	if err := w.poster.Connect(ctx); err != nil {
		return w.unconnected(ctx, task, n, err)
	}
	j.network.there()
	if ctx.Err() != nil {
		return notReached, 0, false
	}
	if err := j.Journal.Begin(j.RunID, task); err != nil {
		j.fail(fmt.Errorf("writing to the journal: %w", err))
		return notReached, 0, false
	}
	j.requests.Add(1)
	w.body = j.Account.Sign(w.body[:0], j.Form(task.Update))
	// A request that was begun is finished whatever happens to the run: the
	// exchange has a time limit of its own.
	answer, err := w.poster.Post(context.WithoutCancel(ctx), j.Function, w.body)
	o, stop := j.judge(answer, err)
	o.Finished = time.Now()
	if err := j.Journal.End(j.RunID, task, o); err != nil {
		j.lose(task, o)
		j.fail(fmt.Errorf("writing to the journal: %w", err))
		return o, 0, false
	}
	if stop != nil {
		stop.Line = task.Line
		j.fail(stop)
	}
	return o, answer.RetryAfter, true
}

// unconnected deals with a connection that could not be made: surely nothing
// left, whatever the error says.
func (w *worker) unconnected(ctx context.Context, task Task, n int, err error) (Outcome, time.Duration, bool) {
	j := w.job
	o, stop := judgeError(err)
	o.Class, o.Finished = Unsent, time.Now()
	if stop == nil {
		err = j.network.lost(ctx, w.poster, err, n >= j.Attempts)
		if err != nil && !errors.As(err, &stop) {
			return notReached, 0, false
		}
		if stop == nil && n < j.Attempts {
			return o, 0, false
		}
	}
	if err := j.Journal.End(j.RunID, task, o); err != nil {
		j.fail(fmt.Errorf("writing to the journal: %w", err))
		return o, 0, false
	}
	if stop != nil {
		stop.Line = task.Line
		j.fail(stop)
	}
	return o, 0, true
}
