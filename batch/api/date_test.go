package api

import (
	"strings"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	tests := []struct{ text, want string }{
		{"1000000000", "2001-09-09T01:46:40Z"},
		{"1362254400", "2013-03-02T20:00:00Z"},
		{"2147483647", "2038-01-19T03:14:07Z"},
		{"2147483648", "2038-01-19T03:14:08Z"},
		{"4294967296", "2106-02-07T06:28:16Z"},
		{"9999999999", "2286-11-20T17:46:39Z"},
	}
	for _, tt := range tests {
		got, err := ParseDate(tt.text)
		if shown := time.Unix(got, 0).UTC().Format(time.RFC3339); err != nil || shown != tt.want {
			t.Errorf("ParseDate(%q) = %d (%s), %v; want %s", tt.text, got, shown, err, tt.want)
		}
	}
}

const (
	zeroDate     = "the date is zero, which stands for none; fill it in"
	zeroFirst    = "the date begins with a zero; unix seconds from 2001 on do not: is this the right column?"
	milliseconds = "the date has 13 digits, which are milliseconds; unix seconds are 10 digits: leave out the last 3"
	dayNumber    = "the date has 5 digits, as a spreadsheet's day number has; format the column as a date"
	noSeconds    = "the date is not in unix seconds, which are 10 digits; say --date-format"
)

// lengthFaults are digits only, but not ten of them, or not with one first.
var lengthFaults = []fault{
	{"0", zeroDate},
	{"00000000", zeroDate},
	{"0000000000", zeroDate},
	{"7", "the date is a single digit; unix seconds are 10 digits: is this the right column?"},
	{"2013", "the date has 4 digits; unix seconds are exactly 10: is this the right column?"},
	{"41336", dayNumber},
	{"130303", "the date has 6 digits; unix seconds are exactly 10: is this the right column?"},
	{"20130303", "the date has 8 digits, as year, month and day in one have; say --date-format"},
	{"03032013", "the date has 8 digits, as year, month and day in one have; say --date-format"},
	{"999999999", "the date has 9 digits; unix seconds are exactly 10: is this the right column?"},
	{"0362254400", zeroFirst},
	{"01362254400", zeroFirst},
	{"0362254400000", zeroFirst},
	{"10000000000", "the date has 11 digits; unix seconds are exactly 10: is this the right column?"},
	{"1362254400000", milliseconds},
	{"20130303000000", "the date has 14 digits, as year, month and day in one have; say --date-format"},
	{
		"1362254400000000",
		"the date has 16 digits, which are fractions of a second; unix seconds are 10 digits: leave out the last 6",
	},
	{
		"1362254400000000000",
		"the date has 19 digits, which are fractions of a second; unix seconds are 10 digits: leave out the last 9",
	},
	{strings.Repeat("1", 300), "the date has 300 digits; unix seconds are exactly 10: is this the right column?"},
}

// dateFaults are all others.
var dateFaults = []fault{
	{"", empty},
	{"  ", empty},
	{"2013-03-03", noSeconds},
	{"2013-03-03T00:00:00Z", noSeconds},
	{"2013-03-03 00:00:00", noSeconds},
	{"03.03.2013", noSeconds},
	{"3/3/2013", noSeconds},
	{"2013/03/03", noSeconds},
	{"20130303T000000", noSeconds},
	{"0000-00-00", noSeconds},
	{"3 March 2013", noSeconds},
	{"yesterday", noSeconds},
	{" 1362254400", noSeconds},
	{"1362254400 ", noSeconds},
	{"1362254400s", noSeconds},
	{"#1362254400", noSeconds},
	{"0x5132", noSeconds},
	{"-1362254400", signed},
	{"+1362254400", signed},
	{"\u22121362254400", signed},
	{"1,362,254,400", groups},
	{"1 362 254 400", groups},
	{"1362254400.0", decimals},
	{"1362254400,", decimals},
	{"1362254400.123", broken},
	{"41336.5", broken},
	{"1.36E+09", lost},
	{"1.362254400E+09", maybe("1362254400")},
	{"1.3622544005E+09", broken},
	{"0E+00", zero},
	{strings.Repeat("7", 50) + "e0", endless},
	{"\u0661\u0663\u0666\u0662\u0662\u0665\u0664\u0664\u0660\u0660", foreign},
	{"\uff11362254400", foreign},
	{"'1362254400", apostrophe},
	{"1362254400\n", control},
	{"\ufeff1362254400", unseen},
	{"1362254400\xff", unreadable},
	{"#VALUE!", errorInCell},
	{"##########", errorInCell},
}

func TestParseDateFaults(t *testing.T) {
	for _, table := range [][]fault{lengthFaults, dateFaults} {
		for _, f := range table {
			n, err := ParseDate(f.text)
			if err == nil || n != 0 {
				t.Errorf("ParseDate(%q) = %d, %v", f.text, n, err)
				continue
			}
			if got, want := err.Error(), f.message(theDate); got != want {
				t.Errorf("ParseDate(%q):\n got %s\nwant %s", f.text, got, want)
			}
			checkMessage(t, theDate, f.text, err.Error())
		}
	}
}
