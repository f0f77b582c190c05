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
// Nothing else is taken for a number, and nothing is mended. PHP's cast to an
// integer keeps the number a text begins with and drops the rest without a
// word: "100 000" becomes 100, "1,234" 1, "1e5" 100000, "12345.0" 12345 and
// "100000abc" 100000. To a service that casts, a doubtful number would not be a
// fault, it would be somebody else's order. (A service that casts before it
// looks at the hash refuses "007", whose hash is not that of 7.)
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
	if strings.TrimSpace(text) == "" {
		return errors.New("the order number is empty; fill it in")
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
		return errors.New("the order number is zero, and there is no such order; is this the right column?")
	case text[0] == '0':
		return errors.New("the order number has a leading zero, which the service would drop; is this the right column?")
	}
	return fmt.Errorf("the order number has %d digits, more than %d; is this the right column?", len(text), maxDigits)
}

// cellFault is about what no cell may hold, whatever it means. RuneError stands
// for bytes that are no text, and is itself what another program has left where
// it could not read one.
func cellFault(text, what string) error {
	switch {
	case strings.ContainsRune(text, utf8.RuneError):
		return fmt.Errorf("%s is not readable text; is --encoding right?", what)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("a control character, such as a tab or a line end, stands in %s; type it anew", what)
	case strings.ContainsFunc(text, invisible):
		return fmt.Errorf("an invisible character stands in %s; type it anew", what)
	case startsQuoted(text):
		return fmt.Errorf("an apostrophe stands before %s; take it out", what)
	case spreadsheetError(text):
		return fmt.Errorf("a spreadsheet's error stands in place of %s; mend the formula, or widen the column, and save again", what)
	}
	return nil
}

// startsQuoted reports that a text begins with one, of whatever shape.
func startsQuoted(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("'’‘`", first)
}

// invisible are characters that show nothing and are no blanks: a soft hyphen,
// a zero-width space, a byte-order mark, marks for the direction of writing,
// fillers, variants of a character.
func invisible(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}
