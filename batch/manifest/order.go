package manifest

import (
	"io"
	"strings"

	"billmark/batch"
)

// order tells whether the day or the month stands first in the column.
func (d *dates) order(dateParts) (dateForm, error) {
	if !d.auto {
		return d.allowed, nil
	}
	s := d.shared
	s.once.Do(func() {
		if s.order, s.err = d.file.decideOrder(); s.err != nil {
			s.err = unsure{s.err}
		}
	})
	return s.order, s.err
}

// evidence is what a column's dates tell of the order of day and month.
type evidence struct {
	day, month sample // dates that can have only this first
	open       sample // dates that can be meant in either way
}

// sample is the first date of a kind.
type sample struct {
	line int
	text string
}

func (s *sample) note(line int, text string) {
	if s.line == 0 {
		*s = sample{line, strings.Clone(text)}
	}
}

// decideOrder looks through the whole column for dates that can be meant in
// one way only.
func (f *File) decideOrder() (dateForm, error) {
	p, err := f.openAt(batch.Mark{})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	// One file may be put together of two. Their dates may have different
	// orders, and then mostly different signs between the numbers too.
	bySign := map[byte]*evidence{'.': {}, '/': {}, '-': {}}
	for {
		values, broken, err := p.record()
		if err == io.EOF {
			return f.ordered(bySign)
		}
		if err != nil {
			return 0, err
		}
		if values == nil || p.skips(broken) {
			continue
		}
		text := strings.TrimSpace(values.Date)
		if parts, ok := cutDate(text); ok && parts.form == 0 && parts.yearDigits == 4 {
			bySign[parts.sign].note(parts, p.row.Line, text)
		}
	}
}

// note takes in a date. One that is no day in either order tells nothing.
func (e *evidence) note(parts dateParts, line int, text string) {
	switch day, month := parts.isReal(formDMY), parts.isReal(formMDY); {
	case day && month:
		e.open.note(line, text)
	case day:
		e.day.note(line, text)
	case month:
		e.month.note(line, text)
	}
}

// ordered decides by what was found.
func (f *File) ordered(bySign map[byte]*evidence) (dateForm, error) {
	const hint = "say --date-format dmy (day first) or --date-format mdy (month first)"
	var all evidence
	for _, e := range bySign {
		all.day.first(e.day)
		all.month.first(e.month)
		all.open.first(e.open)
	}
	known, words, form := all.day, "the day", formDMY
	if all.day.line == 0 {
		known, words, form = all.month, "the month", formMDY
	}
	switch {
	case all.day.line > 0 && all.month.line > 0:
		return 0, f.refuse(hint+"; better, mend the file", "the dates contradict each other: line %d (%s) has the day first, line %d (%s) the month",
			all.day.line, cut(all.day.text), all.month.line, cut(all.month.text))
	case known.line == 0:
		return 0, f.refuse(hint, "no date tells whether the day or the month stands first (line %d: %s)", all.open.line, cut(all.open.text))
	}
	for _, e := range bySign {
		if e.open.line > 0 && e.day.line == 0 && e.month.line == 0 {
			return 0, f.refuse(hint+"; better, write all dates alike", "the dates are not written alike: line %d (%s) has %s first, but whether line %d (%s) has too is not certain",
				known.line, cut(known.text), words, e.open.line, cut(e.open.text))
		}
	}
	return form, nil
}

// first keeps the earlier of two samples.
func (s *sample) first(other sample) {
	if other.line > 0 && (s.line == 0 || other.line < s.line) {
		*s = other
	}
}
