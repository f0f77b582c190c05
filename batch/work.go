package batch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v7"
)

// retryAfterLimit bounds how long a reply can make us wait.
const retryAfterLimit = 5 * time.Minute

// worker sends one task after another over a connection of its own.
type worker struct {
	job    *Job
	poster Poster
	body   []byte // of the request, reused
	// confirmed is the job's method, taken once: it is needed for every row.
	confirmed func(Task, Outcome, error)
	// exchange is the run's context without its end: a request that was begun
	// is finished whatever happens to the run, and has a time limit of its own.
	exchange context.Context
}

// run works until there is nothing more to start.
func (w *worker) run(ctx context.Context) {
	defer w.poster.Close()
	w.exchange = context.WithoutCancel(ctx)
	for {
		task, ok := w.job.turns.next()
		if !ok {
			return
		}
		if o, is := w.task(ctx, task); is != ending {
			w.job.finish(task, o, is == ended)
		}
	}
}

// stage says how far the outcome of a task has come.
type stage uint8

const (
	notEnded stage = iota // it is not in the journal; the task was not reached
	ended                 // it is durable
	ending                // the journal has it, and will tell the job
)

// task tries a task until it has an outcome that another try cannot better.
//
// A panic while a task is in work leaves it as it is in the journal: begun,
// so unknown, if a request had started. The run stops.
func (w *worker) task(ctx context.Context, task Task) (o Outcome, is stage) {
	defer func() {
		if p := recover(); p != nil {
			w.job.fail(fmt.Errorf("sending %s (line %d): internal error: %v", task.Update, task.Line, p))
			o, is = Outcome{Class: Unknown, Reason: ReasonKilled}, notEnded
		}
	}()
	j := w.job
	var waits *backoff.ExponentialBackOff
	refused := 0
	o, is = notReached, notEnded
	for j.permit(ctx) == nil {
		var after time.Duration
		err := w.poster.Connect(ctx)
		known := j.rest.Load()
		switch {
		case err != nil:
			o, is = w.unconnected(task, err)
		case known.left() > 0: // asked for meanwhile
			continue
		default:
			o, after, is = w.try(ctx, task)
		}
		switch {
		case o.Class != Unsent || ctx.Err() != nil:
			return o, is
		case o.Reason == ReasonConnect || is == notEnded:
			var stop *Stop
			if errors.As(j.network.lost(ctx, w.poster, errors.New(o.Text)), &stop) {
				return o, w.endUnsent(task, o, stop)
			}
		case o.Reason == ReasonTooMany:
			if refused++; !j.refused(refused, after, known) {
				return o, is
			}
			if waits == nil { // as good as never
				waits = retryWaits()
			}
			if sleep(ctx, waits.NextBackOff()) != nil {
				return o, is
			}
		default:
			return o, is
		}
	}
	return o, is
}

// notReached is the outcome of a task whose run ended before its turn.
var notReached = Outcome{Class: Unsent, Reason: ReasonNotReached}

// try makes one try, for which a connection stands. The order is the promise:
// intent durable, one exchange, outcome durable. Whoever dies between intent and
// outcome leaves an unknown update, and no other.
//
// Nothing depends on a confirmation but the next update of the same bill, so
// nobody waits for its flush: it shares that of the worker's next intent. All
// other outcomes may be a reason to stop, and are waited for.
func (w *worker) try(ctx context.Context, task Task) (o Outcome, after time.Duration, is stage) {
	j := w.job
	if ctx.Err() != nil {
		return notReached, 0, notEnded
	}
	if err := j.Journal.Begin(j.RunID, task); err != nil {
		j.fail(fmt.Errorf("writing to the journal: %w", err))
		return notReached, 0, notEnded
	}
	j.requests.Add(1)
	w.body = j.Account.AppendHash(j.Form(w.body[:0], task.Update), 0)
	j.Pace.Pass()
	answer, err := w.poster.Post(w.exchange, j.Function, w.body)
	var pe *PostError
	if errors.As(err, &pe) && pe.Unsent() {
		j.requests.Add(-1) // it was not started after all
	} else {
		j.network.there(err == nil)
	}
	o, stop := j.judge(answer, err)
	o.Finished = time.Now()
	if o.Class == Confirmed {
		j.ending.Add(1)
		j.Journal.EndThen(j.RunID, task, o, w.confirmed)
		return o, 0, ending
	}
	if err := j.Journal.End(j.RunID, task, o); err != nil {
		j.lose(task, o, err)
		return o, 0, notEnded
	}
	if stop != nil {
		stop.Line = task.Line
		j.fail(stop)
	}
	return o, answer.RetryAfter, ended
}

// unconnected is the outcome of a task for which no connection could be made:
// whatever the error says, surely nothing left.
func (w *worker) unconnected(task Task, err error) (Outcome, stage) {
	o, stop := judgeError(err)
	o.Class, o.Finished = Unsent, time.Now()
	if stop == nil {
		return o, notEnded
	}
	return o, w.endUnsent(task, o, stop)
}

// endUnsent makes it durable that a task was left unsent, and stops the run.
func (w *worker) endUnsent(task Task, o Outcome, stop *Stop) stage {
	j := w.job
	if err := j.Journal.End(j.RunID, task, o); err != nil {
		j.fail(fmt.Errorf("writing to the journal: %w", err))
		return notEnded
	}
	stop.Line = task.Line
	j.fail(stop)
	return ended
}
