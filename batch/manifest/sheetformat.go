package manifest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatKind is what a number means in a cell of a format.
type formatKind uint8

const (
	formatNumber formatKind = iota
	formatDate
	formatDateTime
	formatTime
	formatElapsed // hours beyond 24: no moment, so it stays a number
)

// cellFormat is how a cell shows its number.
type cellFormat struct {
	kind formatKind
	// mask is set if characters stand before, after or among the digits, or
	// zeros before them, as in "RA"000000000"RU": digits by '0' (always shown)
	// and '#', and other characters as they stand.
	mask []maskRune
}

type maskRune struct {
	char  rune
	digit bool
}

// builtIn are the kinds of formats that have no code in the file.
func builtIn(id int) formatKind {
	switch {
	case 14 <= id && id <= 17, 27 <= id && id <= 31, id == 36, 50 <= id && id <= 58:
		return formatDate
	case id == 22:
		return formatDateTime
	case 18 <= id && id <= 21, 32 <= id && id <= 35, id == 45, id == 47:
		return formatTime
	case id == 46:
		return formatElapsed
	}
	return formatNumber
}

// formatOf reads a format by its number; own are those with a code in the
// file.
func formatOf(id string, own map[string]string) cellFormat {
	if code, ok := own[id]; ok {
		return parseFormat(code)
	}
	n, _ := strconv.Atoi(id)
	return cellFormat{kind: builtIn(n)}
}

// parseFormat reads a format's code, of which the first section is for
// ordinary numbers.
func parseFormat(code string) cellFormat {
	var s section
	for code != "" && code[0] != ';' {
		code = s.take(code)
	}
	switch {
	case s.elapsed:
		return cellFormat{kind: formatElapsed}
	case s.days && s.clock:
		return cellFormat{kind: formatDateTime}
	case s.clock:
		return cellFormat{kind: formatTime}
	case s.days || s.months:
		return cellFormat{kind: formatDate}
	case s.other || !s.shapes():
		return cellFormat{}
	}
	return cellFormat{mask: s.mask}
}

// section is what was found in a part of a format's code.
type section struct {
	days, months, clock, elapsed bool
	other                        bool // groups, fractions, percents, conditions
	mask                         []maskRune
}

// take reads one element of the code and gives the rest.
func (s *section) take(code string) string {
	for _, w := range []struct {
		word  string
		found *bool
	}{{"AM/PM", &s.clock}, {"A/P", &s.clock}, {"General", &s.other}} {
		if len(code) >= len(w.word) && strings.EqualFold(code[:len(w.word)], w.word) {
			*w.found = true
			return code[len(w.word):]
		}
	}
	char, size := utf8.DecodeRuneInString(code)
	rest := code[size:]
	switch char {
	case '"':
		text, after, _ := strings.Cut(rest, `"`)
		s.literal(text)
		return after
	case '\\':
		_, size := utf8.DecodeRuneInString(rest)
		s.literal(rest[:size])
		return rest[size:]
	case '_', '*': // a gap as wide as the next character, or filled with it
		_, size := utf8.DecodeRuneInString(rest)
		return rest[size:]
	case '[':
		inside, after, _ := strings.Cut(rest, "]")
		s.bracket(inside)
		return after
	}
	s.plain(char)
	return rest
}

// plain reads a character that stands for itself or for a part of the number.
func (s *section) plain(char rune) {
	switch char {
	case 'd', 'D', 'y', 'Y':
		s.days = true
	case 'm', 'M':
		s.months = true
	case 'h', 'H', 's', 'S':
		s.clock = true
	case '0', '#':
		s.mask = append(s.mask, maskRune{char, true})
	case '.', ',', '%', '?', '/', '@', 'E', 'e':
		s.other = true
	default:
		s.literal(string(char))
	}
}

func (s *section) literal(text string) {
	for _, r := range text {
		s.mask = append(s.mask, maskRune{r, false})
	}
}

// bracket reads what stands in brackets: a currency or language, hours beyond
// 24, a colour, or a condition.
func (s *section) bracket(inside string) {
	switch {
	case strings.HasPrefix(inside, "$"):
		sign, _, _ := strings.Cut(inside[1:], "-")
		s.literal(sign)
	case inside != "" && strings.Trim(strings.ToLower(inside), "hms") == "":
		s.elapsed = true
	case strings.ContainsAny(inside, "<>="):
		s.other = true
	}
}

// shapes reports whether the mask shows something else than plain digits.
func (s *section) shapes() bool {
	digits, zeros, others := 0, 0, 0
	for _, m := range s.mask {
		switch {
		case !m.digit:
			others++
		case m.char == '0':
			digits++
			zeros++
		default:
			digits++
		}
	}
	return digits > 0 && (others > 0 || zeros > 1)
}

// masked shows digits as the mask has them: from the right, at the first place
// all that are left, and a zero for each empty place that is always shown.
func (f *cellFormat) masked(digits string) string {
	first := slices.IndexFunc(f.mask, func(m maskRune) bool { return m.digit })
	text := ""
	for i, m := range slices.Backward(f.mask) {
		piece := string(m.char)
		if m.digit {
			n := min(1, len(digits))
			if i == first {
				n = len(digits)
			}
			piece, digits = digits[len(digits)-n:], digits[:len(digits)-n]
			if piece == "" && m.char == '0' {
				piece = "0"
			}
		}
		text = piece + text
	}
	return text
}
