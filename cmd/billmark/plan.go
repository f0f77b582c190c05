package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"billmark/batch"
	"billmark/batch/journal"
)

// shownFaults is how many faults and warnings a plan shows as text; as JSON it
// shows all that are listed.
const shownFaults = 20

// planJSON is the plan as one object.
type planJSON struct {
	File             string            `json:"file"`
	Digest           string            `json:"digest"`
	Account          string            `json:"account,omitempty"`
	API              string            `json:"api,omitempty"`
	Journal          string            `json:"journal,omitempty"`
	JournalIsNew     bool              `json:"journal_is_new"`
	Rows             int               `json:"rows"`
	ToSend           map[string]int    `json:"to_send"`
	AlreadyConfirmed int               `json:"already_confirmed"`
	Changed          int               `json:"changed_since"`
	Rejected         int               `json:"rejected"`
	Unknown          int               `json:"unknown"`
	Unverified       int               `json:"unverified"`
	Held             int               `json:"held"`
	Late             int               `json:"late"`
	Stale            int               `json:"stale"`
	Superseded       int               `json:"superseded"`
	Invalid          int               `json:"invalid"`
	Skipped          int               `json:"skipped"`
	Unused           int               `json:"fields_not_sent"`
	Trimmed          int               `json:"cells_trimmed"`
	Mapping          map[string]string `json:"mapping"`
	Dates            string            `json:"dates"`
	Encoding         string            `json:"encoding"`
	Delimiter        string            `json:"delimiter"`
	SecondsAtRate    float64           `json:"seconds_at_rate"`
	Warnings         []faultJSON       `json:"warnings"`
	WarningCount     int               `json:"warning_count"`
	Faults           []faultJSON       `json:"faults"`
	FaultCount       int               `json:"fault_count"`
}

type faultJSON struct {
	Row     int    `json:"row"`
	Line    int    `json:"line"`
	Column  string `json:"column"`
	Value   string `json:"value"`
	Message string `json:"message"`
}

func (d *desk) planJSON() planJSON {
	p := d.decided.Plan()
	warnings, count := d.warnings()
	j := planJSON{
		File: d.copy.name, Digest: fmt.Sprintf("%x", d.copy.digest), Account: d.s.account, Journal: d.path, JournalIsNew: d.begins,
		Rows: p.Rows, ToSend: map[string]int{}, AlreadyConfirmed: p.Counts[batch.Confirmed], Changed: p.Changed, Rejected: p.Counts[batch.Rejected],
		Unknown: p.Counts[batch.Unknown], Unverified: p.Counts[batch.Unverified],
		Held: p.Reasons[batch.ReasonHeld] + p.Reasons[batch.ReasonHeldElsewhere],
		Late: p.Reasons[batch.ReasonLate], Stale: p.Reasons[batch.ReasonStale], Superseded: p.Reasons[batch.ReasonSuperseded],
		Invalid: p.Counts[batch.Invalid], Skipped: p.Counts[batch.Skipped], Unused: p.Unused, Trimmed: p.Trimmed,
		Mapping: map[string]string{}, Dates: d.file.DatesInWords(), Encoding: d.file.Encoding(), Delimiter: d.file.Delimiter(),
		SecondsAtRate: d.secondsAtRate(), Warnings: faultsJSON(warnings), WarningCount: count,
		Faults: faultsJSON(p.Faults), FaultCount: p.FaultCount,
	}
	if d.base != nil {
		j.API = d.base.String()
	}
	for _, status := range batch.Statuses {
		j.ToSend[status.String()] = p.ToSend[status]
	}
	for _, m := range d.file.Mapping() {
		j.Mapping[m.Field] = m.Header
	}
	return j
}

func faultsJSON(faults []batch.Fault) []faultJSON {
	list := make([]faultJSON, 0, len(faults))
	for _, f := range faults {
		list = append(list, faultJSON(f))
	}
	return list
}

// secondsAtRate is the time that sending will take.
func (d *desk) secondsAtRate() float64 {
	if d.s.rate.limit == rate.Inf {
		return 0
	}
	return float64(d.decided.Plan().Sending()) / float64(d.s.rate.limit)
}

// warnings are those of the settings and the first ones of the plan, and how many
// there are in all.
func (d *desk) warnings() ([]batch.Fault, int) {
	p := d.decided.Plan()
	var list []batch.Fault
	add := func(format string, args ...any) {
		list = append(list, batch.Fault{Message: fmt.Sprintf(format, args...)})
	}
	if d.s.rate.limit > 5 && d.s.rate.limit != rate.Inf {
		add("a pace of %s is above 5/s; the service may block accounts that load it", d.s.rate.text)
	}
	if usual := d.usualJournal(); usual != "" {
		add("the journal %s is new, but this account and address have one at %s: what that one knows to be sent would be sent again", d.path, usual)
	}
	if p.Rows > 0 && p.Reasons[batch.ReasonFilter] == p.Rows {
		add("no row is as --where wants it: all are skipped")
	}
	return append(list, p.Warnings...), len(list) + p.WarningCount
}

// usualJournal is the journal that would be used without --journal; "" if there
// is none, or if the one that is used is not new.
func (d *desk) usualJournal() string {
	if !d.begins || d.s.journal == "" {
		return ""
	}
	without := *d.s
	without.journal = ""
	path, err := without.journalPath(d.c, d.base)
	if err != nil || !journal.Exists(path) {
		return ""
	}
	return path
}

func (d *desk) showPlan(w io.Writer) error {
	if d.s.json {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(d.planJSON())
	}
	_, err := io.WriteString(w, folded(w, d.planText()))
	return err
}

// planText is the plan as a clerk reads it.
func (d *desk) planText() string {
	var b strings.Builder
	p, l := d.decided.Plan(), d.language()
	b.WriteString(l.sayf("Manifest    %s: %s (%s, %s)\n", d.copy.name, l.many(p.Rows, "row"), d.file.Encoding(), d.file.Delimiter()))
	var columns []string
	for _, m := range d.file.Mapping() {
		if m.Header == "" {
			columns = append(columns, m.Field+" is "+m.Value)
		} else {
			columns = append(columns, m.Field+" = "+m.Header)
		}
	}
	b.WriteString(l.sayf("Columns     %s\n", strings.Join(columns, ", ")))
	if dates := d.file.DatesInWords(); dates != "" {
		b.WriteString(l.sayf("Dates       %s\n", dates))
	}
	if d.base != nil {
		b.WriteString(l.sayf("Account     %s at %s\n", d.s.account, d.base))
		if d.begins {
			b.WriteString(l.sayf("Journal     %s (new: nothing is known of earlier runs)\n", d.path))
		} else {
			b.WriteString(l.sayf("Journal     %s\n", d.path))
		}
	} else {
		b.WriteString(l.say("Account     none given: nothing is known of earlier runs\n"))
	}
	b.WriteString(l.sayf("To send     %s\n", d.toSend()))
	for _, line := range d.planCounts() {
		fmt.Fprintln(&b, line)
	}
	d.listFaults(&b, l.say("Faults"), p.Faults, p.FaultCount)
	warnings, count := d.warnings()
	d.listFaults(&b, l.say("Warnings"), warnings, count)
	return b.String()
}

func (d *desk) toSend() string {
	if d.decided.Plan().Sending() == 0 {
		return d.language().say("nothing")
	}
	s := d.kinds()
	switch seconds := d.secondsAtRate(); {
	case seconds >= 0.5:
		s += d.language().sayf(", about %s at %s", d.language().duration(time.Duration(seconds*float64(time.Second))), d.s.rate.text)
	case seconds > 0:
		s += d.language().sayf(", less than a second at %s", d.s.rate.text)
	}
	return s
}

// kinds counts the updates that are to be sent, in all and by status.
func (d *desk) kinds() string {
	p := d.decided.Plan()
	var kinds []string
	for _, status := range batch.Statuses {
		if p.ToSend[status] > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", p.ToSend[status], status))
		}
	}
	return fmt.Sprintf("%s (%s)", d.language().many(p.Sending(), "update"), strings.Join(kinds, ", "))
}

// planCounts says what else becomes of the rows, leaving out what does not occur.
func (d *desk) planCounts() []string {
	p := d.decided.Plan()
	held := p.Reasons[batch.ReasonHeld] + p.Reasons[batch.ReasonHeldElsewhere]
	repeats := p.Reasons[batch.ReasonNotReached] - p.Sending()
	var lines []string
	for _, c := range []struct {
		n    int
		text string
	}{
		{p.Counts[batch.Confirmed], "already confirmed: left alone"},
		{p.Changed, "of these were changed since by a later update: the report says to what"},
		{p.Counts[batch.Invalid], "invalid: not sent, to be mended"},
		{p.Counts[batch.Rejected], "rejected before: left alone (--again rejected sends them)"},
		{p.Counts[batch.Unknown], "unknown: left alone until settled (billmark settle)"},
		{p.Counts[batch.Unverified], "unverified: left alone until settled (billmark settle)"},
		{held, "held behind another row of the same order"},
		{p.Reasons[batch.ReasonLate], "late: a later change of the order is confirmed (--again late sends them)"},
		{p.Reasons[batch.ReasonStale], "stale: the order was changed since by another file (--again stale sends them)"},
		{p.Reasons[batch.ReasonSuperseded], "superseded: confirmed once, replaced since (--again superseded sends them)"},
		{max(0, repeats), "repeat another row of this file: sent once"},
		{p.Counts[batch.Skipped], "skipped by --where or --first"},
		{p.Unused, "filled cells that the row's status does not take: not sent"},
		{p.Trimmed, "cells with blanks around them: trimmed"},
	} {
		if c.n > 0 {
			lines = append(lines, fmt.Sprintf("%10d  %s", c.n, d.language().say(c.text)))
		}
	}
	return lines
}

func (d *desk) listFaults(b *strings.Builder, title string, faults []batch.Fault, count int) {
	if count == 0 {
		return
	}
	fmt.Fprintf(b, "%s (%d)\n", title, count)
	for i, f := range faults {
		if i == shownFaults {
			break
		}
		fmt.Fprintf(b, "  %s\n", faultLine(f))
	}
	if count > shownFaults {
		b.WriteString(d.language().sayf("  ... and %d more (--json lists up to %d)\n", count-min(shownFaults, len(faults)), batch.Listed))
	}
}

// faultLine is one fault in words: row 18 (line 21), column "Order": "1.00E+05" ...
func faultLine(f batch.Fault) string {
	var b strings.Builder
	if f.Row > 0 {
		fmt.Fprintf(&b, "row %d (line %d)", f.Row, f.Line)
		if f.Column != "" {
			fmt.Fprintf(&b, ", column %q: %q", f.Column, shorten(f.Value))
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

func shorten(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return s
}

// tooManyInvalid refuses a run of a manifest with too many faulty rows.
func (d *desk) tooManyInvalid() error {
	p := d.decided.Plan()
	allowed := d.s.maxInvalid.of(p.Rows - p.Reasons[batch.ReasonFilter])
	if p.Counts[batch.Invalid] <= allowed {
		return nil
	}
	return refused(fmt.Sprintf("%d of %s are invalid, more than --max-invalid %s allows", p.Counts[batch.Invalid], many(p.Rows, "row"), d.s.maxInvalid.text),
		"mend the file (billmark check lists the faults), or allow more with --max-invalid")
}

// many counts things: 1 row, 2 rows.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// duration is a time as people say it.
func duration(d time.Duration) string {
	switch {
	case d < time.Second/2:
		return "less than a second"
	case d < time.Minute:
		return many(int(d.Round(time.Second)/time.Second), "second")
	case d < 2*time.Hour:
		return many(int(d.Round(time.Minute)/time.Minute), "minute")
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}
