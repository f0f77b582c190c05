package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"billmark/batch"
)

// Languages lists those the page speaks.
var Languages = [...]string{"en", "ru"}

// words is a text in all Languages, in their order.
type words [len(Languages)]string

// lang is the place of a language in words.
type lang int

// languageOf reads a language's name; it is English if there is no such one.
func languageOf(name string) lang {
	for i, l := range Languages {
		if l == name {
			return lang(i)
		}
	}
	return 0
}

func (l lang) String() string { return Languages[l] }

// say gives a text by its key. A key without a text is a mistake of ours: it
// shows as it is, and a test finds it.
func (l lang) say(key string, args ...any) string {
	w, ok := dictionary[key]
	if !ok {
		return "?" + key
	}
	if len(args) == 0 {
		return w[l]
	}
	return fmt.Sprintf(w[l], args...)
}

// number writes a count with its thousands apart.
func (l lang) number(n int) string {
	s := strconv.Itoa(n)
	apart := map[lang]string{0: ",", 1: "\u00a0"}[l]
	var b strings.Builder
	for i, digit := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(apart)
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// span is a time as people say it.
func (l lang) span(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return l.say("seconds", int(d.Round(time.Second)/time.Second))
	case d < 2*time.Hour:
		return l.say("minutes", int(d.Round(time.Minute)/time.Minute))
	}
	return l.say("hours", d.Hours())
}

// moment is a time on the clock of this machine, where the browser is too.
func (l lang) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// size is a file's size.
func (l lang) size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// class is an outcome's word.
func (l lang) class(c batch.Class) string { return l.say("class." + c.String()) }

// sentence says in one sentence what became of all rows.
func (l lang) sentence(rows int, counts [len(batch.Classes)]int) string {
	done := counts[batch.Confirmed]
	switch {
	case rows == 0:
		return l.say("sum.none")
	case done == rows:
		return l.say("sum.all", l.number(rows))
	}
	s := l.say("sum.some", l.number(done), l.number(rows))
	if n := counts[batch.Unknown] + counts[batch.Unverified]; n > 0 {
		s += " " + l.say("sum.doubt", l.number(n))
	}
	if n := counts[batch.Rejected] + counts[batch.Invalid]; n > 0 {
		s += " " + l.say("sum.mend", l.number(n))
	}
	if n := counts[batch.Unsent]; n > 0 {
		s += " " + l.say("sum.unsent", l.number(n))
	}
	return s
}
