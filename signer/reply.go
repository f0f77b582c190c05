package signer

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
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
// nothing. The hash does not say which request was answered either. A Text that
// quotes the key has [key] in its place: it is meant to be shown and kept.
func (a Account) Verify(body []byte) (Reply, error) {
	if len(body) > limit {
		return Reply{}, fmt.Errorf("%w: it is longer than %d bytes", ErrShape, limit)
	}
	s := scanner{b: body}
	m, ok := s.reply()
	if !ok {
		if kind := kindOf(body); kind != "" {
			return Reply{}, fmt.Errorf("%w: %s", ErrShape, kind)
		}
		return Reply{}, fmt.Errorf("%w: %s, at byte %d", ErrShape, s.fault, s.i)
	}
	r := Reply{Code: m.code.String(), Text: m.text.String()}
	// Without a key everybody could sign.
	genuine := a.signed(r.Code, r.Text, m.hash) && a.secret() != ""
	r.Text = a.masked(r.Text)
	if !genuine {
		return r, ErrHash
	}
	r.Result = m.result
	return r, nil
}

// kindOf names what often comes instead of JSON; "" if it is something else.
func kindOf(body []byte) string {
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0:
		return "it is empty"
	case text[0] == '<':
		return "it begins as a web page does"
	case bytes.HasPrefix(text, []byte("\ufeff")):
		return "it begins with a byte-order mark"
	}
	return ""
}

// leastMasked is the length of the shortest key that is masked: a shorter one
// may well be a part of any text.
const leastMasked = 8

func (a Account) masked(text string) string {
	if key := a.secret(); len(key) >= leastMasked {
		return strings.ReplaceAll(text, key, "[key]")
	}
	return text
}

// signed compares in constant time.
func (a Account) signed(code, text string, hash quoted) bool {
	var want, room [2 * md5.Size]byte
	sum := a.replySum(code, text)
	hex.Encode(want[:], sum[:])
	return subtle.ConstantTimeCompare(want[:], hash.appendTo(room[:0])) == 1
}
