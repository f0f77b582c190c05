package main

import (
	"cmp"
	"math"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/time/rate"

	"billmark/batch"
)

// remember keeps the flags of the command line, for the command to be given
// next. It must be called before the environment fills in others. Who is told
// is left out: that may hold secrets, and the next command is told to others.
func (m *manners) remember(cmd *cobra.Command) {
	m.given = nil
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "webhook" || f.Name == "notify" {
			return
		}
		if f.Value.Type() == "bool" && f.Value.String() == "true" {
			m.given = append(m.given, pair{name: f.Name})
			return
		}
		for _, value := range valuesOf(f.Value) {
			m.given = append(m.given, pair{f.Name, shown(value)})
		}
	})
}

func valuesOf(v pflag.Value) []string {
	if n, ok := v.(*named); ok {
		v = n.pairs
	}
	switch v := v.(type) {
	case *pairs:
		var list []string
		for _, p := range *v {
			list = append(list, p.name+"="+p.value)
		}
		return list
	case pflag.SliceValue:
		return v.GetSlice()
	}
	return []string{v.String()}
}

// shown is a flag's value as it may be printed: addresses can hold secrets.
func shown(value string) string {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return "..."
	}
	return value
}

// Flags that the next command leaves out: those of one run of one file, and
// those that settle does not take.
var (
	ofOneFile = []string{"report", "failed", "first", "expect-rows", "expect", "dry-run", "json"}
	ofRunning = []string{"max-invalid", "max-failures", "workers", "attempts", "again", "status-file", "yes"}
)

// next is the one command to be given next; "" if nothing is left to do, or
// nothing that a command could do.
func (d *desk) next(s *batch.Summary, failed string) string {
	if d.s.rehearsal {
		return ""
	}
	n := &s.Counts
	switch {
	case s.Stopped != "":
		return d.goOn()
	case n[batch.Unknown]+n[batch.Unverified] > 0:
		return d.settleCommand()
	case n[batch.Rejected]+n[batch.Invalid] > 0 && failed != "":
		return d.s.command("run", failed, ofOneFile...)
	case n[batch.Unsent] > 0 && d.decided.Plan().Sending() > 0:
		return d.goOn("again")
	case d.decided.Plan().Reasons[batch.ReasonFirst] > 0: // it was a trial
		return d.goOn("again", "first")
	}
	return ""
}

// goOn is the command that sends what is left of the manifest, at half the pace
// if the API asked to slow down.
func (d *desk) goOn(without ...string) string {
	m := d.s.manners
	if p := d.slower(); p != "" {
		m.given = append(slices.DeleteFunc(slices.Clone(m.given), func(f pair) bool { return f.name == "rate" }), pair{"rate", p})
	}
	return m.command("run", d.argument(), without...)
}

// slower is half the pace if the API refused updates in this run for the time
// being; "" if it did not, or the pace has no half.
func (d *desk) slower() string {
	limit := d.s.rate.limit
	if d.show == nil || !d.show.wasRefused() || limit == rate.Inf {
		return ""
	}
	for _, unit := range []string{"s", "m", "h"} {
		half := float64(limit) / 2 * perUnit[unit]
		if half >= 1 {
			return strconv.FormatFloat(math.Round(half*10)/10, 'f', -1, 64) + "/" + unit
		}
	}
	return ""
}

// argument is the manifest as a command is given it.
func (d *desk) argument() string {
	if d.copy.base == "stdin" {
		return "-"
	}
	return d.copy.name
}

// settleCommand settles what is in doubt: of the manifest, if it can be read again.
func (d *desk) settleCommand() string {
	file := d.argument()
	if file == "-" {
		file = ""
	}
	return d.s.command("settle", file, append(ofOneFile, ofRunning...)...)
}

// command is a command line with the flags that were given, but for some.
func (m *manners) command(name, file string, without ...string) string {
	words := []string{"billmark", name}
	for _, f := range m.given {
		if slices.Contains(without, f.name) {
			continue
		}
		if words = append(words, "--"+f.name); f.value != "" {
			words = append(words, quotedWord(f.value))
		}
	}
	if strings.HasPrefix(file, "-") && file != "-" {
		file = "./" + file
	}
	if file != "" {
		words = append(words, quotedWord(file))
	}
	return strings.Join(words, " ")
}

// quotedWord is a word as a shell takes it whole.
func quotedWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,%@+", r) ||
			r == '\\' && runtime.GOOS == "windows"
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if runtime.GOOS == "windows" {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// doubtsText says what else there is to do after a stop.
func (d *desk) doubtsText(n *[len(batch.Classes)]int) string {
	if n[batch.Unknown]+n[batch.Unverified] == 0 {
		return ""
	}
	return d.language().sayf("            look at the unknown and unverified orders, then: %s\n", d.settleCommand())
}

// leftText says how to send what else is left.
func (d *desk) leftText() string {
	left := d.decided.Plan().Sending()
	if left == 0 {
		return ""
	}
	return d.language().sayf("            %s still to be sent: %s\n", d.language().many(left, "update"), d.goOn("again"))
}

// refused is how many rows the API wants to be asked for later.
func (d *desk) refused() int {
	if d.decided == nil {
		return 0
	}
	return d.decided.Plan().Reasons[batch.ReasonTooMany]
}

// slowText advises who has met a service that wants to be asked more slowly.
func (d *desk) slowText(s *batch.Summary) string {
	refused := d.refused()
	if refused == 0 || d.slowed || d.s.rehearsal || d.show != nil && !d.show.wasRefused() { // a stop for it has its own hint
		return ""
	}
	l := d.language()
	if d.slower() == "" {
		return l.sayf("            the API asked to slow down, %s unsent: a lower --rate helps\n", l.many(refused, "update"))
	}
	return l.sayf("            the API asked to slow down, %s unsent: give it a while, and then half the pace\n", l.many(refused, "update"))
}

// nextText says what to do next.
func (d *desk) nextText(s *batch.Summary) string {
	l, n := d.language(), &s.Counts
	command := *cmp.Or(d.summary.Next, new(string))
	switch {
	case d.s.rehearsal:
		return ""
	case s.Stopped != "" && d.toMend:
		return l.sayf("Next        when that is mended, %s goes on from there\n", command) + d.doubtsText(n)
	case s.Stopped != "":
		return l.sayf("Next        %s goes on from there\n", command) + d.doubtsText(n)
	case command == "" && n[batch.Unsent]+n[batch.Rejected]+n[batch.Invalid] > 0:
		return l.say("Next        the report says what keeps the others from being sent\n")
	case command == "":
		return l.say("Next        nothing: every row is confirmed or skipped\n")
	case n[batch.Unknown]+n[batch.Unverified] > 0:
		return l.sayf("Next        look at those orders, then: %s\n", command) + d.leftText()
	case n[batch.Rejected]+n[batch.Invalid] > 0 && d.summary.Failed != nil:
		return l.sayf("Next        mend %s, then: %s\n", *d.summary.Failed, command) + d.leftText()
	}
	return l.sayf("Next        %s\n", command)
}
