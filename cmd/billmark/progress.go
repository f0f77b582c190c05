package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"billmark/batch"
)

// progress shows how far a run is: a bar on a terminal, elsewhere a line a
// minute. It is a batch.Sink.
type progress struct {
	total   int
	out     io.Writer
	started time.Time
	stop    chan struct{}
	stopped sync.WaitGroup

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // nil if there is no terminal
	done   int
	counts [len(batch.Classes)]int
	why    string
}

// progress begins to show progress on standard error.
func (d *desk) progress(total int) *progress {
	p := &progress{total: total, out: d.c.err, started: time.Now(), stop: make(chan struct{})}
	if d.s.quiet {
		p.out = io.Discard
	}
	if !d.s.quiet && isTerminal(d.c.err) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.out), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("updates"),
			progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetDescription("sending"), progressbar.OptionSetElapsedTime(false))
	} else {
		p.stopped.Go(p.everyMinute)
	}
	return p
}

// Done implements batch.Sink.
func (p *progress) Done(_ batch.Task, o batch.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.counts[o.Class]++
	if p.bar != nil {
		p.bar.Add(1) // its errors are about drawing: never fatal
	}
}

// Waiting implements batch.Sink.
func (p *progress) Waiting(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.why = why
	if p.bar == nil {
		if why != "" {
			fmt.Fprintf(p.out, "billmark: waiting for %s\n", why)
		} else {
			fmt.Fprintln(p.out, "billmark: going on")
		}
		return
	}
	description := "sending"
	if why != "" {
		description = "waiting for " + why
	}
	p.bar.Describe(description)
}

// everyMinute writes a line a minute until close.
func (p *progress) everyMinute() {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.line()
		case <-p.stop:
			return
		}
	}
}

func (p *progress) line() {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.started)
	text := fmt.Sprintf("billmark: %d of %d updates done (%d confirmed)", p.done, p.total, p.counts[batch.Confirmed])
	if p.done > 0 {
		left := time.Duration(float64(elapsed) / float64(p.done) * float64(p.total-p.done))
		text += fmt.Sprintf(", %.2g/s, about %s left", float64(p.done)/elapsed.Seconds(), duration(left))
	}
	if p.why != "" {
		text += "; waiting for " + p.why
	}
	fmt.Fprintln(p.out, text)
}

// close ends the display, whatever was reached.
func (p *progress) close() {
	close(p.stop)
	p.stopped.Wait()
	if p.bar != nil {
		p.bar.Exit()
		fmt.Fprintln(p.out)
	}
}
