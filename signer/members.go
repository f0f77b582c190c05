package signer

import "crypto/md5"

// members are the ones of a reply that matter.
type members struct {
	code, text, hash          quoted
	hasCode, hasText, hasHash bool
	result                    []byte
	results                   int
}

// reply reads the whole body.
func (s *scanner) reply() (m members, ok bool) {
	s.space()
	if !s.object(1, func(name quoted) bool { return s.member(&m, name) }) {
		return m, false
	}
	s.space()
	switch {
	case s.i < len(s.b):
		return m, s.fail("something follows the object")
	case !m.hasCode:
		return m, s.fail("error_code is missing")
	case !m.hasText:
		return m, s.fail("error_text is missing")
	case !m.hasHash:
		return m, s.fail("hash is missing")
	}
	return m, true
}

// member reads the value of one member of the reply.
func (s *scanner) member(m *members, name quoted) bool {
	var room [16]byte
	switch string(name.appendTo(room[:0])) {
	case "error_code":
		return s.once(&m.hasCode) && s.code(&m.code)
	case "error_text":
		return s.once(&m.hasText) && s.text(&m.text)
	case hashName:
		return s.once(&m.hasHash) && s.hash(&m.hash)
	case "result":
		start := s.i
		if !s.value(2) {
			return false
		}
		m.result = s.b[start:s.i:s.i]
		if m.results++; m.results > 1 {
			m.result = nil
		}
		return true
	}
	return s.value(2)
}

// once notes that a member has come, and refuses it the second time.
func (s *scanner) once(has *bool) bool {
	if *has {
		return s.fail("a member comes twice")
	}
	*has = true
	return true
}

// code reads an integer or a string of one.
func (s *scanner) code(into *quoted) bool {
	start := s.i
	switch c := s.peek(); {
	case c == '"':
		if !s.str(into) {
			return false
		}
	case c == '-' || '0' <= c && c <= '9':
		if !s.number() {
			return false
		}
		into.raw = s.b[start:s.i]
	}
	var room [24]byte
	if !integer(into.appendTo(room[:0])) {
		s.i = start
		return s.fail("error_code is not a plain integer")
	}
	return true
}

// integer reports whether b is 0 or -?[1-9][0-9]*.
func integer(b []byte) bool {
	if string(b) == "0" {
		return true
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) == 0 || b[0] == '0' {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// text reads a string or null.
func (s *scanner) text(into *quoted) bool {
	switch s.peek() {
	case '"':
		return s.str(into)
	case 'n':
		return s.word("null")
	}
	return s.fail("error_text is neither a string nor null")
}

// hash reads 32 lower-case hex digits.
func (s *scanner) hash(into *quoted) bool {
	start := s.i
	if s.peek() != '"' {
		return s.fail("hash is not a string")
	}
	if !s.str(into) {
		return false
	}
	var room [2 * md5.Size]byte
	if !lowerHex(into.appendTo(room[:0])) {
		s.i = start
		return s.fail("hash is not 32 lower-case hex digits")
	}
	return true
}

func lowerHex(b []byte) bool {
	if len(b) != 2*md5.Size {
		return false
	}
	for _, c := range b {
		if unhex(c) < 0 || 'A' <= c && c <= 'F' {
			return false
		}
	}
	return true
}
