package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"billmark/batch"
	"billmark/report"
)

// piece is a part of the progress line. Where the line is too narrow, the
// pieces with the highest drop go first.
type piece struct {
	text string
	drop int
}

const (
	keep = iota
	dropWaiting
	dropFailures
	dropLeft
	dropConfirmed
	dropPace
	dropBar
	dropCause
)

const barWidth = 20

// pieces says how far the run is. The lock is held.
func (p *progress) pieces(now time.Time) []piece {
	l := p.lang
	count := l.sayf("%d of %d updates", p.done, p.total)
	if p.screen != nil { // where every column counts
		count = l.sayf("%d of %d", p.done, p.total)
	}
	list := []piece{{count, keep}}
	for _, class := range batch.Classes {
		switch n := p.counts[class]; {
		case class == batch.Confirmed:
			list = append(list, piece{fmt.Sprintf("%d %s", n, l.class(class)), dropConfirmed})
		case n > 0:
			list = append(list, piece{fmt.Sprintf("%d %s", n, l.class(class)), dropFailures})
		}
	}
	waiting := p.waitingFor(now)
	if rate := p.tempo.rate(now, p.done); rate > 0 && p.done > 1 {
		list = append(list, piece{l.pace(rate), dropPace})
	}
	if left, ok := p.tempo.left(now, p.done, p.total); ok && p.done < p.total && waiting != waitNetwork && waiting != waitAPI {
		list = append(list, piece{l.sayf("%s left", l.duration(left)), dropLeft})
	}
	list = append(list, piece{l.waiting(waiting), dropWaiting})
	if cause := strings.TrimPrefix(p.why, networkAway); p.screen != nil && cause != p.why {
		list = append(list, piece{"(" + report.Clean(cause) + ")", dropCause})
	}
	return list
}

// waiting says what the run waits for.
func (l language) waiting(what string) string {
	switch what {
	case waitPace:
		return l.say("waiting for its turn")
	case waitRetry:
		return l.say("waiting to try again")
	case waitNetwork:
		return l.say("waiting for the network")
	case waitReply:
		return l.say("waiting for the reply")
	case waitAPI:
		return l.say("waiting: the API asks for a rest")
	}
	return ""
}

// pace gives a pace in the unit in which it is a handy number.
func (l language) pace(perSecond float64) string {
	switch {
	case perSecond >= 9.95:
		return fmt.Sprintf("%.0f%s", perSecond, l.say("/s"))
	case perSecond >= 0.5:
		return fmt.Sprintf("%.1f%s", perSecond, l.say("/s"))
	case perSecond*60 >= 0.95:
		return fmt.Sprintf("%.0f%s", perSecond*60, l.say("/min"))
	}
	return fmt.Sprintf("%.0f%s", perSecond*3600, l.say("/h"))
}

// joined puts pieces together, as many as there is room for.
func joined(pieces []piece, room int, between string) string {
	for worst := dropCause; worst > keep; worst-- {
		text := join(pieces, worst, between)
		if utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	return join(pieces, keep, between)
}

// join leaves out the pieces that are to be dropped above a limit.
func join(pieces []piece, limit int, between string) string {
	var parts []string
	for _, p := range pieces {
		if p.drop <= limit && p.text != "" {
			parts = append(parts, p.text)
		}
	}
	return strings.Join(parts, between)
}
