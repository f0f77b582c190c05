package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// didYouMean is a half-sentence with the candidate that was probably meant; ""
// if none comes near.
func didYouMean(text string, candidates []string) string {
	if best := nearest(text, candidates); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}

// nearest gives the candidate that differs least from a text, or the only one
// that begins with it; "" if none comes near.
func nearest(text string, candidates []string) string {
	text = strings.ToLower(text)
	best, least := "", 1+max(1, utf8.RuneCountInString(text)/3)
	for _, c := range candidates {
		if d := distance(text, strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	if best != "" || len(text) < 2 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(strings.ToLower(c), text) {
			if best != "" {
				return "" // two begin so
			}
			best = c
		}
	}
	return best
}

// distance is the number of letters to be put in, taken out, changed or
// swapped with their neighbour to make one text of the other.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 60 || len(t) > 60 {
		return 60
	}
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := range s {
		for j := range t {
			change := rows[i][j]
			if s[i] != t[j] {
				change++
			}
			rows[i+1][j+1] = min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
