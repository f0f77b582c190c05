package manifest

import (
	"strconv"
	"strings"
	"time"
)

// dateParts is a date taken apart: three numbers in the order of the text, and
// the time after it.
type dateParts struct {
	form                 dateForm // 0: numbers only, year last
	first, second, third int
	yearDigits           int
	sign                 byte // between the numbers
	clock                moment
}

// moment puts the parts together, which are in the order of the form.
func (p dateParts) moment(form dateForm) (moment, error) {
	m := p.clock
	m.year, m.month, m.day = p.third, time.Month(p.second), p.first
	switch form {
	case formISO:
		m.year, m.month, m.day = p.first, time.Month(p.second), p.third
	case formMDY:
		m.month, m.day = time.Month(p.first), p.second
	}
	if p.yearDigits == 2 {
		m.year += 2000
	}
	if !m.isReal() {
		return m, errNoDay
	}
	return m, nil
}

// isReal reports whether there is such a day, if the parts are in the order of
// the form.
func (p dateParts) isReal(form dateForm) bool {
	_, err := p.moment(form)
	return err == nil
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
	p.sign = rest[0]
	b, rest, ok := number(rest[1:])
	if !ok || rest == "" || rest[0] != p.sign {
		return p, "", false
	}
	c, rest, ok := number(rest[1:])
	if !ok || len(b) > 2 {
		return p, "", false
	}
	p.first, p.second, p.third, p.yearDigits = atoi(a), atoi(b), atoi(c), len(c)
	switch {
	case len(a) == 4 && len(c) <= 2:
		p.form, p.yearDigits = formISO, 4
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
// 06-May-2026, May 6, 2026, 6 мая 2026 г.
func cutNamed(text string) (p dateParts, rest string, ok bool) {
	first, rest := cutWord(text)
	second, rest := cutWord(rest)
	day, month := first, second
	if _, ok := months[monthWord(first)]; ok {
		day, month = second, first
	}
	m, isMonth := months[monthWord(month)]
	digits, left, isDay := number(day)
	year, rest, isYear := number(rest)
	if !isMonth || !isDay || left != "" || len(digits) > 2 || !isYear || len(year) != 4 {
		return p, "", false
	}
	for _, word := range []string{" года", " г.", " г"} {
		if after, ok := strings.CutPrefix(rest, word); ok {
			rest = after
			break
		}
	}
	return dateParts{form: formNamed, first: atoi(digits), second: int(m), third: atoi(year), yearDigits: 4}, rest, true
}

// cutWord cuts off a word, and the signs between it and the next.
func cutWord(text string) (word, rest string) {
	const signs = " -,/"
	at := strings.IndexAny(text, signs)
	if at < 0 {
		return text, ""
	}
	return text[:at], strings.TrimLeft(text[at:], signs)
}

func monthWord(word string) string { return strings.ToLower(strings.TrimSuffix(word, ".")) }

// months knows the names, and how they are usually shortened.
var months = func() map[string]time.Month {
	m := map[string]time.Month{"sept": time.September}
	for i := time.January; i <= time.December; i++ {
		name := strings.ToLower(i.String())
		m[name], m[name[:3]] = i, i
	}
	for i, names := range [...]string{
		"январь января янв", "февраль февраля фев февр", "март марта мар", "апрель апреля апр", "май мая", "июнь июня июн",
		"июль июля июл", "август августа авг", "сентябрь сентября сен сент", "октябрь октября окт", "ноябрь ноября ноя нояб", "декабрь декабря дек",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = time.Month(i + 1)
		}
	}
	return m
}()

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
	text = strings.TrimLeft(text, " ")
	if len(text) < 2 {
		return text, true
	}
	word := strings.ToUpper(text[:2])
	if word != "AM" && word != "PM" {
		return text, true
	}
	if m.hour < 1 || m.hour > 12 {
		return text, false
	}
	m.hour %= 12
	if word == "PM" {
		m.hour += 12
	}
	return text[2:], true
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
	hours, minutes := text[1:], "00"
	switch {
	case len(text) == 6 && text[3] == ':':
		hours, minutes = text[1:3], text[4:]
	case len(text) == 5:
		hours, minutes = text[1:3], text[3:]
	}
	h, _, okH := number(hours)
	m, _, okM := number(minutes)
	if !okH || !okM || len(h) != 2 || len(m) != 2 || atoi(h) > 14 || atoi(m) > 59 {
		return nil, false
	}
	offset := atoi(h)*3600 + atoi(m)*60
	switch text[0] {
	case '+':
		return time.FixedZone(text, offset), true
	case '-':
		return time.FixedZone(text, -offset), true
	}
	return nil, false
}
