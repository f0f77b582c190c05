package web

import (
	"sync"
	"time"

	"billmark/batch"
)

// How many of the last outcomes are shown, and of the last failures.
const (
	lastShown     = 12
	failuresShown = 50
)

// Phase is what a run does just now.
type Phase string

// The phases of a run. Idle is none.
const (
	Idle     Phase = ""
	Sending  Phase = "sending"
	Paused   Phase = "paused"
	Stopping Phase = "stopping"
)

// Live is the run that goes on, as all browsers see it. It is a batch.Sink and
// may be used by many goroutines at once.
type Live struct {
	mu      sync.Mutex
	now     view
	changed chan struct{} // closed at the next change
}

// view is all that is shown of a run.
type view struct {
	Revision int
	Upload   string
	Phase    Phase
	Total    int
	Done     int
	Counts   [len(batch.Classes)]int
	Waiting  string
	Last     []Happened // newest first
	Failures []Happened // newest first

	started time.Time     // of the current stretch of sending
	spent   time.Duration // in the stretches before
}

// Happened is one outcome.
type Happened struct {
	Task    batch.Task
	Outcome batch.Outcome
}

// NewLive shows nothing yet.
func NewLive() *Live { return &Live{changed: make(chan struct{})} }

// change applies f and wakes all who watch.
func (l *Live) change(f func(*view)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.now)
	l.now.Revision++
	close(l.changed)
	l.changed = make(chan struct{})
}

// Begin says that a run over an upload begins to send so many updates.
func (l *Live) Begin(upload string, total int) {
	l.change(func(v *view) {
		*v = view{Revision: v.Revision, Upload: upload, Phase: Sending, Total: total, started: time.Now()}
	})
}

// Enter says what the run does from now on; it changes nothing if none goes on.
func (l *Live) Enter(p Phase) {
	l.change(func(v *view) {
		if v.Phase == Idle || v.Phase == Stopping && p != Idle {
			return
		}
		if v.Phase == Sending {
			v.spent += time.Since(v.started)
		}
		if p == Sending {
			v.started = time.Now()
		}
		v.Phase = p
	})
}

// Touch wakes all who watch: something else than the run has changed.
func (l *Live) Touch() { l.change(func(*view) {}) }

// Done implements batch.Sink.
func (l *Live) Done(t batch.Task, o batch.Outcome) {
	l.change(func(v *view) {
		v.Done++
		v.Counts[o.Class]++
		v.Last = pushed(v.Last, Happened{t, o}, lastShown)
		if o.Class != batch.Confirmed {
			v.Failures = pushed(v.Failures, Happened{t, o}, failuresShown)
		}
	})
}

// Waiting implements batch.Sink.
func (l *Live) Waiting(why string) { l.change(func(v *view) { v.Waiting = why }) }

// pushed puts h in front. The list is a new one: watchers read the old.
func pushed(list []Happened, h Happened, most int) []Happened {
	n := append(make([]Happened, 0, most), h)
	return append(n, list[:min(len(list), most-1)]...)
}

// look gives what is shown now, and a channel that is closed when it changes.
func (l *Live) look() (view, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now, l.changed
}

// pace is how many updates a second were done while sending; 0 if unknown.
func (v *view) pace() float64 {
	spent := v.spent
	if v.Phase == Sending {
		spent += time.Since(v.started)
	}
	if v.Done == 0 || spent <= 0 {
		return 0
	}
	return float64(v.Done) / spent.Seconds()
}

// left is how long the rest takes at the pace so far; 0 if unknown.
func (v *view) left() time.Duration {
	p := v.pace()
	if p == 0 {
		return 0
	}
	return time.Duration(float64(v.Total-v.Done) / p * float64(time.Second))
}
