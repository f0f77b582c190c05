package manifest

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// suggest gives the header that is most probably meant for a field; "" if
// none comes near.
func (f *File) suggest(field int) string {
	names := append([]string{fieldNames[field]}, aliases[field]...)
	best, least := "", 3
	for i, h := range f.header {
		if f.isOthers(field, i) {
			continue
		}
		for _, name := range names {
			if d := distance(plain(h), plain(name)); d < least && d*3 <= utf8.RuneCountInString(name) {
				best, least = h, d
			}
		}
	}
	if best != "" {
		return best
	}
	for _, hint := range hints[field] {
		for i, h := range f.header {
			if hinted(plain(h), hint) && !f.isOthers(field, i) {
				return h
			}
		}
	}
	return ""
}

// isOthers reports whether a column holds another field, or looks more like
// one.
func (f *File) isOthers(field, column int) bool {
	if slices.Contains(f.columns[:], column) {
		return true
	}
	h := plain(f.header[column])
	for other, name := range fieldNames {
		if other == field {
			continue
		}
		if h == plain(name) || slices.Contains(aliases[other], h) || other != bill && slices.ContainsFunc(hints[other], func(hint string) bool { return hinted(h, hint) }) {
			return true
		}
	}
	return false
}

// hinted reports whether a header holds a hint. So short a hint as id is part
// of too many words.
func hinted(header, hint string) bool {
	if hint == "id" {
		return header == hint || strings.HasSuffix(header, hint) && !strings.HasSuffix(header, "paid")
	}
	return strings.Contains(header, hint)
}

// nearest gives the candidate that differs least; "" if all differ much.
func nearest(text string, candidates []string) string {
	best, least := "", 1+max(2, utf8.RuneCountInString(text)/3)
	for _, c := range candidates {
		if d := distance(plain(text), plain(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to be put in, taken out or changed to make
// one text of the other (Levenshtein); of texts that have nothing to do with
// each other, a lower bound of it.
func distance(a, b string) int {
	const many = 20
	s, t := []rune(a), []rune(b)
	if d := max(len(s)-len(t), len(t)-len(s)); d > many {
		return d
	}
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range t {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}

// lookalikes are letters of other alphabets that are drawn like a Latin one.
var lookalikes = strings.NewReplacer(
	"а", "a", "ь", "b", "с", "c", "ԁ", "d", "е", "e", "ё", "e", "і", "i", "ı", "i", "ї", "i", "ӏ", "l", "ј", "j", "к", "k", "ո", "n",
	"о", "o", "р", "p", "г", "r", "ѕ", "s", "т", "t", "υ", "u", "ս", "u", "у", "y", "х", "x", "ԝ", "w", "α", "a", "ο", "o", "ι", "i",
	"ρ", "p", "τ", "t", "ε", "e", "β", "b",
)

// latin draws a text with Latin letters only, as far as they look the same;
// full-width letters become ordinary ones.
func latin(text string) string {
	text = strings.Map(func(r rune) rune {
		if 'ａ' <= r && r <= 'ｚ' {
			return r - 'ａ' + 'a'
		}
		if r == '＿' {
			return -1
		}
		return r
	}, text)
	return lookalikes.Replace(text)
}

// shellWord is a text as a shell takes it for one word.
func shellWord(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", r)
	}) {
		return text
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text) + `"`
}

// cut keeps a text that a message quotes to a readable length.
func cut(text string) string {
	const limit = 60
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}
