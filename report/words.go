package report

import (
	"fmt"
	"strings"
	"unicode"

	"billmark/batch"
)

// Message says in a clerk's words what happened to a row: one line, without
// control characters, whatever the service or the file wrote.
func (h *Head) Message(l Line) string {
	p := phrasesIn(h.Lang)
	o := &l.Outcome
	if o.Class == batch.Invalid && len(l.Row.Faults) > 0 {
		return Clean(faultsInWords(l.Row.Faults))
	}
	text := h.because(p, o)
	if o.Later != 0 {
		text += fmt.Sprintf(p.later, o.Later)
	}
	if o.Same > 0 {
		text = fmt.Sprintf(p.same, o.Same, text)
	}
	return Clean(text)
}

// because says why an outcome is what it is.
func (h *Head) because(p *phrases, o *batch.Outcome) string {
	switch o.Reason {
	case batch.ReasonReplied:
		if o.Class == batch.Confirmed {
			return p.done
		}
		return quoted(p, h.codeInWords(p, o), o.Text)
	case batch.ReasonAccount:
		return quoted(p, fmt.Sprintf(p.atTheDoor, h.codeInWords(p, o), o.Code), o.Text)
	}
	text, ok := p.reasons[o.Reason]
	if !ok {
		text = p.classes[o.Class]
	}
	if strings.Contains(text, "%d") {
		text = fmt.Sprintf(text, o.Line)
	}
	return detailed(text, o.Text)
}

// detailed puts a detail behind what it belongs to, before what to do.
func detailed(text, detail string) string {
	if detail = strings.TrimSpace(detail); detail == "" {
		return text
	}
	fact, rest, more := strings.Cut(text, ";")
	fact += " (" + detail + ")"
	if more {
		fact += ";" + rest
	}
	return fact
}

// codeInWords is what a code means, or at least what its class does.
func (h *Head) codeInWords(p *phrases, o *batch.Outcome) string {
	if h.CodeWords != nil {
		if text := h.CodeWords(o.Code); text != "" {
			return text
		}
	}
	return p.classes[o.Class]
}

// quoted adds the service's own words.
func quoted(p *phrases, ours, theirs string) string {
	if theirs = strings.TrimSpace(theirs); theirs == "" || strings.EqualFold(theirs, ours) {
		return ours
	}
	return fmt.Sprintf(p.apiSays, ours, theirs)
}

// faultsInWords joins the faults of a row, each with its column and value.
func faultsInWords(faults []batch.Fault) string {
	var parts []string
	for _, f := range faults {
		text := f.Message
		if f.Column != "" {
			text = fmt.Sprintf("%s %q: %s", f.Column, shortened(f.Value), text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// shortened keeps a value that a message quotes to a readable length.
func shortened(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return s
}

// Clean makes one line of a text: what could move a cursor, break a line or
// turn the direction of writing becomes a blank.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, unseen) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return ' '
		}
		return r
	}, s)
}

func unseen(r rune) bool {
	if r < unicode.MaxASCII {
		return r < ' '
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
