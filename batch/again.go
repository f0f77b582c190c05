package batch

import (
	"fmt"
	"strings"
)

// Again says which updates that would not be sent are to be sent after all.
type Again uint8

// The choices of Again; they can be joined with |.
const (
	AgainRejected Again = 1 << iota
	AgainLate
	AgainStale
	AgainSuperseded
)

var againWords = [...]string{"rejected", "late", "stale", "superseded"}

// ParseAgain reads a comma-separated list of the four words.
func ParseAgain(list string) (Again, error) {
	var a Again
next:
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		for i, w := range againWords {
			if strings.EqualFold(word, w) {
				a |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("%q is none of %s", word, strings.Join(againWords[:], ", "))
	}
	return a, nil
}

// String is the list that ParseAgain reads.
func (a Again) String() string {
	var words []string
	for i, w := range againWords {
		if a&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, ",")
}
