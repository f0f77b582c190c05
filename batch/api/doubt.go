package api

import (
	"strings"
	"unicode"
)

// RPODoubt says why a tracking number that CheckRPO lets pass may be wrong; ""
// if nothing speaks against it. It is a warning and never a refusal: carriers
// make their own rules, and even the example in the service's documentation
// fails its check digit.
func RPODoubt(text string) string {
	if onlyDigits(text) {
		return digitsDoubt(text)
	}
	switch {
	case cyrillicS10(text):
		return "the tracking number's letters are Cyrillic, where the post has Latin ones that look alike; type it anew"
	case mixedScripts(text):
		return "the tracking number mixes Latin and Cyrillic letters, which look alike; type it anew"
	case rounded(text):
		return roundedDoubt
	case isS10(text) && !s10OK(text):
		return "the tracking number's last digit does not fit the others (international number); a digit may be wrong: compare it with the carrier's"
	case isScientific(text):
		return "the tracking number may be one that a spreadsheet has shortened; compare it with the carrier's"
	case !alphanumeric(text) && '0' <= text[0] && text[0] <= '9' && grouped.MatchString(text):
		return "the tracking number is written in groups of three digits, as a spreadsheet writes an amount; compare it with the carrier's"
	case strings.IndexFunc(text, unicode.IsDigit) < 0:
		return "the tracking number holds no digit; compare it with the carrier's"
	case strings.HasPrefix(text, "="):
		return "the tracking number begins with =, as a spreadsheet's formula does; compare it with the carrier's"
	}
	return ""
}

const roundedDoubt = "the tracking number ends in many zeros; a spreadsheet may have rounded it: compare it with the carrier's"

// digitsDoubt is RPODoubt for what is digits only, as most numbers are.
func digitsDoubt(text string) string {
	switch {
	case rounded(text):
		return roundedDoubt
	case len(text) == 14 && !domesticOK(text):
		return "the tracking number's last digit does not fit the others (14-digit domestic number); a digit may be wrong: compare it with the carrier's"
	}
	return ""
}

// spreadsheetDigits is how many digits of a number a spreadsheet keeps.
const spreadsheetDigits = 15

// rounded reports a run of digits that looks as if a spreadsheet had put zeros
// in the place of digits: all those that it cannot keep, or, of a number that
// had already been shown in scientific form, half a dozen or more.
func rounded(text string) bool {
	digits, zeros := 0, 0 // of the run so far, and at its end
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] == '0':
			digits, zeros = digits+1, zeros+1
		case i < len(text) && '1' <= text[i] && text[i] <= '9':
			digits, zeros = digits+1, 0
		default:
			lost := digits - spreadsheetDigits
			if lost > 0 && zeros >= max(lost, 2) || digits >= 12 && zeros >= 6 {
				return true
			}
			digits, zeros = 0, 0
		}
	}
	return false
}

func mixedScripts(text string) bool {
	if alphanumeric(text) {
		return false
	}
	latin := func(r rune) bool { return unicode.Is(unicode.Latin, r) }
	cyrillic := func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
	return strings.ContainsFunc(text, cyrillic) && strings.ContainsFunc(text, latin)
}

// cyrillicS10 reports a number of standard S10 whose letters are all Cyrillic, of
// two bytes each.
func cyrillicS10(text string) bool {
	if len(text) != 4*2+9 || !onlyDigits(text[4:13]) {
		return false
	}
	for _, r := range text[:4] + text[13:] {
		if !unicode.Is(unicode.Cyrillic, r) {
			return false
		}
	}
	return true
}

// domesticOK checks the last of the 14 digits of a number of the Russian post:
// with it, three times the digits in odd places and once those in even places
// come to a multiple of ten.
func domesticOK(text string) bool {
	sum := 0
	for i := range 13 {
		weight := 3 - i%2*2
		sum += weight * int(text[i]-'0')
	}
	return (10-sum%10)%10 == int(text[13]-'0')
}

// isS10 reports a number by the Universal Postal Union's standard S10: two
// letters, nine digits, two letters.
func isS10(text string) bool {
	letter := func(i int) bool { c := text[i] | 0x20; return 'a' <= c && c <= 'z' }
	return len(text) == 13 && letter(0) && letter(1) && onlyDigits(text[2:11]) && letter(11) && letter(12)
}

// s10OK checks the ninth digit: the weighted sum of the others, modulo 11.
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
