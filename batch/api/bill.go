package api

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDigits is the longest order number: every number of so many digits fits
// the signed 64 bits of the service's integers.
const maxDigits = 18

// ParseBill reads an order number: digits only, no sign, no leading zero, 1 to
// 18 digits. The error says in a clerk's words what is wrong and what to do,
// without the value.
//
// Nothing else is taken for a number, and nothing is mended. The service is
// written in PHP, whose cast to an integer takes what digits it finds first: it
// reads "100 000" as order 100, "1,234" as order 1, "1e5" as order 100000 and
// "12345.0" or "12345abc" as order 12345, without a word. A doubtful number
// would not fail, it would change somebody else's order.
func ParseBill(text string) (uint64, error) {
	if n, ok := wholeNumber(text); ok {
		return n, nil
	}
	return 0, billFault(text)
}

// wholeNumber reads digits without a leading zero.
func wholeNumber(text string) (uint64, bool) {
	if text == "" || len(text) > maxDigits || text[0] == '0' {
		return 0, false
	}
	var n uint64
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}

// billFault says why a text is no order number. What is true of any cell comes
// first, then what somebody or a spreadsheet may have made of a number.
func billFault(text string) error {
	const what = "the order number"
	if text == "" {
		return errors.New("the order number is empty")
	}
	if err := cellFault(text, what); err != nil {
		return err
	}
	if err := numberFault(text, what); err != nil {
		return err
	}
	switch {
	case onlyDigits(text):
		return digitsFault(text)
	case text[0] == '#':
		return errors.New("the order number begins with #, as a shop's own numbers do; give the service's number, digits only")
	case strings.ContainsFunc(text, unicode.IsSpace):
		return errors.New("a blank stands in the order number; write it in one piece")
	case strings.ContainsFunc(text, unicode.IsLetter):
		return errors.New("the order number contains letters; it is digits only: is this the right column?")
	}
	return errors.New("the order number contains something else than digits; is this the right column?")
}

// digitsFault is about what is digits only.
func digitsFault(text string) error {
	switch {
	case strings.Trim(text, "0") == "":
		return errors.New("the order number is zero; there is no such order")
	case text[0] == '0':
		return errors.New("the order number has a leading zero, which the service would drop; is this the right column?")
	}
	return fmt.Errorf("the order number has %d digits, more than %d; is this the right column?", len(text), maxDigits)
}

// cellFault is about what no cell may hold, whatever it means.
func cellFault(text, what string) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not readable text; is --encoding right?", what)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("a control character, such as a tab or a line end, stands in %s; type it anew", what)
	case strings.ContainsFunc(text, invisible):
		return fmt.Errorf("an invisible character stands in %s; type it anew", what)
	case strings.IndexAny(text, "'’‘`") == 0:
		return fmt.Errorf("an apostrophe stands before %s; take it out", what)
	case spreadsheetError(text):
		return fmt.Errorf("a spreadsheet's error stands in place of %s; mend the formula, or widen the column, and save again", what)
	}
	return nil
}

// invisible are characters that show nothing and are no blanks: a soft hyphen,
// a zero-width space, a byte-order mark, marks for the direction of writing.
func invisible(r rune) bool { return unicode.Is(unicode.Cf, r) }
