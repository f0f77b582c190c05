package manifest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// western reports whether a text reads as windows-1252, and as nothing else
// that is usual: accented letters stand alone or in twos, beside plain ones,
// and all else that is not ASCII is ordinary punctuation where it belongs.
//
// Its neighbours for other languages have most of these letters in common.
// What is typical of them is refused.
func western(text []byte) bool {
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return false
	}
	runes := []rune("\n" + string(decoded) + "\n")
	foreign, plainLetters, attached, onlySigns := 0, 0, false, true
	for i := 1; i < len(runes)-1; i++ {
		r, before, after := runes[i], runes[i-1], runes[i+1]
		switch {
		case r < utf8.RuneSelf:
			if unicode.IsLetter(r) {
				plainLetters++
			}
		case strings.ContainsRune("ðÐþÞýÝ", r): // Turkish or Czech letters, more often than Icelandic ones
			return false
		case unicode.IsLetter(r) && !strings.ContainsRune("ªºµ", r):
			onlySigns = false
			foreign++
			attached = attached || isPlainLetter(before) || isPlainLetter(after)
			if isForeignLetter(before) && isForeignLetter(after) {
				return false
			}
		case !signBelongs(r, before, after):
			return false
		}
	}
	return (attached || onlySigns) && foreign*2 <= plainLetters
}

func isPlainLetter(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

func isForeignLetter(r rune) bool { return r >= utf8.RuneSelf && unicode.IsLetter(r) }

// signBelongs reports whether a sign may stand between its neighbours. In other
// code pages many of the signs are letters.
func signBelongs(r, before, after rune) bool {
	inWord := unicode.IsLetter(before) && unicode.IsLetter(after)
	switch {
	case strings.ContainsRune("’–—…·\u00a0", r):
		return true
	case strings.ContainsRune("‘‚“”„«»•¿¡", r):
		return !inWord
	case strings.ContainsRune("€£¥", r):
		return !unicode.IsLetter(before) && !unicode.IsLetter(after)
	case strings.ContainsRune("²³ªº", r):
		return (isPlainLetter(before) || unicode.IsDigit(before)) && !unicode.IsLetter(after)
	case strings.ContainsRune("½¼¾×", r):
		return !unicode.IsLetter(before) && !unicode.IsLetter(after)
	}
	return strings.ContainsRune("§©®°µ™", r) && !inWord
}
