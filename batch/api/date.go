package api

import (
	"errors"
	"fmt"
	"strings"
)

// dateDigits is how many digits unix seconds have from 2001 to 2286.
const dateDigits = 10

// ParseDate reads unix seconds: exactly 10 digits, the first not 0. The error
// says in a clerk's words what is wrong and what to do, without the value.
//
// Nothing else is taken, because nothing else would fail: PHP's cast to an
// integer makes of "2013-03-03" the second 2013, in the year 1970, and
// milliseconds taken for seconds are a day tens of thousands of years ahead.
func ParseDate(text string) (int64, error) {
	if n, ok := wholeNumber(text); ok && len(text) == dateDigits {
		return int64(n), nil
	}
	return 0, dateFault(text)
}

func dateFault(text string) error {
	const what = "the date"
	if strings.TrimSpace(text) == "" {
		return errors.New("the date is empty; fill it in")
	}
	if err := cellFault(text, what); err != nil {
		return err
	}
	if onlyDigits(text) {
		return dateDigitsFault(text)
	}
	if err := numberFault(text, what); err != nil {
		return err
	}
	return errors.New("the date is not in unix seconds, which are 10 digits; say --date-format")
}

// dateDigitsFault guesses what a number of another length was meant to be.
func dateDigitsFault(text string) error {
	n := len(text)
	switch {
	case strings.Trim(text, "0") == "":
		return errors.New("the date is zero, which stands for none; fill it in")
	case n == 8 || n == 14: // the day may come first, and begin with a zero
		return fmt.Errorf("the date has %d digits, as year, month and day in one have; say --date-format", n)
	case text[0] == '0':
		return errors.New("the date begins with a zero; unix seconds from 2001 on do not: is this the right column?")
	case n == 13:
		return errors.New("the date has 13 digits, which are milliseconds; unix seconds are 10 digits: leave out the last 3")
	case n == 16 || n == 19:
		return fmt.Errorf("the date has %d digits, which are fractions of a second; unix seconds are 10 digits: leave out the last %d", n, n-dateDigits)
	case n == 5:
		return errors.New("the date has 5 digits, as a spreadsheet's day number has; format the column as a date")
	case n == 1:
		return errors.New("the date is a single digit; unix seconds are 10 digits: is this the right column?")
	}
	return fmt.Errorf("the date has %d digits; unix seconds are exactly 10: is this the right column?", n)
}
