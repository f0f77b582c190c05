package main

import "time"

// tempo measures how fast a run goes now: over the last minute, or the last
// sixty updates if they took longer. In a stall it sinks by itself.
type tempo struct {
	limit   float64 // updates a second that the pace allows; 0 is no limit
	samples []sample
}

// sample is how much was done by a moment.
type sample struct {
	at   time.Time
	done int
}

const (
	keptSamples = 60
	fewUpdates  = 10 // until then the pace is the better guess
)

// note tells how much is done. Samples are a second apart at least.
func (t *tempo) note(now time.Time, done int) {
	if n := len(t.samples); n > 0 && now.Sub(t.samples[n-1].at) < time.Second {
		return
	}
	if t.samples = append(t.samples, sample{now, done}); len(t.samples) > keptSamples {
		t.samples = t.samples[1:]
	}
}

// restart forgets a time in which nothing could be done.
func (t *tempo) restart(now time.Time, done int) {
	t.samples = nil
	t.note(now, done)
}

// rate is in updates a second, and no more than the pace allows; 0 if it is not
// known yet.
func (t *tempo) rate(now time.Time, done int) float64 {
	if len(t.samples) == 0 {
		return 0
	}
	first := t.samples[0]
	took := now.Sub(first.at).Seconds()
	if took <= 0 {
		return 0
	}
	rate := float64(done-first.done) / took
	if t.limit > 0 { // outcomes can come in bunches; requests do not leave so
		rate = min(rate, t.limit)
	}
	return rate
}

// left is how long what remains will take; ok is false if nobody can say.
func (t *tempo) left(now time.Time, done, total int) (left time.Duration, ok bool) {
	rate := t.rate(now, done)
	if done < min(fewUpdates, total) && t.limit > 0 {
		rate = t.limit
	}
	if rate <= 0 {
		return 0, done >= total
	}
	seconds := float64(total-done) / rate
	if seconds > 365*24*3600 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
