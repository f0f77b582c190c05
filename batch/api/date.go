package api

import (
	"errors"
	"fmt"
)

// dateDigits is how many digits unix seconds have from 2001 to 2286.
const dateDigits = 10

// ParseDate reads unix seconds: exactly 10 digits, the first not 0. The error
// says in a clerk's words what is wrong and what to do, without the value.
//
// Nothing else is taken, because nothing else would fail: the service reads
// "2013-03-03" as the second 2013, in the year 1970, and milliseconds as a day
// tens of thousands of years ahead.
func ParseDate(text string) (int64, error) {
	if n, ok := wholeNumber(text); ok && len(text) == dateDigits {
		return int64(n), nil
	}
	return 0, dateFault(text)
}

func dateFault(text string) error {
	const what = "the date"
	if text == "" {
		return errors.New("the date is empty")
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
	switch len(text) {
	case 13:
		return errors.New("the date has 13 digits, which are milliseconds; unix seconds are 10 digits")
	case 16, 19:
		return fmt.Errorf("the date has %d digits, which are fractions of a second; unix seconds are 10 digits", len(text))
	case 8, 14:
		return fmt.Errorf("the date has %d digits, as year, month and day in one have; say --date-format", len(text))
	case 5:
		return errors.New("the date has 5 digits, as a spreadsheet's day number has; format the column as a date")
	case dateDigits:
		return errors.New("the date begins with a zero; unix seconds from 2001 on do not")
	}
	return fmt.Errorf("the date has %d digits; unix seconds are exactly 10", len(text))
}
