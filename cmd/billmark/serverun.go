package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/cmd/billmark/web"
)

// Start implements web.Bench. Everything that can refuse a run does so before
// it returns; what is sent is sent in the background.
func (b *bench) Start(id string, count int) error {
	return b.at(func() error {
		if b.inWork() != "" {
			return errBusy
		}
		if b.ctx.Err() != nil {
			return &web.Trouble{Message: "billmark is ending; nothing was started"}
		}
		n, err := b.store.note(id)
		if err != nil {
			return err
		}
		d := newDesk(b.c, b.settingsFor(n.Choices))
		run, err := b.prepare(d, id, n, count)
		if err != nil {
			return errors.Join(err, d.close())
		}
		ctx, stop := context.WithCancelCause(b.ctx)
		g := newGate()
		b.begun(id, d.journal, g, stop)
		b.live.Begin(id, count)
		b.runs.Go(func() {
			defer stop(nil)
			b.send(ctx, d, id, n, run, g)
		})
		return nil
	})
}

// prepare opens all that a run needs, and notes it in the journal and beside
// the upload before anything is sent.
func (b *bench) prepare(d *desk, id string, n *note, count int) (run int64, err error) {
	for _, step := range []func() error{
		d.address, d.wire, func() error { return d.openJournal(true) },
		func() error { return b.read(d, id, n, nil) }, d.tooManyInvalid,
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	plan := d.decided.Plan()
	if plan.Sending() != count {
		return 0, &web.Trouble{
			Message: fmt.Sprintf("the plan has changed: there are %s to send now, not %d; nothing was started", many(plan.Sending(), "update"), count),
			Hint:    "look at the plan again",
		}
	}
	run, err = d.journal.StartRun(batch.Run{
		File: n.Name, Digest: d.copy.digest, Version: version(), Again: d.s.again, Started: d.started,
		Summary: batch.Summary{Rows: plan.Rows},
	})
	if err != nil {
		return 0, err
	}
	n.Run, n.Begun, n.Finished, n.Stopped, n.Settled = run, d.started, time.Time{}, "", false
	return run, b.store.write(id, n)
}

// send runs the job to its end, whatever that is, and notes how it ended.
func (b *bench) send(ctx context.Context, d *desk, id string, n *note, run int64, g *gate) {
	ended, failure := b.job(ctx, d, run, g)
	d.tellEnded(ended)
	summary := batch.Summary{Run: run, Started: d.started, Requests: ended.Requests}
	if failure != nil {
		summary.Stopped = inWords(failure).message
	}
	err := d.decideAfter()
	if err == nil {
		p := d.decided.Plan()
		summary.Rows, summary.Counts = p.Rows, p.Counts
		n.Settled = p.Counts[batch.Unknown]+p.Counts[batch.Unverified] == 0
	}
	summary.Finished = time.Now()
	err = errors.Join(err, d.journal.FinishRun(run, summary))
	b.begun(id, nil, nil, nil) // nobody may ask the journal any more
	err = errors.Join(err, d.close())
	n.Finished, n.Stopped = summary.Finished, summary.Stopped
	if err = errors.Join(err, b.store.write(id, n)); err != nil {
		fmt.Fprintf(b.c.err, "billmark: error: run %d: %v\n", run, err)
	}
	b.begun("", nil, nil, nil)
	b.live.Enter(web.Idle)
}

// job sends what is to be sent. The gate stands before each connection, which
// is before anything is noted as begun.
func (b *bench) job(ctx context.Context, d *desk, run int64, gate *gate) (batch.Ended, error) {
	plan := d.decided.Plan()
	if plan.Sending() == 0 {
		return batch.Ended{}, nil
	}
	log, closeLog, err := d.log()
	if err != nil {
		return batch.Ended{}, err
	}
	defer closeLog()
	pace := batch.NewPace(d.s.rate.limit)
	job := batch.Job{
		Account: d.account, Tasks: d.decided.Tasks(), Journal: d.journal, RunID: run,
		Open:     func() batch.Poster { return &gated{d.client.Open(), gate, pace} },
		Function: api.Update, Form: api.AppendForm, Meaning: api.Judge, Pace: pace,
		Workers: min(int(d.s.workers), plan.Sending()), Attempts: int(d.s.attempts),
		MaxFailures: d.s.maxFailures.of(plan.Sending()), Sinks: []batch.Sink{b.live, logSink{log}},
	}
	return job.Run(ctx)
}

// Pause implements web.Bench.
func (b *bench) Pause() { b.turn(web.Paused) }

// Resume implements web.Bench.
func (b *bench) Resume() { b.turn(web.Sending) }

func (b *bench) turn(p web.Phase) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate == nil || b.gate.ended {
		return
	}
	b.gate.set(p == web.Paused)
	b.live.Enter(p)
}

// Stop implements web.Bench: nothing more is started, what is in flight is
// finished. It reports whether something went on.
func (b *bench) Stop() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop == nil {
		return false
	}
	if b.gate != nil {
		b.gate.ended = true
		b.live.Enter(web.Stopping)
	}
	b.stop(batch.ErrInterrupted)
	return true
}

// gate lets a run pause. It may be used by many goroutines at once.
type gate struct {
	mu    sync.Mutex
	open  chan struct{} // closed unless paused
	ended bool          // stopped for good; guarded by the bench's mu
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) set(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		if closed {
			g.open = make(chan struct{})
		}
	default:
		if !closed {
			close(g.open)
		}
	}
}

// pass waits until the gate is open; waited tells whether it had to.
func (g *gate) pass(ctx context.Context) (waited bool, err error) {
	for {
		g.mu.Lock()
		open := g.open
		g.mu.Unlock()
		select {
		case <-open:
			return waited, nil
		default:
		}
		waited = true
		select {
		case <-open:
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
}

// gated is a batch.Poster that stands still while the gate is closed.
type gated struct {
	batch.Poster
	gate *gate
	pace *batch.Pace
}

// Connect implements batch.Poster. Whoever had to wait has spent his permit
// long ago and takes another: else all would go at once when the gate opens.
func (g *gated) Connect(ctx context.Context) error {
	for {
		waited, err := g.gate.pass(ctx)
		if err == nil && !waited {
			return g.Poster.Connect(ctx)
		}
		if err == nil {
			err = g.pace.Take(ctx)
		}
		if err != nil {
			return &batch.PostError{Reason: batch.ReasonStopped, Err: err}
		}
	}
}
