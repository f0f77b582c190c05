package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// The shapes into which people and spreadsheets put numbers.
var (
	scientific = regexp.MustCompile(`^\+?(\d+)(?:[.,](\d*))?[eE]([+-]?\d{1,4})$`)
	grouped    = regexp.MustCompile("^\\d{1,3}(?:[ ,.'’_\u00a0\u2009\u202f]\\d{3})+(?:[.,]\\d*)?$")
	decimal    = regexp.MustCompile(`^\d+[.,](\d*)$`)
)

// isScientific reports a number in scientific form. Most texts are told apart
// by one look, without the expression.
func isScientific(text string) bool {
	return strings.ContainsAny(text, "eE") && strings.IndexByte("+0123456789", text[0]) >= 0 && scientific.MatchString(text)
}

// numberFault knows the numbers that are not written as plain digits; nil if
// the text is none of them.
func numberFault(text, what string) error {
	switch {
	case isScientific(text):
		return shortened(text, what)
	case strings.IndexAny(text, "+-−–") == 0:
		return fmt.Errorf("%s has a sign; write digits only", what)
	case grouped.MatchString(text):
		return fmt.Errorf("%s is written in groups of digits; write it without blanks, commas or points", what)
	case decimal.MatchString(text):
		return decimalFault(text, what)
	case foreignDigits(text):
		return fmt.Errorf("%s is written with other digits than 0 to 9; type it anew", what)
	}
	return nil
}

func decimalFault(text, what string) error {
	if part := decimal.FindStringSubmatch(text)[1]; strings.Trim(part, "0") == "" {
		return fmt.Errorf("%s has a decimal part; a spreadsheet may have added it: format the column as text, and write digits only", what)
	}
	return fmt.Errorf("%s is not a whole number; is this the right column?", what)
}

// maxNamed is the most digits that a message names.
const maxNamed = 40

// shortened is the verdict on a number in scientific form: whether its digits
// are still there. It is refused in either case, for a spreadsheet that showed
// few of the digits may have hidden more.
//
// The digits are named, for that is what a clerk will look for, unless they are
// more than any number of ours has.
func shortened(text, what string) error {
	m := scientific.FindStringSubmatch(text)
	digits := strings.TrimLeft(m[1]+m[2], "0")
	exponent, _ := strconv.Atoi(m[3])
	length := len(digits) - len(m[2]) + exponent
	switch {
	case digits == "":
		return fmt.Errorf("%s is zero; is this the right column?", what)
	case length < 1:
		return fmt.Errorf("%s is not a whole number; is this the right column?", what)
	case len(digits) < length:
		return fmt.Errorf("%s is not a whole number; a spreadsheet may have shortened it, and its last digits are lost: "+
			"fetch it anew from where it came, with the column formatted as text", what)
	case strings.Trim(digits[length:], "0") != "":
		return fmt.Errorf("%s is not a whole number; is this the right column?", what)
	case length > maxNamed:
		return fmt.Errorf("%s is in scientific form, with more digits than any has; is this the right column?", what)
	}
	return fmt.Errorf("%s is in scientific form; it may be %s: check it, and format the column as text", what, digits[:length])
}

// foreignDigits reports digits of another script, or full-width ones.
func foreignDigits(text string) bool {
	found := false
	for _, r := range text {
		if !unicode.IsDigit(r) {
			return false
		}
		found = found || r > unicode.MaxASCII
	}
	return found
}

func onlyDigits(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}

// errorWord is what stands in a cell whose formula failed. The words are those
// of the spreadsheet's language (#VALUE!, #WERT!, #ЗНАЧ!), but all of one shape,
// besides those for a value that is not there.
var errorWord = regexp.MustCompile(`^(?i:#[\p{L}¡¿][\p{L}/0_]*[!?]|#N/A|#N/D|#NV|#Н/Д)$`)

// spreadsheetError knows those, the hash signs of a column too narrow, and
// LibreOffice's numbers, such as Err:502.
func spreadsheetError(text string) bool {
	if strings.HasPrefix(text, "#") {
		return len(text) > 1 && strings.Trim(text, "#") == "" || errorWord.MatchString(text)
	}
	const prefix = "err:5"
	return len(text) == len(prefix)+2 && strings.EqualFold(text[:len(prefix)], prefix) && onlyDigits(text[len(prefix):])
}
