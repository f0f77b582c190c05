package api

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// The names of the fields as messages have them.
const (
	theBill = "the order number"
	theDate = "the date"
	theRPO  = "the tracking number"
)

// What can be wrong with any field; %s is the field.
const (
	empty       = "%s is empty; fill it in"
	unreadable  = "%s is not readable text; is --encoding right?"
	control     = "a control character, such as a tab or a line end, stands in %s; type it anew"
	unseen      = "an invisible character stands in %s; type it anew"
	apostrophe  = "an apostrophe stands before %s; take it out"
	errorInCell = "a spreadsheet's error stands in place of %s; mend the formula, or widen the column, and save again"
	signed      = "%s has a sign; write digits only"
	groups      = "%s is written in groups of digits; write it without blanks, commas or points"
	decimals    = "%s has a decimal part; a spreadsheet may have added it: format the column as text, and write digits only"
	broken      = "%s is not a whole number; is this the right column?"
	foreign     = "%s is written with other digits than 0 to 9; type it anew"
	zero        = "%s is zero; is this the right column?"
	lost        = "%s is not a whole number; a spreadsheet may have shortened it, and its last digits are lost: " +
		"fetch it anew from where it came, with the column formatted as text"
	endless = "%s is in scientific form, with more digits than any has; is this the right column?"
)

// maybe is what is said of a number in scientific form that is still whole.
func maybe(digits string) string {
	return "%s is in scientific form; it may be " + digits + ": check it, and format the column as text"
}

// fault is a text and what is said of it.
type fault struct{ text, want string }

// message is what the fault's error must say of the field.
func (f fault) message(field string) string {
	if strings.Contains(f.want, "%s") {
		return fmt.Sprintf(f.want, field)
	}
	return f.want
}

// remedy is the part of a message that says what to do, or asks what only the
// reader can know.
var remedy = regexp.MustCompile(`[;:] (check|compare|fetch|fill|format|give|leave|mend|say|take|type|write|is this|is --encoding)\b`)

// checkMessage holds what every message owes its reader: it names the field, it
// says what to do, it stays on its line, and it leaves the value to whoever
// shows the row. What is shorter than three bytes may be part of any message.
func checkMessage(t *testing.T, field, text, message string) {
	t.Helper()
	switch {
	case !strings.Contains(message, field):
		t.Errorf("%q: the message does not name %s: %s", text, field, message)
	case !remedy.MatchString(message):
		t.Errorf("%q: the message does not say what to do: %s", text, message)
	case strings.ContainsFunc(message, unicode.IsControl):
		t.Errorf("%q: a control character is in the message: %q", text, message)
	case len(text) > 2 && strings.Contains(message, text):
		t.Errorf("%q: the message holds the value: %s", text, message)
	case strings.HasSuffix(message, ".") || unicode.IsUpper(rune(message[0])):
		t.Errorf("%q: the message cannot stand inside of another: %s", text, message)
	}
}

var digitRun = regexp.MustCompile(`[0-9]+`)

// shape is a message without its numbers, by which it is known again.
func shape(message string) string { return digitRun.ReplaceAllString(message, "N") }

// shapes are those of all messages of the tables. A parser that says anything
// else has put something of the value into it, or has no test.
func shapes(field string, tables ...[]fault) map[string]bool {
	set := map[string]bool{}
	for _, table := range tables {
		for _, f := range table {
			set[shape(f.message(field))] = true
		}
	}
	return set
}

// checkShape is for texts nobody thought of.
func checkShape(t *testing.T, known map[string]bool, text, message string) {
	t.Helper()
	if !known[shape(message)] {
		t.Errorf("%q: the message is in no table: %q", text, message)
	}
	for _, run := range digitRun.FindAllString(message, -1) {
		if len(run) > maxNamed {
			t.Errorf("%q: the message names %d digits", text, len(run))
		}
	}
}
