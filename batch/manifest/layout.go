package manifest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// goLayout is a layout of package time, and what it tells of a date.
type goLayout struct {
	text    string
	hasTime bool
	hasZone bool
	isUTC   bool // by its plain text
}

var (
	utcText    = regexp.MustCompile(`(?i:\b(?:UTC|GMT)\b)|[0-9]Z(?:$|[^0-9A-Za-z])`)
	zoneText   = regexp.MustCompile(`\b[A-Z]{3,5}\b`)
	offsetText = regexp.MustCompile(`[+-][0-9]{2}:[0-9]{2}|\+[0-9]`)
)

// newLayout refuses a layout by which a date could be read otherwise than it
// is meant.
func newLayout(text string) (goLayout, error) {
	// A moment of which no two parts are alike.
	when := time.Date(2019, time.November, 23, 15, 46, 58, 0, time.UTC)
	l := goLayout{text: text, hasTime: when.Format(text) != when.Add(-time.Hour).Format(text)}
	l.hasZone = when.Format(text) != time.Date(2019, time.November, 23, 15, 46, 58, 0, time.FixedZone("ABC", 5*3600)).Format(text)
	l.isUTC = !l.hasZone && utcText.MatchString(text)
	back, err := time.Parse(text, when.Format(text))
	switch rest := strings.NewReplacer("-07:00", "", "Z07:00", "", "UTC", "", "GMT", "").Replace(text); {
	case err != nil, back.Year() != 2019, back.YearDay() != when.YearDay(), twice(when.Format(text)):
		return l, badLayout(text, "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each", "02.01.2006 15:04")
	case l.hasTime && back.Hour() != when.Hour():
		return l, badLayout(text, "counts hours to 12, without PM", "01/02/2006 03:04 PM")
	case zoneText.MatchString(rest):
		return l, badLayout(text, "names a time zone, which is not certain", "2006-01-02 15:04 -0700, or take the zone out of the file and say --timezone")
	case offsetText.MatchString(rest):
		return l, badLayout(text, "holds a time zone that is not written as -0700 or -07:00", "2006-01-02 15:04 -0700")
	}
	return l, nil
}

func badLayout(text, what, example string) error {
	return &OptionError{
		Message: fmt.Sprintf("--date-format %q %s", text, what),
		Hint:    "a layout shows the moment Mon Jan 2 15:04:05 2006, for example " + example,
	}
}

// twice reports whether a part of the moment above stands in a text twice.
func twice(text string) bool {
	for _, part := range []string{"23", "15", "46", "58"} {
		if strings.Count(text, part) > 1 {
			return true
		}
	}
	return strings.Count(text, "11")+strings.Count(text, "Nov") > 1
}

// parse reads a text by the layout.
func (l goLayout) parse(text string) (moment, error) {
	t, err := time.Parse(l.text, text)
	if err != nil {
		return moment{}, fmt.Errorf("the date is not written as --date-format %q says; mend it", l.text)
	}
	m := moment{year: t.Year(), month: t.Month(), day: t.Day(), hour: t.Hour(), minute: t.Minute(), second: t.Second(), hasTime: l.hasTime}
	switch {
	case l.isUTC:
		m.zone = time.UTC
	case l.hasZone:
		name, offset := t.Zone()
		m.zone = time.FixedZone(name, offset)
	}
	return m, nil
}
