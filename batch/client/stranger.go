package client

import (
	"strings"
	"unicode"
)

// strangerError is why a handshake failed. It may quote the names in a
// certificate, which are the words of somebody unproved and can hold anything:
// what would move a cursor or begin a line becomes a blank.
type strangerError struct{ cause error }

func (e *strangerError) Error() string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, e.cause.Error())
}

func (e *strangerError) Unwrap() error { return e.cause }
