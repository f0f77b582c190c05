package signer

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep a reply may be nested, the reply itself included.
const maxDepth = 16

// scanner reads JSON (RFC 8259) in place, without allocating. It is stricter
// than encoding/json, which repairs invalid UTF-8 and lone surrogates and lets
// the last of two equal names win; and it may be, for a reply is trusted with
// deciding what is never sent again.
//
// Its methods report whether they found what they read, and leave i behind it.
// After a failure, fault and i say what and where; nothing more may be read.
type scanner struct {
	b     []byte
	i     int
	fault string
}

func (s *scanner) fail(fault string) bool {
	s.fault = fault
	return false
}

// peek is the next byte, or 0 at the end. A byte 0 is valid nowhere, so nobody
// needs to tell the two apart.
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// value reads any value and forgets it.
func (s *scanner) value(depth int) bool {
	switch c := s.peek(); c {
	case '{':
		return s.object(depth, func(quoted) bool { return s.value(depth + 1) })
	case '[':
		return s.array(depth)
	case '"':
		var q quoted
		return s.str(&q)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

// object reads an object; member reads the value that belongs to a name.
func (s *scanner) object(depth int, member func(name quoted) bool) bool {
	if !s.open('{', depth) {
		return false
	}
	if s.peek() == '}' {
		s.i++
		return true
	}
	for {
		var name quoted
		if s.peek() != '"' {
			return s.fail("a member's name is expected")
		}
		if !s.str(&name) {
			return false
		}
		s.space()
		if s.peek() != ':' {
			return s.fail("a colon is expected")
		}
		s.i++
		s.space()
		if !member(name) {
			return false
		}
		if more, ok := s.more('}'); !more {
			return ok
		}
	}
}

func (s *scanner) array(depth int) bool {
	if !s.open('[', depth) {
		return false
	}
	if s.peek() == ']' {
		s.i++
		return true
	}
	for {
		if !s.value(depth + 1) {
			return false
		}
		if more, ok := s.more(']'); !more {
			return ok
		}
	}
}

// open enters an object or array.
func (s *scanner) open(bracket byte, depth int) bool {
	if s.peek() != bracket {
		return s.fail("an object is expected")
	}
	if depth > maxDepth {
		return s.fail("it is nested too deeply")
	}
	s.i++
	s.space()
	return true
}

// more reads what stands behind an element: a comma, or the end.
func (s *scanner) more(end byte) (more, ok bool) {
	s.space()
	switch s.peek() {
	case ',':
		s.i++
		s.space()
		return true, true
	case end:
		s.i++
		return false, true
	}
	return false, s.fail("a comma or the end is expected")
}

func (s *scanner) word(w string) bool {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return s.fail("a value is expected")
	}
	s.i += len(w)
	return true
}

// number reads a number of any size.
func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.i++
	}
	if s.peek() == '0' {
		s.i++
	} else if !s.digits() {
		return s.fail("a value is expected")
	}
	if s.peek() == '.' {
		s.i++
		if !s.digits() {
			return s.fail("a digit is expected")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		if c = s.peek(); c == '+' || c == '-' {
			s.i++
		}
		if !s.digits() {
			return s.fail("a digit is expected")
		}
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.i
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.i++
	}
	return s.i > start
}

// quoted is a string as it stands between its quotes, already found valid.
type quoted struct {
	raw     []byte
	escaped bool // some of it is written with a backslash
}

// String is the decoded text. The few texts of everyday replies cost nothing.
func (q quoted) String() string {
	var room [64]byte
	b := q.appendTo(room[:0])
	switch string(b) {
	case "":
		return ""
	case "0":
		return "0"
	case "ok":
		return "ok"
	case "OK":
		return "OK"
	case "order status changed":
		return "order status changed"
	}
	return string(b)
}

// str reads a string.
func (s *scanner) str(into *quoted) bool {
	s.i++
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			into.raw = s.b[start:s.i]
			s.i++
			return true
		case c == '\\':
			into.escaped = true
			if !s.escape() {
				return false
			}
		case c < ' ':
			return s.fail("a control byte is in a string")
		case c < utf8.RuneSelf:
			s.i++
		default:
			r, size := utf8.DecodeRune(s.b[s.i:])
			if r == utf8.RuneError && size == 1 {
				return s.fail("it is not valid UTF-8")
			}
			s.i += size
		}
	}
	return s.fail("it ends within a string")
}

// escape reads one escaped character.
func (s *scanner) escape() bool {
	_, size := unquote(s.b[s.i:])
	if size == 0 {
		return s.fail("a backslash begins nothing valid")
	}
	s.i += size
	return true
}

// shortEscapes are the characters behind a backslash, except u, and what they
// mean.
const (
	shortEscapes = `"\/bfnrt`
	shortMeaning = "\"\\/\b\f\n\r\t"
)

// unquote decodes the escape that b begins with and tells its size, 0 if it is
// not valid. Half a surrogate pair is not.
func unquote(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	if b[1] != 'u' {
		for i := range len(shortEscapes) {
			if shortEscapes[i] == b[1] {
				return rune(shortMeaning[i]), 2
			}
		}
		return 0, 0
	}
	r := hex4(b)
	switch {
	case r < 0:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	r = utf16.DecodeRune(r, hex4(b[6:]))
	if r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 is the number of the \uXXXX that b begins with, or -1.
func hex4(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		d := unhex(c)
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d)
	}
	return r
}

// appendTo decodes the string. What needs no decoding is not copied: dst is
// only room that may be used.
func (q quoted) appendTo(dst []byte) []byte {
	if !q.escaped {
		return q.raw
	}
	for i := 0; i < len(q.raw); {
		if q.raw[i] != '\\' {
			dst = append(dst, q.raw[i])
			i++
			continue
		}
		r, size := unquote(q.raw[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst
}
