package api

import (
	"errors"
	"fmt"
	"strings"
)

// maxRPO is the longest tracking number, in bytes. The longest of any carrier
// is under 40; 255 is what a text column of a database usually holds, and what
// is over it is a cell that swallowed its neighbours.
const maxRPO = 255

// CheckRPO says in a clerk's words what is wrong with a tracking number and
// what to do, without the value; nil if nothing is. Any carrier's number
// passes, for the service takes any text but an empty one, and "0", which PHP
// takes for empty too. What passes is sent byte for byte.
func CheckRPO(text string) error {
	const what = "the tracking number"
	if 1 < len(text) && len(text) <= maxRPO && alphanumeric(text) {
		return nil // nothing below has anything to say of nearly all numbers
	}
	switch strings.TrimSpace(text) {
	case "":
		return errors.New("the tracking number is empty; fill it in")
	case "0":
		return errors.New("the tracking number is 0, which the service takes for none; fill in the carrier's number")
	}
	if len(text) > maxRPO {
		return fmt.Errorf("the tracking number is longer than %d bytes; is this the right column?", maxRPO)
	}
	if err := cellFault(text, what); err != nil {
		return err
	}
	if m := decimal.FindStringSubmatch(text); m != nil && m[1] != "" && strings.Trim(m[1], "0") == "" {
		return decimalFault(text, what)
	}
	// A number like 123E45 may be a carrier's own; spreadsheets write a point
	// or the exponent's sign.
	if isScientific(text) && strings.ContainsAny(text, ".,+-") {
		return shortened(text, what)
	}
	return nil
}

// alphanumeric reports plain letters and digits.
func alphanumeric(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
