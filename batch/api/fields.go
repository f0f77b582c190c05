package api

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDigits is the longest order number; it fits PHP's integer.
const maxDigits = 18

// ParseBill reads an order number: digits only, no sign, no leading zero, 1 to
// 18 digits. The error says what is wrong and what to do.
//
// Nothing else is taken for a number, and nothing is mended: the service casts
// the text to an integer, which reads "100 000" as order 100, "1,234" as order
// 1 and "1e5" as order 100000, and would change that order without a word.
func ParseBill(text string) (uint64, error) {
	if n, ok := digitsOnly(text); ok && n != 0 {
		return n, nil
	}
	return 0, billFault(text)
}

// digitsOnly is the fast way for what is right.
func digitsOnly(text string) (uint64, bool) {
	if len(text) == 0 || len(text) > maxDigits || text[0] == '0' {
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

var (
	scientific = regexp.MustCompile(`^[+-]?(\d+)(?:[.,](\d*))?[eE]([+-]?\d{1,3})$`)
	grouped    = regexp.MustCompile(`^\d{1,3}(?:[ ,.'\x{a0}\x{202f}]\d{3})+$`)
	decimal    = regexp.MustCompile(`^\d+[.,]\d+$`)
	digits     = regexp.MustCompile(`^\d+$`)
)

// billFault says in a clerk's words why a text is no order number.
func billFault(text string) error {
	switch {
	case text == "":
		return errors.New("the order number is empty")
	case hasControl(text):
		return errors.New("a control character stands in the order number; type it anew")
	case scientific.MatchString(text):
		return shortened(text, "order number")
	case strings.HasPrefix(text, "'"):
		return errors.New("an apostrophe stands before the order number; take it out")
	case digits.MatchString(text):
		return digitsFault(text)
	case grouped.MatchString(text):
		return errors.New("the order number is written in groups of digits; write it without blanks, commas or points")
	case decimal.MatchString(text):
		return errors.New("the order number has a decimal part; a spreadsheet may have added it, format the column as text")
	case text[0] == '-' || text[0] == '+':
		return errors.New("an order number has no sign")
	case text[0] == '#':
		return errors.New("an order number is digits only; take out the #, if what follows is the number of the order and not the shop's own")
	case strings.ContainsFunc(text, unicode.IsDigit) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }):
		return errors.New("the order number is written with other digits than 0 to 9")
	}
	return errors.New("an order number is digits only; is this the right column?")
}

func digitsFault(text string) error {
	switch {
	case strings.Trim(text, "0") == "":
		return errors.New("there is no order number 0")
	case text[0] == '0':
		return errors.New("an order number has no leading zero; is this the right column?")
	}
	return fmt.Errorf("an order number has at most %d digits; is this the right column?", maxDigits)
}

// shortened is the verdict on a number that a spreadsheet has put into
// scientific form: whether all its digits are still there. It is refused in
// either case, for a guess could change another order.
func shortened(text, what string) error {
	m := scientific.FindStringSubmatch(text)
	mantissa := strings.TrimLeft(m[1]+m[2], "0")
	exponent, _ := strconv.Atoi(m[3])
	length := len(mantissa) - len(m[2]) + exponent
	if length > 0 && len(mantissa) >= length && strings.Trim(mantissa[length:], "0") == "" {
		return fmt.Errorf("a spreadsheet has put the %s into scientific form; all its digits seem to be there (%s): check it, and format the column as text",
			what, mantissa[:length])
	}
	return fmt.Errorf("a spreadsheet has shortened the %s; its last digits are lost: fetch it anew from where it came, and format the column as text", what)
}

// ParseDate reads unix seconds: exactly 10 digits, which is 2001 to 2286.
func ParseDate(text string) (int64, error) {
	if len(text) == 10 {
		if n, ok := digitsOnly(text); ok {
			return int64(n), nil
		}
	}
	switch {
	case text == "":
		return 0, errors.New("the date is empty")
	case len(text) == 13 && digits.MatchString(text):
		return 0, errors.New("13 digits are milliseconds; the API takes seconds, which are 10 digits")
	case digits.MatchString(text):
		return 0, errors.New("unix seconds are exactly 10 digits")
	case scientific.MatchString(text):
		return 0, shortened(text, "date")
	}
	return 0, errors.New("the date is not in unix seconds")
}

// maxRPO is the longest tracking number, in bytes: far more than any carrier's.
const maxRPO = 255

// CheckRPO says what is wrong with a tracking number, nil if nothing is. Any
// carrier's number passes; a lone 0 does not, for the service takes it as empty.
func CheckRPO(text string) error {
	switch {
	case text == "":
		return errors.New("the tracking number is empty")
	case text == "0":
		return errors.New("the tracking number is 0, which the API takes as none")
	case !utf8.ValidString(text):
		return errors.New("the tracking number is not valid UTF-8 text")
	case hasControl(text):
		return errors.New("a control character stands in the tracking number; type it anew")
	case text[0] == '\'':
		return errors.New("an apostrophe stands before the tracking number; take it out")
	case len(text) > maxRPO:
		return fmt.Errorf("the tracking number is longer than %d bytes", maxRPO)
	case scientific.MatchString(text) && strings.ContainsAny(text, ".,+"):
		return shortened(text, "tracking number")
	}
	return nil
}

func hasControl(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) || r == 0xfeff || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 {
			return true
		}
	}
	return false
}

// RPODoubt says why a tracking number may be wrong, "" if nothing speaks
// against it. It never refuses: even the service's own example fails its
// check digit.
func RPODoubt(text string) string {
	switch {
	case len(text) == 14 && digits.MatchString(text) && !domesticOK(text):
		return "the check digit of the tracking number is wrong (14-digit domestic number)"
	case s10.MatchString(text) && !s10OK(text):
		return "the check digit of the tracking number is wrong (international number)"
	case len(text) >= 16 && digits.MatchString(text) && strings.HasSuffix(text, "0000"):
		return "the tracking number ends in zeros; a spreadsheet may have rounded it"
	}
	return ""
}

// domesticOK checks the last of 14 digits: three times the digits in odd
// places and once those in even places come to a multiple of ten with it.
func domesticOK(text string) bool {
	sum := 0
	for i := range 13 {
		d := int(text[i] - '0')
		if i%2 == 0 {
			d *= 3
		}
		sum += d
	}
	return (10-sum%10)%10 == int(text[13]-'0')
}

var s10 = regexp.MustCompile(`^[A-Z]{2}\d{9}[A-Z]{2}$`)

// s10OK checks the ninth digit of a number by UPU standard S10: the weighted
// sum of the first eight, modulo 11.
func s10OK(text string) bool {
	sum := 0
	for i, weight := range [8]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += weight * int(text[2+i]-'0')
	}
	check := 11 - sum%11
	switch check {
	case 10:
		check = 0
	case 11:
		check = 5
	}
	return check == int(text[10]-'0')
}
