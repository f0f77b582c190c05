package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/api"
)

func runCommand(c *console) *cobra.Command {
	s := defaults()
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "check, then send what the journal does not already know, then report",
		Long: `run checks the manifest, then sends what the journal does not already know, at
the given pace, then writes the report. The same command again goes on where it
was: nothing is sent twice.

Exit status: 0 every row is confirmed or skipped, 3 some rows are rejected,
invalid or unsent, 4 some are unknown or unverified and a person must look,
1 refused to start or had to stop, 130 interrupted, 75 journal in use, 2 a
setting is wrong.`,
		Example: `  export BILLMARK_ACCOUNT=shop7 BILLMARK_KEY=...
  billmark run shipping.csv
  billmark run --rate 30/m --max-invalid 0 payments.csv`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.remember(cmd)
			if err := resolve(c, cmd); err != nil {
				return err
			}
			if s.dryRun {
				return check(c, s, args[0])
			}
			return post(c, s, args[0])
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	s.wireFlags(f)
	s.manifestFlags(f)
	s.outputFlags(f)
	s.commonFlags(f)
	s.tellFlags(f)
	f.BoolVar(&s.dryRun, "dry-run", false, "the same as billmark check")
	return cmd
}

// post is the whole of billmark run.
func post(c *console, s *settings, file string) error {
	d := newDesk(c, s)
	ctx, release := d.interruptible()
	defer release()
	tell, err := d.telling(file)
	if err != nil {
		return err
	}
	// Who is told may want the journal, so it is closed first.
	err = errors.Join(d.whole(ctx, file), d.close())
	d.tell(tell, file, err)
	return err
}

// whole checks, asks, sends and reports.
func (d *desk) whole(ctx context.Context, file string) error {
	if err := d.ready(file); err != nil {
		return err
	}
	seams.at("planned")
	if err := d.tooManyInvalid(); err != nil {
		return err
	}
	files, err := d.outputs(file)
	if err != nil {
		return err
	}
	if !d.s.json && !d.s.quiet {
		fmt.Fprint(d.c.err, folded(d.c.err, d.planText()))
	}
	if err := d.ask(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return batch.ErrInterrupted
	}
	seams.at("starting")
	return d.post(ctx, files)
}

// ready opens all that a run needs and reads the manifest.
func (d *desk) ready(file string) error {
	if err := d.address(); err != nil {
		return err
	}
	if err := d.wire(); err != nil {
		return err
	}
	if err := d.openJournal(true); err != nil {
		return err
	}
	return d.read(file)
}

// post sends what is to be sent, and reports, whatever came of it.
func (d *desk) post(ctx context.Context, files *outputs) error {
	d.started = time.Now() // whoever was asked took his time
	plan := d.decided.Plan()
	log, closeLog, err := d.log()
	if err != nil {
		return err
	}
	defer closeLog()
	run, err := d.record.StartRun(batch.Run{
		File: d.copy.name, Digest: d.copy.digest, Version: version(),
		Again: d.s.again, Started: d.started, Summary: batch.Summary{Rows: plan.Rows},
	})
	if err != nil {
		return unstarted(err)
	}
	seams.at("started")
	log.Info("run started", "run", run, "file", d.copy.name, "digest", fmt.Sprintf("%x", d.copy.digest),
		"account", d.s.account, "api", d.base.String(), "rows", plan.Rows, "to_send", plan.Sending())
	summary := batch.Summary{Run: run, Started: d.started}
	d.show = d.progress(run, plan.Sending())
	ended, failure := d.send(ctx, run, log)
	d.show.close()
	summary.Requests = ended.Requests
	var stop *batch.Stop
	if errors.As(failure, &stop) {
		d.toMend = stop.Reason == batch.StopAccount || stop.Reason == batch.StopTLS
		d.slowed = stop.Reason == batch.StopTooMany
	}
	d.tellEnded(ended)
	if failure != nil {
		failure = midway(failure)
		summary.Stopped = inWords(failure).message
	}
	if failure == nil && d.client.Astray() {
		failure = &told{
			code: exitStopped, message: "the server sent a reply that nobody had asked for, on a connection that carried several updates: from some update on their outcomes may be those of others",
			hint: "look at the orders of this run; with a --rate every update has a connection of its own",
		}
		summary.Stopped = inWords(failure).message
	}
	return d.finish(files, summary, failure, log)
}

// send runs the job. Nothing is opened if nothing is left to send.
func (d *desk) send(ctx context.Context, run int64, log *slog.Logger) (batch.Ended, error) {
	plan := d.decided.Plan()
	if plan.Sending() == 0 {
		return batch.Ended{}, nil
	}
	if d.c.oneProcessor {
		runtime.GOMAXPROCS(1)
		defer runtime.SetDefaultGOMAXPROCS()
	}
	job := batch.Job{
		Account: d.account, Tasks: d.decided.Tasks(), Journal: d.record, RunID: run,
		Open:     func() batch.Poster { return seams.poster(d.show.traffic.watch(d.client.Open())) },
		Function: api.Update, Form: api.AppendForm, Meaning: api.Judge,
		Pace: batch.NewPace(d.s.rate.limit), Workers: min(int(d.s.workers), plan.Sending()), Attempts: int(d.s.attempts),
		MaxFailures: d.s.maxFailures.of(plan.Sending()),
		Sinks:       []batch.Sink{d.show, logSink{log}},
	}
	d.sending.Store(true)
	defer d.sending.Store(false)
	return job.Run(ctx)
}

// finish decides anew with what the journal holds now, writes the report from
// that, and tells how it ended.
func (d *desk) finish(files *outputs, summary batch.Summary, failure error, log *slog.Logger) error {
	seams.at("drained")
	err := d.decideAfter()
	if err == nil {
		summary.Rows, summary.Counts = d.decided.Plan().Rows, d.decided.Plan().Counts
	}
	// The run ends in the journal first: reports tell of it, and one that is
	// written again later must not tell more.
	summary.Finished = time.Now()
	unfinished := d.record.FinishRun(summary.Run, summary)
	seams.at("finished")
	if err == nil {
		err = d.writeReports(files)
	}
	seams.at("reported")
	log.Info("run finished", "run", summary.Run, "requests", summary.Requests, "stopped", summary.Stopped)
	if err != nil {
		return reportless(failure, err, d.copy.name)
	}
	err = d.showSummary(summary, files)
	switch {
	case failure != nil:
		return failure
	case unfinished != nil:
		return &told{exitStopped, unfinished.Error(), "all outcomes are recorded and the report is written; only the history misses how this run ended", unfinished}
	case err != nil:
		return err
	}
	return verdict(summary.Counts)
}

// verdict turns the outcomes of all rows into an exit code.
func verdict(counts [len(batch.Classes)]int) error {
	switch {
	case counts[batch.Unknown]+counts[batch.Unverified] > 0:
		return finished(exitDoubts)
	case counts[batch.Rejected]+counts[batch.Invalid]+counts[batch.Unsent] > 0:
		return finished(exitFailures)
	}
	return nil
}

// tellEnded prints what the report does not tell of how a run ended: outcomes
// that only this process knows, since the journal could not take them, and that
// retries were spared.
func (d *desk) tellEnded(e batch.Ended) {
	text := ""
	if e.Untried > 0 && !d.slowed {
		text = fmt.Sprintf("billmark: %s got fewer tries than --attempts allows: the API asked too often to slow down\n", many(e.Untried, "update"))
	}
	for _, u := range e.Unrecorded {
		text += fmt.Sprintf("billmark: not surely in the journal: line %d, %s: %s (code %q); if it is missing there, it counts as unknown until settled\n",
			u.Task.Line, u.Task.Update, u.Outcome.Class, u.Outcome.Code)
	}
	if text != "" {
		d.c.mention(text, time.Second)
	}
}

// interject says something to somebody who has just pressed ^C.
func (d *desk) interject(text string) {
	if isTerminal(d.c.err) {
		text = "\n" + text
	}
	d.c.mention(text, time.Second/5)
}

// mention says something on standard error, which may be stuck: that holds up
// for no longer than a while what is to be done.
func (c *console) mention(text string, while time.Duration) {
	said := make(chan struct{})
	go func() {
		fmt.Fprint(c.err, text)
		close(said)
	}()
	select {
	case <-said:
	case <-time.After(while):
	}
}

// interruptible gives a context that the first interrupt cancels; the second
// ends the process, which the journal makes safe.
func (d *desk) interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case <-signals:
			}
			if !first {
				if d.sending.Load() {
					d.interject(d.language().say("billmark: left at once: what was in flight is unknown until settled; the same command goes on with the rest\n"))
				}
				d.c.leave(exitInterrupted)
				return
			}
			switch {
			case d.asking.Load():
				d.interject("") // the answer says the rest
			case d.sending.Load():
				d.interject(d.language().say("billmark: stopping: nothing more is started, what is in flight is finished; a second interrupt leaves at once, and leaves what is in flight unknown\n"))
			default:
				d.interject(d.language().say("billmark: stopping: nothing more is started, what is in flight is finished; a second interrupt leaves at once\n"))
			}
			cancel(batch.ErrInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
