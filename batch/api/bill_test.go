package api

import (
	"math"
	"strings"
	"testing"
)

func TestParseBill(t *testing.T) {
	tests := []struct {
		text string
		want uint64
	}{
		{"1", 1},
		{"9", 9},
		{"10", 10},
		{"100000", 100000},
		{"1362254400", 1362254400},
		{"9223372036854775", 9223372036854775},
		{"100000000000000000", 100000000000000000},
		{"999999999999999999", 999999999999999999},
	}
	for _, tt := range tests {
		if got, err := ParseBill(tt.text); err != nil || got != tt.want {
			t.Errorf("ParseBill(%q) = %d, %v; want %d", tt.text, got, err, tt.want)
		}
	}
	if largest := tests[len(tests)-1].want; largest > math.MaxInt64 {
		t.Errorf("%d does not fit the service's integers", largest)
	}
}

const (
	zeroBill    = "the order number is zero, and there is no such order; is this the right column?"
	leadingZero = "the order number has a leading zero, which the service would drop; is this the right column?"
	nineteen    = "the order number has 19 digits, more than 18; is this the right column?"
	shopNumber  = "the order number begins with #, as a shop's own numbers do; give the service's number, digits only"
	blankInside = "a blank stands in the order number; write it in one piece"
	letters     = "the order number contains letters; it is digits only: is this the right column?"
	otherSigns  = "the order number contains something else than digits; is this the right column?"
)

// plainFaults are digits only, and no order number all the same.
var plainFaults = []fault{
	{"", empty},
	{" ", empty},
	{"\u00a0\u3000", empty},
	{"0", zeroBill},
	{"000", zeroBill},
	{strings.Repeat("0", 40), zeroBill},
	{"007", leadingZero},
	{"0100000", leadingZero},
	{"0999999999999999999", leadingZero},
	{"1000000000000000000", nineteen},
	{"9223372036854775807", nineteen},
	{"9223372036854775808", nineteen},
	{"18446744073709551617", "the order number has 20 digits, more than 18; is this the right column?"},
	{strings.Repeat("9", 1000), "the order number has 1000 digits, more than 18; is this the right column?"},
}

// writtenFaults are numbers in the way people write and spreadsheets save them.
var writtenFaults = []fault{
	{"+100000", signed},
	{"-100000", signed},
	{"\u2212100000", signed},
	{"\u2013100000", signed},
	{"-0", signed},
	{"+", signed},
	{"100 000", groups},
	{"1,234", groups},
	{"1.234", groups},
	{"1,234,567", groups},
	{"1.234.567,00", groups},
	{"1 234 567.5", groups},
	{"100'000", groups},
	{"100\u2019000", groups},
	{"100_000", groups},
	{"100\u00a0000", groups},
	{"100\u2009000", groups},
	{"100\u202f000", groups},
	{"12345.0", decimals},
	{"12345,00", decimals},
	{"12345.", decimals},
	{"12345.5", broken},
	{"12345,05", broken},
	{"1234,567", broken},
	{"0.5", broken},
	{"1.00E+05", lost},
	{"1e5", lost},
	{"1E5", lost},
	{"1,5E+03", lost},
	{"+1.2E+07", lost},
	{"1.23457E+13", lost},
	{"9e9999", lost},
	{"1.00000E+05", maybe("100000")},
	{"123456e0", maybe("123456")},
	{"1234.56E2", maybe("123456")},
	{"12345600e-2", maybe("123456")},
	{"0001234.56E2", maybe("123456")},
	{"0.00123456E+08", maybe("123456")},
	{"1.23456000E+05", maybe("123456")},
	{"123456.7E0", broken},
	{"1.5E0", broken},
	{"1E-5", broken},
	{"0.0001E+03", broken},
	{"0E+05", zero},
	{"0.00E+00", zero},
	{"0e-9999", zero},
	{strings.Repeat("7", 40) + "e0", maybe(strings.Repeat("7", 40))},
	{strings.Repeat("7", 41) + "e0", endless},
	{strings.Repeat("7", 5000) + "e0", endless},
	{"\uff11\uff12\uff13", foreign},         // full-width
	{"\u0661\u0662\u0663", foreign},         // Arabic
	{"\u0967\u0968\u0969", foreign},         // Devanagari
	{"1234\u0665", foreign},                 // one of them is enough
	{"\U0001d7ce\U0001d7cf\u0663", foreign}, // mathematical bold
}

// cellFaults hold what no cell may hold.
var cellFaults = []fault{
	{"'100000", apostrophe},
	{"\u2019100000", apostrophe},
	{"\u2018100000", apostrophe},
	{"`100000", apostrophe},
	{"'", apostrophe},
	{"100\xff000", unreadable},
	{"\xc0\xb1", unreadable},
	{"1000\xd0", unreadable},
	{"100\ufffd000", unreadable},
	{"100000\x00", control},
	{"100000\t", control},
	{"100000\r\n", control},
	{"1000\n00", control},
	{"100000\x7f", control},
	{"100000\u0085", control},
	{"\ufeff100000", unseen}, // byte-order mark
	{"100\u200b000", unseen}, // zero-width space
	{"100\u00ad000", unseen}, // soft hyphen
	{"100000\u200e", unseen}, // left to right
	{"\u202a100000\u202c", unseen},
	{"100\u2060000", unseen},     // word joiner
	{"100000\ufe0f", unseen},     // variation selector
	{"100\u3164000", unseen},     // Hangul filler
	{"\U000e0031100000", unseen}, // tag
	{"#N/A", errorInCell},
	{"#n/a", errorInCell},
	{"#REF!", errorInCell},
	{"#VALUE!", errorInCell},
	{"#NAME?", errorInCell},
	{"#DIV/0!", errorInCell},
	{"#NUM!", errorInCell},
	{"#NULL!", errorInCell},
	{"#SPILL!", errorInCell},
	{"#Н/Д", errorInCell},
	{"#н/д", errorInCell},
	{"#ССЫЛКА!", errorInCell},
	{"#ЗНАЧ!", errorInCell},
	{"#ИМЯ?", errorInCell},
	{"#ДЕЛ/0!", errorInCell},
	{"#NV", errorInCell},
	{"#WERT!", errorInCell},
	{"#¡VALOR!", errorInCell},
	{"#¿NOMBRE?", errorInCell},
	{"Err:502", errorInCell},
	{"##", errorInCell},
	{"########", errorInCell},
}

// otherFaults are no numbers at all.
var otherFaults = []fault{
	{"#1001", shopNumber},
	{"#", shopNumber},
	{"#1001!", shopNumber},
	{"# 1001", shopNumber},
	{"100 00", blankInside},
	{" 100000", blankInside},
	{"100000 ", blankInside},
	{"1000000 000000", blankInside},
	{"100\u2007000", blankInside}, // as wide as a digit
	{"100\u2028000", blankInside}, // a line end, but no control character
	{"100000 abc", blankInside},
	{"12345abc", letters},
	{"abc12345", letters},
	{"O12345", letters},
	{"\u041e12345", letters}, // a Cyrillic O
	{"0x10", letters},
	{"1e99999", letters},
	{"1.5.5e3", letters},
	{"NaN", letters},
	{"null", letters},
	{"Err:100", letters},
	{"RR123456785RU", letters},
	{"1,00,000", otherSigns},
	{"1234,5678,9", otherSigns},
	{"100.000.", groups},
	{".5", otherSigns},
	{"100-000", otherSigns},
	{"100;000", otherSigns},
	{"12/34", otherSigns},
	{"12:34", otherSigns},
	{"№100", otherSigns},
	{"100%", otherSigns},
	{"\"100000\"", otherSigns},
	{"=\"100000\"", otherSigns},
	{"@1", otherSigns},
	{"1²", otherSigns},
	{"½", otherSigns},
	{"\u2163", otherSigns},
	{"😀", otherSigns},
}

func billFaults() [][]fault {
	return [][]fault{plainFaults, writtenFaults, cellFaults, otherFaults}
}

func TestParseBillFaults(t *testing.T) {
	for _, table := range billFaults() {
		for _, f := range table {
			n, err := ParseBill(f.text)
			if err == nil || n != 0 {
				t.Errorf("ParseBill(%q) = %d, %v", f.text, n, err)
				continue
			}
			if got, want := err.Error(), f.message(theBill); got != want {
				t.Errorf("ParseBill(%q):\n got %s\nwant %s", f.text, got, want)
			}
			checkMessage(t, theBill, f.text, err.Error())
		}
	}
}
