package api

import (
	"bufio"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const data = "../../testdata/api"

// table reads a file of tab-separated records, without its comments.
func table(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(data, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var records [][]string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" || strings.HasPrefix(lines.Text(), "# ") || lines.Text() == "#" {
			continue
		}
		record := strings.Split(lines.Text(), "\t")
		if len(record) != columns {
			t.Fatalf("%s:%d: %d columns instead of %d", name, n, len(record), columns)
		}
		records = append(records, record)
	}
	if err := lines.Err(); err != nil || len(records) == 0 {
		t.Fatalf("%s: %d records, %v", name, len(records), err)
	}
	return records
}

// doubts by their short names in tracking.tsv.
var doubts = map[string]string{
	"-":     "",
	"mixed": "the tracking number mixes Latin and Cyrillic letters, which look alike; type it anew",
	"cyrillic": "the tracking number's letters are Cyrillic, where the post has Latin ones that look alike; " +
		"type it anew",
	"rounded": "the tracking number ends in many zeros; a spreadsheet may have rounded it: compare it with the carrier's",
	"domestic": "the tracking number's last digit does not fit the others (14-digit domestic number); " +
		"a digit may be wrong: compare it with the carrier's",
	"international": "the tracking number's last digit does not fit the others (international number); " +
		"a digit may be wrong: compare it with the carrier's",
	"shortened": "the tracking number may be one that a spreadsheet has shortened; compare it with the carrier's",
	"grouped":   "the tracking number is written in groups of three digits, as a spreadsheet writes an amount; compare it with the carrier's",
	"digitless": "the tracking number holds no digit; compare it with the carrier's",
	"formula":   "the tracking number begins with =, as a spreadsheet's formula does; compare it with the carrier's",
}

// Any carrier's number may be sent; a doubt is a warning and refuses nothing.
func TestRPODoubt(t *testing.T) {
	seen := map[string]bool{}
	for _, record := range table(t, "tracking.tsv", 3) {
		number, name := record[0], record[1]
		want, ok := doubts[name]
		if !ok {
			t.Fatalf("there is no doubt %q", name)
		}
		seen[name] = true
		if err := CheckRPO(number); err != nil {
			t.Errorf("CheckRPO(%q): %v; it may be sent", number, err)
		}
		if got := RPODoubt(number); got != want {
			t.Errorf("RPODoubt(%q) (%s):\n got %s\nwant %s", number, record[2], got, want)
		}
		if want != "" {
			checkMessage(t, theRPO, number, want)
		}
	}
	for name := range doubts {
		if !seen[name] {
			t.Errorf("no number is doubted as %s", name)
		}
	}
}

// The vendor's documentation shows this number being sent.
func TestVendorsExampleOnlyWarns(t *testing.T) {
	const example = "10000000000000"
	if err := CheckRPO(example); err != nil {
		t.Errorf("the example is refused: %v", err)
	}
	if domesticOK(example) || RPODoubt(example) == "" {
		t.Error("the example passes without a doubt, although its check digit is wrong")
	}
}

const rpoZero = "the tracking number is 0, which the service takes for none; fill in the carrier's number"

var rpoFaults = []fault{
	{"123456789012345.0", decimals},
	{"12345,00", decimals},
	{"0.0", decimals},
	{"", empty},
	{"   ", empty},
	{"\t\r\n", empty},
	{"\u00a0", empty},
	{"0", rpoZero},
	{" 0 ", rpoZero},
	{strings.Repeat("A", 256), "the tracking number is longer than 255 bytes; is this the right column?"},
	{strings.Repeat("Ж", 128), "the tracking number is longer than 255 bytes; is this the right column?"},
	{"RR123456785RU\x00", control},
	{"RR123456785\nRU", control},
	{"RR123456785RU\t", control},
	{"RR123456785RU\u0085", control},
	{"\ufeffRR123456785RU", unseen},
	{"RR\u200b123456785RU", unseen},
	{"RR123456785RU\ufe0e", unseen},
	{"RR12345\xff6785RU", unreadable},
	{"RR12345\ufffd6785RU", unreadable},
	{"\xd0\xf0123456785", unreadable},
	{"'13580104261810", apostrophe},
	{"`13580104261810", apostrophe},
	{"#N/A", errorInCell},
	{"#ЗНАЧ!", errorInCell},
	{"#WERT!", errorInCell},
	{"err:508", errorInCell},
	{"#######", errorInCell},
	{"1.35801E+13", lost},
	{"1,35801E+13", lost},
	{"1E+13", lost},
	{"1.35801e13", lost},
	{"1,35801e13", lost},
	{"+1e13", lost},
	{"1.3580104261810E+13", maybe("13580104261810")},
	{"13580104261810e-0", maybe("13580104261810")},
	{"1.35801042618105E+13", broken},
	{"1.5e-3", broken},
	{"0.0E+00", zero},
	{strings.Repeat("7", 41) + "e+0", endless},
}

func TestCheckRPO(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("A", 255), strings.Repeat("Ж", 127), "000", "0 0", "#1", "#", "#AB12!", "Error 5", "e", "Err:1", "№ 7", "😀",
		" RR123456785RU ", "a&b=c+d%20::e",
	} {
		if err := CheckRPO(text); err != nil {
			t.Errorf("CheckRPO(%q): %v; it may be sent", text, err)
		}
	}
	for _, f := range rpoFaults {
		err := CheckRPO(f.text)
		if err == nil {
			t.Errorf("CheckRPO(%q) lets it pass", f.text)
			continue
		}
		if got, want := err.Error(), f.message(theRPO); got != want {
			t.Errorf("CheckRPO(%q):\n got %s\nwant %s", f.text, got, want)
		}
		checkMessage(t, theRPO, f.text, err.Error())
	}
}

// Of the ten numbers that differ in one digit alone, exactly one is right: for
// the check digit of either kind, and for every digit of a domestic number. Of an
// international one, wrong digits may hide behind the two remainders without a
// digit of their own.
func TestCheckDigits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	digits := func(n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = '0' + byte(random.IntN(10))
		}
		return string(text)
	}
	fitting := func(ok func(string) bool, before, after string) (n int) {
		for d := '0'; d <= '9'; d++ {
			if ok(before + string(d) + after) {
				n++
			}
		}
		return n
	}
	for range 2000 {
		number, place := digits(14), random.IntN(14)
		if n := fitting(domesticOK, number[:place], number[place+1:]); n != 1 {
			t.Fatalf("%s: %d digits fit at place %d", number, n, place+1)
		}
		number = "RR" + digits(8)
		if n := fitting(s10OK, number, "RU"); n != 1 {
			t.Fatalf("%s: %d check digits fit", number, n)
		}
	}
}
