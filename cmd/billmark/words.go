package main

import (
	"errors"
	"strings"
)

// splitWords splits a command line at blanks; quotes of either kind keep
// blanks together. It knows no other magic: no variables, no patterns, and a
// backslash is a backslash.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is never closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
