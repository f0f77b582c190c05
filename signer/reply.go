package signer

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

// Reply is what the API answered.
type Reply struct {
	// Code is the error_code, digit for digit.
	Code string
	// Text is the error_text, decoded; empty for null.
	Text string
	// Result is the raw JSON of the member "result", a part of the body that
	// was verified; nil if there is none or, because then nobody can tell
	// which one is meant, more than one. The hash does not cover it.
	Result []byte
}

// The errors of Verify.
var (
	// ErrShape: the body is not the JSON that a reply must be. It comes
	// wrapped, with what is wrong and where; the body is not quoted.
	ErrShape = errors.New("the reply is not as it must be")
	// ErrHash: the reply is well formed, and its hash is wrong.
	ErrHash = errors.New("the reply's hash is wrong")
)

// limit is the most bytes of a reply that are looked at.
const limit = 64 << 10

// Verify reads a reply and decides whether it may be trusted. The body must be
// one JSON object with nothing but white space around it, and hold error_code,
// error_text and hash, by exactly these names, each once:
//
//   - error_code is an integer without fraction, exponent, leading zeros or
//     minus zero, or a string of one;
//   - error_text is a string or null;
//   - hash is the MD5 of code::text::key as 32 lower-case hex digits.
//
// Other members are ignored, but must be valid JSON, nested at most 16 deep.
// Invalid UTF-8 and lone surrogates are refused wherever they are.
//
// This is much stricter than comparing with PHP's ==, under which `true` is the
// right hash of everything, and an error_code that is missing means success.
//
// With ErrHash the Reply still carries Code and Text, because a wrong key here
// makes the hash wrong too, and then the code is what tells. They prove
// nothing. The hash does not say which request was answered either.
func (a Account) Verify(body []byte) (Reply, error) {
	if len(body) > limit {
		return Reply{}, fmt.Errorf("%w: it is longer than %d bytes", ErrShape, limit)
	}
	s := scanner{b: body}
	m, ok := s.reply()
	if !ok {
		return Reply{}, fmt.Errorf("%w: %s, at byte %d", ErrShape, s.fault, s.i)
	}
	r := Reply{Code: m.code.String(), Text: m.text.String()}
	// Without a key everybody could sign.
	if !a.signed(r.Code, r.Text, m.hash) || a.secret() == "" {
		return r, ErrHash
	}
	r.Result = m.result
	return r, nil
}

// signed compares in constant time.
func (a Account) signed(code, text string, hash quoted) bool {
	var want, room [2 * md5.Size]byte
	sum := a.replySum(code, text)
	hex.Encode(want[:], sum[:])
	return subtle.ConstantTimeCompare(want[:], hash.appendTo(room[:0])) == 1
}

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
	if s.peek() == '"' {
		if !s.str(into) {
			return false
		}
	} else {
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
