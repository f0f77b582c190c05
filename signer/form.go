package signer

import (
	"errors"
	"fmt"
	"strings"
)

// Field is one name and value of a form, not encoded. Both are bytes: what is
// not UTF-8 is sent as it is.
type Field struct{ Name, Value string }

// Form is what is posted, in the order in which it is posted. The hash covers
// the order too, so nothing here sorts.
type Form []Field

// upperHex are the digits PHP writes.
const upperHex = "0123456789ABCDEF"

// plain tells the bytes that PHP leaves as they are. The tilde is not among
// them, which is the one difference from net/url.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = alphanumeric(byte(c)) || c == '-' || c == '.' || c == '_'
	}
	return t
}()

// AppendEncode appends the form as PHP's http_build_query writes it, byte for
// byte.
func (f Form) AppendEncode(dst []byte) []byte {
	for i, field := range f {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = AppendEscape(dst, field.Name)
		dst = append(dst, '=')
		dst = AppendEscape(dst, field.Value)
	}
	return dst
}

// AppendEscape appends a name or value as PHP's urlencode writes it. Letters,
// digits, "-", "." and "_" stay as they are.
func AppendEscape(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case plain[c]:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// Encode is AppendEncode as a string.
func (f Form) Encode() string {
	var room [128]byte
	return string(f.AppendEncode(room[:0]))
}

// errForm is behind every error of ParseForm.
var errForm = errors.New("not a form")

// ParseForm reads a posted body into its fields, in the order of arrival. It
// guesses nothing: a pair without "=", an empty pair, a broken %-escape or a
// byte that has no place in a form is an error. A name may come twice; what
// that means is for the caller. An empty body is an empty form.
//
// What Encode wrote, ParseForm reads back unchanged.
func ParseForm(body []byte) (Form, error) {
	if len(body) == 0 {
		return nil, nil
	}
	var form Form
	for pair := range strings.SplitSeq(string(body), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%w: field %d has no equals sign", errForm, len(form)+1)
		}
		name, nameOK := unescape(name)
		value, valueOK := unescape(value)
		if !nameOK || !valueOK {
			return nil, fmt.Errorf("%w: field %d is not encoded properly", errForm, len(form)+1)
		}
		form = append(form, Field{name, value})
	}
	return form, nil
}

// unescape decodes one name or value.
func unescape(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%':
			if i+2 >= len(s) {
				return "", false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			out = append(out, byte(high<<4|low))
			i += 2
		case c <= ' ' || c >= 0x7f || c == '=':
			return "", false
		default:
			out = append(out, c)
		}
	}
	return string(out), true
}

// unhex is the value of a hex digit in either case, or -1.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
