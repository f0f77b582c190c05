package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"billmark/batch"
	"billmark/batch/api"
)

// sendAgain sends doubtful sent updates once more: the service overwrites the
// delivery, so twice comes to the same as once.
func (x *settling) sendAgain(ctx context.Context, list []batch.Record) error {
	if len(list) == 0 {
		return nil
	}
	x.c.mention(fmt.Sprintf("billmark: warning: %s will be sent once more; what somebody changed by hand since is overwritten\n", many(len(list), "update")), time.Second)
	if err := x.askTo(ctx, fmt.Sprintf("Send %s again?", many(len(list), "update"))); err != nil {
		return err
	}
	run, err := x.journal.StartRun(batch.Run{
		File: "billmark settle --resend", Version: version(), Again: "resend",
		Started: x.started, Summary: batch.Summary{Rows: len(list)},
	})
	if err != nil {
		return err
	}
	queue, sink := resends{}, &outcomes{}
	for i, r := range list {
		queue = append(queue, batch.Task{Update: r.Update, Row: i + 1, Line: r.Line, Again: true})
	}
	p := x.progress(run, len(list))
	job := batch.Job{
		Account: x.account, Tasks: &queue, Journal: x.journal, RunID: run,
		Open:     func() batch.Poster { return p.traffic.watch(x.client.Open()) },
		Function: api.Update, Form: api.AppendForm, Meaning: api.Judge, Pace: batch.NewPace(x.s.rate.limit),
		Workers: min(int(x.s.workers), len(list)), Attempts: int(x.s.attempts), MaxFailures: max(20, len(list)/10), Sinks: []batch.Sink{sink, p},
	}
	x.sending.Store(true)
	ended, failure := job.Run(ctx)
	x.sending.Store(false)
	p.close()
	x.tellEnded(ended)
	summary := batch.Summary{Rows: len(list), Requests: ended.Requests, Finished: time.Now()}
	for _, r := range list {
		o, ok := sink.byUpdate[r.Update]
		if !ok || o.Class == batch.Unsent { // it is what it was before
			o.Class = r.Outcome.Class
			x.leave(r, "not sent again")
		} else if o.Class == batch.Confirmed || o.Class == batch.Rejected {
			x.done = append(x.done, settled{r, o.Class, "sent again"})
		} else {
			x.left = append(x.left, settled{r, o.Class, "sent again"})
		}
		summary.Counts[o.Class]++
	}
	var stop *batch.Stop
	if errors.As(failure, &stop) {
		stop.Line = 0 // it is one of an earlier manifest, and the update is in doubt still, not unsent
	}
	if failure != nil {
		summary.Stopped = inWords(failure).message
	}
	return errors.Join(failure, x.journal.FinishRun(run, summary))
}

// resends is a batch.Queue of updates to be sent again.
type resends []batch.Task

// Next implements batch.Queue.
func (q *resends) Next() (batch.Task, error) {
	if len(*q) == 0 {
		return batch.Task{}, io.EOF
	}
	t := (*q)[0]
	*q = (*q)[1:]
	return t, nil
}

// outcomes is a batch.Sink that keeps what it is told.
type outcomes struct {
	byUpdate map[batch.Update]batch.Outcome
}

// Done implements batch.Sink.
func (o *outcomes) Done(t batch.Task, outcome batch.Outcome) {
	if o.byUpdate == nil {
		o.byUpdate = map[batch.Update]batch.Outcome{}
	}
	o.byUpdate[t.Update] = outcome
}

// Waiting implements batch.Sink.
func (o *outcomes) Waiting(string) {}
