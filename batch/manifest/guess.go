package manifest

import (
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding/charmap"
)

// cyrillic are the code pages that letter frequencies tell apart, by the names
// that the detector has for them.
var cyrillic = map[string]string{"Windows-1251": "windows1251", "KOI8-R": "koi8r", "IBM866": "cp866"}

// sure is the confidence from which a Cyrillic code page is taken; doubtful is
// the one up to which it is out of the question.
const sure, doubtful = 0.9, 0.5

// guess decides on the code page of a text that is no UTF-8, from those of its
// lines that are not plain ASCII, or refuses with the candidates.
func (f *File) guess(lines []byte) error {
	best, second := "", 0.0
	most := 0.0
	for _, r := range chardet.DetectAll(lines) {
		name, ok := cyrillic[r.Encoding]
		switch {
		case !ok:
		case r.Confidence > most:
			best, most, second = name, r.Confidence, most
		default:
			second = max(second, r.Confidence)
		}
	}
	switch {
	case most >= sure && second <= doubtful:
		f.text = encodings[best]
	case most <= doubtful && western(lines):
		f.text = encodings["windows1252"]
	default:
		return f.refuse("say the right one of --encoding windows-1251, windows-1252, koi8-r or cp866; better, save it as CSV (UTF-8)",
			"the text is not UTF-8, and its encoding is not certain")
	}
	return nil
}

// western reports whether a text reads as windows-1252: accented letters stand
// alone among plain ones, and all else that is not ASCII is ordinary
// punctuation. Cyrillic text has whole words of such bytes.
func western(text []byte) bool {
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return false
	}
	foreign, plainLetters, row := 0, 0, 0
	for _, r := range string(decoded) {
		switch {
		case r < utf8.RuneSelf:
			row = 0
			if unicode.IsLetter(r) {
				plainLetters++
			}
			continue
		case unicode.IsLetter(r):
			foreign++
			if row++; row > 2 {
				return false
			}
		case !westernSign(r):
			return false
		}
	}
	return foreign*2 <= plainLetters
}

// westernSign knows the signs that occur in western texts.
func westernSign(r rune) bool {
	for _, known := range "€£¥§©®°·–—‘’‚“”„«»…•¿¡½¼¾²³ºªµ×\u00a0" {
		if r == known {
			return true
		}
	}
	return false
}
