package manifest

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

func isEOF(err error) bool { return err == io.EOF }

// moment is a date as it is written, and perhaps a time and a zone.
type moment struct {
	year, day            int
	month                time.Month
	hour, minute, second int
	hasTime              bool
	zone                 *time.Location // nil: none is written
}

// noon is the hour of a date without a time: no zone's clocks are changed
// then, and reading it in a neighbouring zone leaves the day.
const noon = 12

// seconds gives unix seconds, for what carries no zone as clocks in loc show
// it. doubt says why it may be wrong.
func (m moment) seconds(loc *time.Location) (seconds int64, doubt string, err error) {
	if m.zone != nil {
		loc = m.zone
	}
	hour := m.hour
	if !m.hasTime {
		hour = noon
	}
	t := time.Date(m.year, m.month, m.day, hour, m.minute, m.second, 0, loc)
	if day := time.Date(m.year, m.month, m.day, 0, 0, 0, 0, time.UTC); day.Day() != m.day || day.Month() != m.month {
		return 0, "", errors.New("there is no such day")
	}
	if t.Hour() != hour || t.Minute() != m.minute || t.Day() != m.day {
		return 0, "", fmt.Errorf("there was no such time in %s: the clocks were put forward over it", loc)
	}
	for _, other := range []time.Time{t.Add(time.Hour), t.Add(-time.Hour)} {
		if other.Hour() == t.Hour() && other.Day() == t.Day() {
			doubt = fmt.Sprintf("this time came twice in %s, where the clocks were put back over it", loc)
		}
	}
	return t.Unix(), doubt, nil
}

// dateParts is a date taken apart: three numbers in the order of the text, and
// the time after it.
type dateParts struct {
	form                 dateForm // 0: numbers only, year last
	first, second, third int
	yearDigits           int
	clock                moment
}

func (p dateParts) twoDigitYear() bool { return p.form == 0 && p.yearDigits == 2 }

// moment puts the parts together. A year of two digits is taken only from
// those who said how their dates are written.
func (p dateParts) moment(form dateForm, auto bool) (moment, error) {
	m := p.clock
	m.year, m.month, m.day = p.third, time.Month(p.second), p.first
	switch form {
	case formISO:
		m.year, m.month, m.day = p.first, time.Month(p.second), p.third
	case formMDY:
		m.month, m.day = time.Month(p.first), p.second
	}
	if p.twoDigitYear() {
		if auto {
			return m, errors.New("the year has two digits; say --date-format dmy or mdy if the year stands last")
		}
		m.year += 2000
	}
	if m.month < 1 || m.month > 12 || m.day < 1 || m.day > 31 {
		return m, errors.New("there is no such day")
	}
	return m, nil
}

// cutDate takes a text apart into a date and perhaps a time and a zone; false
// if it is none.
func cutDate(text string) (dateParts, bool) {
	p, rest, ok := cutNumbers(text)
	if !ok {
		if p, rest, ok = cutNamed(text); !ok {
			return p, false
		}
	}
	p.clock, ok = cutClock(rest)
	return p, ok
}

// cutNumbers reads three numbers with one kind of sign between them.
func cutNumbers(text string) (p dateParts, rest string, ok bool) {
	a, rest, ok := number(text)
	if !ok || rest == "" || !strings.ContainsRune("-./", rune(rest[0])) {
		return p, "", false
	}
	sign := rest[0]
	b, rest, ok := number(rest[1:])
	if !ok || rest == "" || rest[0] != sign {
		return p, "", false
	}
	c, rest, ok := number(rest[1:])
	if !ok || len(b) > 2 {
		return p, "", false
	}
	p = dateParts{first: atoi(a), second: atoi(b), third: atoi(c), yearDigits: len(c)}
	switch {
	case len(a) == 4 && len(c) <= 2:
		p.form = formISO
	case len(a) > 2 || len(c) != 4 && len(c) != 2:
		return p, "", false
	}
	return p, rest, true
}

// number cuts up to four digits off a text.
func number(text string) (digits, rest string, ok bool) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[:n], text[n:], 0 < n && n <= 4
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// cutNamed reads a date with the month's name, English or Russian: 6 May 2026,
// 06-May-2026, May 6, 2026, 6 мая 2026.
func cutNamed(text string) (p dateParts, rest string, ok bool) {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" -,/", r) })
	if len(words) < 3 {
		return p, "", false
	}
	day, name := words[0], words[1]
	if _, isMonth := monthNamed(day); isMonth {
		day, name = name, day
	}
	month, isMonth := monthNamed(name)
	digits, left, isDay := number(day)
	year, extra, isYear := number(words[2])
	if !isMonth || !isDay || left != "" || len(digits) > 2 || !isYear || len(year) != 4 {
		return p, "", false
	}
	at := strings.LastIndex(text[:strings.Index(text, year)+len(year)], year) + len(year)
	if extra != "" && extra[0] != 'T' {
		return p, "", false
	}
	return dateParts{form: formNamed, first: atoi(digits), second: int(month), third: atoi(year), yearDigits: 4}, text[at:], true
}

var russianMonths = [...]string{"янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"}

// monthNamed knows a month by its name, or the first three letters of it.
func monthNamed(word string) (time.Month, bool) {
	word = strings.ToLower(strings.TrimSuffix(word, "."))
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if word == name || word == name[:3] || word == "sept" && m == time.September {
			return m, true
		}
		start := russianMonths[m-1]
		if m == time.May && (word == "май" || word == "мая") || m != time.May && strings.HasPrefix(word, start) {
			return m, true
		}
	}
	return 0, false
}

// cutClock reads what follows a date: nothing, or a time and perhaps a zone.
func cutClock(text string) (moment, bool) {
	var m moment
	text, _ = strings.CutPrefix(text, ",")
	if text == "" {
		return m, true
	}
	if text[0] != ' ' && text[0] != 'T' {
		return m, false
	}
	text = strings.TrimLeft(text[1:], " ")
	hour, rest, ok := number(text)
	if !ok || len(hour) > 2 || rest == "" || rest[0] != ':' {
		return m, false
	}
	minute, rest, ok := number(rest[1:])
	if !ok || len(minute) != 2 {
		return m, false
	}
	second := "0"
	if strings.HasPrefix(rest, ":") {
		if second, rest, ok = number(rest[1:]); !ok || len(second) != 2 {
			return m, false
		}
		rest = cutFraction(rest)
	}
	m.hour, m.minute, m.second, m.hasTime = atoi(hour), atoi(minute), atoi(second), true
	if rest, ok = m.halfDay(rest); !ok || m.hour > 23 || m.minute > 59 || m.second > 59 {
		return m, false
	}
	m.zone, ok = zoneOf(strings.TrimLeft(rest, " "))
	return m, ok
}

// cutFraction takes off fractions of a second: the API counts whole ones.
func cutFraction(text string) string {
	if text == "" || text[0] != '.' && text[0] != ',' {
		return text
	}
	rest := strings.TrimLeft(text[1:], "0123456789")
	if len(rest) == len(text)-1 {
		return text
	}
	return rest
}

// halfDay reads AM or PM.
func (m *moment) halfDay(text string) (rest string, ok bool) {
	word := strings.ToUpper(strings.TrimLeft(text, " "))
	am, pm := strings.HasPrefix(word, "AM"), strings.HasPrefix(word, "PM")
	if !am && !pm {
		return text, true
	}
	if m.hour < 1 || m.hour > 12 {
		return text, false
	}
	m.hour %= 12
	if pm {
		m.hour += 12
	}
	return strings.TrimLeft(text, " ")[2:], true
}

// zoneOf reads a zone that is certain: Z, UTC, GMT, or hours and minutes from
// it. Other abbreviations mean several zones each.
func zoneOf(text string) (*time.Location, bool) {
	switch strings.ToUpper(text) {
	case "":
		return nil, true
	case "Z", "UTC", "GMT":
		return time.UTC, true
	}
	sign := 1
	switch text[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return nil, false
	}
	digits := strings.ReplaceAll(text[1:], ":", "")
	if len(digits) == 2 {
		digits += "00"
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 4 || n/100 > 14 || n%100 > 59 {
		return nil, false
	}
	return time.FixedZone(text, sign*int(n/100*3600+n%100*60)), true
}

// fromLayout reads a text by a layout of Go's.
func fromLayout(layout, text string) (moment, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return moment{}, fmt.Errorf("the date is not written as --date-format %q says", layout)
	}
	m := moment{year: t.Year(), month: t.Month(), day: t.Day(), hour: t.Hour(), minute: t.Minute(), second: t.Second()}
	m.hasTime = strings.Contains(layout, "15") || strings.Contains(layout, "03") || strings.Contains(layout, "3:")
	if strings.Contains(layout, "Z07") || strings.Contains(layout, "-07") {
		m.zone = t.Location()
	}
	return m, nil
}
