package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/time/rate"

	"billmark/batch"
)

// progress shows how far a run is: one line on a terminal, elsewhere a line a
// minute, and for other programs a status file. It is a batch.Sink.
type progress struct {
	lang    language
	total   int
	out     io.Writer
	screen  *screen // nil if there is no terminal
	status  *statusFile
	traffic traffic
	stop    chan struct{}
	stopped sync.WaitGroup

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // draws into the air; we take its picture
	tempo  tempo
	done   int
	counts [len(batch.Classes)]int
	why    string    // in the engine's words; empty while it goes on
	last   time.Time // when something happened
	drawn  time.Time
}

// quietFor is how long nothing has to happen until the run says what it waits
// for.
const quietFor = 3 * time.Second

// progress begins to show the progress of a run that sends total updates.
func (d *desk) progress(run int64, total int) *progress {
	p := &progress{
		lang: d.language(), total: total, out: d.c.err, stop: make(chan struct{}), last: time.Now(),
		bar: progressbar.NewOptions(max(1, total), progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(barWidth),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "[", BarEnd: "]"})),
	}
	if limit := d.s.rate.limit; limit != rate.Inf {
		p.tempo.limit = float64(limit)
	}
	p.tempo.note(p.last, 0)
	p.bar.RenderBlank()
	if d.s.quiet {
		p.out = io.Discard
	} else if s, ok := d.c.err.(*screen); ok && s.terminal() {
		p.screen = s
	}
	if d.s.statusFile != "" {
		p.status = d.newStatus(run, total)
		p.status.write(p.snapshot())
	}
	if total > 0 && p.screen != nil {
		p.show()
	}
	p.stopped.Go(p.watch)
	return p
}

// Done implements batch.Sink.
func (p *progress) Done(_ batch.Task, o batch.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.done++
	p.counts[o.Class]++
	p.last = now
	p.tempo.note(now, p.done)
	if now.Sub(p.drawn) >= 100*time.Millisecond || p.done == p.total {
		p.draw(now)
	}
}

// Waiting implements batch.Sink.
func (p *progress) Waiting(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.why
	p.why, p.last = why, time.Now()
	if isNetwork(before) && why == "" {
		p.tempo.restart(p.last, p.done)
	}
	if p.screen == nil {
		// What comes and goes with single replies is told by the minute.
		switch {
		case isNetwork(why):
			fmt.Fprint(p.out, p.lang.sayf("billmark: waiting for %s\n", why))
		case why == "" && isNetwork(before):
			fmt.Fprint(p.out, p.lang.say("billmark: going on\n"))
		}
		return
	}
	p.draw(p.last)
}

// networkAway begins what the engine says of a network that is away; the cause
// follows.
const networkAway = "the network: "

func isNetwork(why string) bool { return strings.HasPrefix(why, networkAway) }

// watch shows what time alone changes, until close.
func (p *progress) watch() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for seconds := 1; ; seconds++ {
		select {
		case <-ticker.C:
		case <-p.stop:
			return
		}
		if p.status != nil {
			p.status.write(p.snapshot())
		}
		if p.screen != nil || seconds%60 == 0 {
			p.show()
		}
	}
}

// show draws the line, or writes it where there is no terminal.
func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.screen != nil {
		p.draw(now)
	} else {
		fmt.Fprintln(p.out, "billmark: "+joined(p.pieces(now), math.MaxInt, ", "))
	}
	p.drawn = now
}

// draw is called with the lock held.
func (p *progress) draw(now time.Time) {
	if p.screen == nil {
		return
	}
	p.drawn = now
	p.bar.Set(p.done) // its errors are about drawing: never fatal
	pieces := append([]piece{{strings.Trim(p.bar.String(), "\r "), dropBar}}, p.pieces(now)...)
	p.screen.draw(joined(pieces, p.screen.width()-1, "  "))
}

// waitingFor is what the run waits for, if it does. The lock is held.
func (p *progress) waitingFor(now time.Time) string {
	switch {
	case isNetwork(p.why):
		return waitNetwork
	case p.why != "":
		return waitAPI
	case p.done < p.total && now.Sub(p.last) >= quietFor:
		return p.traffic.waitingFor()
	}
	return ""
}

// close ends the display, whatever was reached.
func (p *progress) close() {
	close(p.stop)
	p.stopped.Wait()
	if p.status != nil {
		p.status.last = p.snapshot()
	}
	if p.screen != nil {
		p.show()
		p.screen.end()
	}
}
