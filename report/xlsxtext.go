package report

import (
	"strings"
	"unicode/utf8"
)

// fitted is a text as a cell can hold it: defused, and with a mark where it had
// to be cut.
func fitted(s string) string {
	s = defused(s)
	if len(s) <= xlsxCell { // there are no more units than bytes
		return s
	}
	const mark = " ... [cut]"
	units, keep := 0, 0
	for at, r := range s {
		if units <= xlsxCell-len(mark) {
			keep = at
		}
		if units++; r > 0xFFFF {
			units++
		}
	}
	if units <= xlsxCell {
		return s
	}
	return s[:keep] + mark
}

// outerBlank reports whether a text begins or ends with what a reader of XML
// may take away.
func outerBlank(s string) bool {
	const blanks = " \t\r\n"
	return s != "" && (strings.IndexByte(blanks, s[0]) >= 0 || strings.IndexByte(blanks, s[len(s)-1]) >= 0)
}

// appendXML appends a text of a cell as XML.
func appendXML(b []byte, s string) []byte {
	from := 0 // of what is not yet appended
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' && c != '_' {
			i++
			continue
		}
		instead, size := spelled(s[i:])
		if instead != "" {
			b = append(append(b, s[from:i]...), instead...)
			from = i + size
		}
		i += size
	}
	return append(b, s[from:]...)
}

// spelled gives what stands in XML for the first character of a text, "" if it
// stands for itself, and its length in bytes. What XML cannot hold is replaced.
func spelled(s string) (instead string, size int) {
	const lost = "\uFFFD"
	switch c := s[0]; {
	case c == '&':
		return "&amp;", 1
	case c == '<':
		return "&lt;", 1
	case c == '>':
		return "&gt;", 1
	case c == '\r': // a reader would make it an LF
		return "&#xD;", 1
	case c == '_' && escapeLike(s):
		return "_x005F_", 1
	case c < ' ' && c != '\t' && c != '\n':
		return lost, 1
	case c < utf8.RuneSelf:
		return "", 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
		return lost, size
	}
	return "", size
}

// escapeLike reports whether a text begins like _x0041_, which spreadsheet
// programs take for a character, and some of them also with fewer digits.
func escapeLike(s string) bool {
	if len(s) < 2 || s[1] != 'x' {
		return false
	}
	for i := 2; i < len(s) && i <= 6; i++ {
		if s[i] == '_' {
			return i > 2
		}
		if strings.IndexByte("0123456789abcdefABCDEF", s[i]) < 0 {
			return false
		}
	}
	return false
}
