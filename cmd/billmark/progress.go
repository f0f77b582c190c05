package main

import (
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
// minute, and for other programs a status file. It is a batch.Sink. What it is
// told it only notes; one goroutine writes, which may get stuck and hold nobody
// up.
type progress struct {
	lang    language
	total   int
	out     io.Writer
	screen  *screen // nil if there is no terminal
	status  *statusFile
	traffic traffic
	wake    chan struct{} // there is something new to be shown
	stop    chan struct{}
	stopped chan struct{}

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // draws into the air; we take its picture
	tempo  tempo
	done   int
	counts [len(batch.Classes)]int
	slow   bool      // an update was left unsent as the API asked to slow down
	why    string    // in the engine's words; empty while it goes on
	since  time.Time // when it began to wait, or went on
	told   bool      // that the network is away
	last   time.Time // when something happened
	drawn  time.Time
}

// quietFor is how long nothing has to happen until the run says what it waits
// for.
const quietFor = 3 * time.Second

// progress begins to show the progress of a run that sends total updates.
func (d *desk) progress(run int64, total int) *progress {
	p := &progress{
		lang: d.language(), total: total, out: d.c.err, wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}), last: time.Now(),
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
		p.stir()
	}
	go p.watch()
	return p
}

// Done implements batch.Sink.
func (p *progress) Done(_ batch.Task, o batch.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.done++
	p.counts[o.Class]++
	p.slow = p.slow || o.Reason == batch.ReasonTooMany
	p.last = now
	p.tempo.note(now, p.done)
	if p.screen != nil && (now.Sub(p.drawn) >= 100*time.Millisecond || p.done == p.total) {
		p.stir()
	}
}

// Waiting implements batch.Sink.
func (p *progress) Waiting(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if isNetwork(p.why) && why == "" {
		p.tempo.restart(time.Now(), p.done)
	}
	p.why, p.last = why, time.Now()
	p.since = p.last
	p.stir() // where there is no terminal, going on is told at once
}

// wasRefused reports whether an update was left unsent as the API asked to slow
// down.
func (p *progress) wasRefused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow
}

// stir has what is new shown.
func (p *progress) stir() {
	select {
	case p.wake <- struct{}{}:
	default: // it will be
	}
}

// networkAway begins what the engine says of a network that is away; the cause
// follows.
const networkAway = "the network: "

func isNetwork(why string) bool { return strings.HasPrefix(why, networkAway) }

// watch shows what is new, and what time alone changes, until close.
func (p *progress) watch() {
	defer close(p.stopped)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for seconds := 1; ; {
		select {
		case <-p.wake:
			p.show(false)
		case <-ticker.C:
			if p.status != nil {
				p.status.write(p.snapshot())
			}
			p.show(seconds%60 == 0)
			seconds++
		case <-p.stop:
			if p.show(false); p.screen != nil {
				p.screen.end()
			}
			return
		}
	}
}

// show draws the line. Where there is no terminal it writes what there is to be
// told, and the line if it is due.
func (p *progress) show(due bool) {
	if p.screen != nil {
		p.screen.draw(p.picture())
	} else if text := p.news(due); text != "" {
		io.WriteString(p.out, text)
	}
}

// picture is the line as it is drawn.
func (p *progress) picture() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drawn = time.Now()
	p.bar.Set(p.done) // its errors are about drawing: never fatal
	pieces := append([]piece{{strings.Trim(p.bar.String(), "\r "), dropBar}}, p.pieces(p.drawn)...)
	return joined(pieces, p.screen.width()-1, "  ")
}

// tellAfter is how long the network has to be away until that is told where there
// is no terminal. What comes and goes is told by the minute.
const tellAfter = time.Second

// news is what there is to be told where there is no terminal.
func (p *progress) news(due bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, now := "", time.Now()
	away := isNetwork(p.why)
	switch {
	case away && !p.told && now.Sub(p.since) >= tellAfter:
		p.told = true
		text = p.lang.sayf("billmark: waiting for %s\n", p.why)
	case p.told && p.why == "":
		p.told = false
		text = p.lang.say("billmark: going on\n")
	}
	if due {
		text += "billmark: " + joined(p.pieces(now), math.MaxInt, ", ") + "\n"
	}
	return text
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

// close ends the display, whatever was reached; if what it is written to is stuck
// it is left there.
func (p *progress) close() {
	close(p.stop)
	select {
	case <-p.stopped:
	case <-time.After(time.Second):
	}
	if p.status != nil {
		p.status.keep(p.snapshot())
	}
}
