package manifest

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
)

// guess decides on the code page of a text that is no UTF-8, from those of its
// lines that are not plain ASCII, or refuses with the candidates.
func (f *File) guess(lines []byte) error {
	const hint = "say the right one of --encoding windows-1251, windows-1252, koi8-r or cp866; better, save it as CSV (UTF-8)"
	if mixed(lines) {
		return f.refuse("save it as CSV (UTF-8) where it was made", "some lines are UTF-8 and others are not: were two files put together?")
	}
	name := likely(lines)
	if name == "" && western(lines) {
		name = "windows1252"
	}
	if name == "" {
		return f.refuse(hint, "the text is not UTF-8, and its encoding is not certain")
	}
	onlyCR := f.text.onlyCR
	f.text = encodings[name]
	f.text.onlyCR = onlyCR
	return nil
}

// mixed reports whether a line is UTF-8 that can hardly be anything else, in a
// text that is not.
func mixed(text []byte) bool {
	const enough = 6
	for line := range bytes.Lines(text) {
		foreign := 0
		for _, b := range line {
			if b >= utf8.RuneSelf {
				foreign++
			}
		}
		if foreign >= enough && utf8.Valid(line) {
			return true
		}
	}
	return false
}

// cyrillic are the code pages that are told apart, the more usual ones first,
// and the names that the detector has for them.
var cyrillic = []struct{ name, detected string }{
	{"windows1251", "Windows-1251"}, {"koi8r", "KOI8-R"}, {"cp866", "IBM866"}, {"xmaccyrillic", "MacCyrillic"}, {"iso88595", "ISO-8859-5"},
}

// For two witnesses to agree: margin is how many times as probable (as a
// logarithm) a code page must be than each other, usual what a Russian letter
// must have on average, and doubtful the confidence with which the detector may
// name another encoding.
const margin, usual, doubtful = 8.0, -3.5, 0.8

// likely is the Cyrillic code page, as encodings calls it, that a text is
// certainly in; "" if that is not certain. It must be the one that makes far
// more usual Russian of it than any other, and a detector that knows pairs of
// letters and more languages must not be for another.
func likely(text []byte) string {
	best, second := verdict{}, verdict{}
	for _, c := range cyrillic {
		v := weigh(c.name, text)
		v.detected = c.detected
		switch {
		case !v.possible || v.text == best.text:
		case best.name == "" || v.score > best.score:
			best, second = v, best
		case second.name == "" || v.score > second.score:
			second = v
		}
	}
	if best.name == "" || best.letters == 0 || best.score/float64(best.letters) < usual || second.name != "" && best.score-second.score < margin {
		return ""
	}
	for _, r := range chardet.DetectAll(text) {
		if r.Confidence >= doubtful && r.Encoding != best.detected {
			return ""
		}
	}
	return best.name
}

// verdict is what a text looks like in a code page.
type verdict struct {
	name, detected string
	text           string
	possible       bool
	letters        int     // Cyrillic ones
	score          float64 // the sum of the logarithms of their frequencies
}

// frequency has the natural logarithms of the frequencies of Russian letters,
// roughly; what is not in it is rare.
var frequency = func() map[rune]float64 {
	m := map[rune]float64{}
	for i, letters := range []string{"ое", "аин", "т", "срвл", "кмдп", "уыьягз", "бчйхжш", "юцщэфё"} {
		for _, r := range letters {
			m[r] = []float64{-2.3, -2.6, -2.75, -3.0, -3.4, -4.0, -4.6, -5.5}[i]
		}
	}
	return m
}()

const rare = -7

// signs of text beside letters that are not ASCII, and those after which a word
// begins.
const (
	signs   = "«»„“”‘’‚–—…№•·°§©®™±×€\u00a0"
	opening = "«„“‘‚№§\u00a0×±"
)

// weigh looks at a text in a code page: it is possible if it has words as
// people write them. A word is odd that mixes alphabets, or has a capital after
// a small letter, or begins with a letter that none begins with, or with a sign
// that stands behind words.
func weigh(name string, text []byte) verdict {
	decoded, err := encodings[name].code.NewDecoder().Bytes(text)
	v := verdict{name: name, text: string(decoded)}
	if err != nil {
		return v
	}
	words, odd := 0, 0
	var w word
	for _, r := range v.text + "\n" {
		if r >= utf8.RuneSelf && !isRussian(r) && !strings.ContainsRune(signs, r) {
			return v
		}
		if unicode.IsLetter(r) {
			w.add(r)
			if frequency, known := frequency[unicode.ToLower(r)]; known {
				v.score += frequency
				v.letters++
			} else if r >= utf8.RuneSelf {
				v.score += rare
				v.letters++
			}
			continue
		}
		if w.length > 0 && w.cyrillic {
			words++
			if w.odd {
				odd++
			}
		}
		w = word{before: r}
	}
	v.possible = odd*20 <= words
	return v
}

// isRussian reports letters of Russian and its neighbours.
func isRussian(r rune) bool {
	return 'а' <= r && r <= 'я' || 'А' <= r && r <= 'Я' || strings.ContainsRune("ёЁіІїЇєЄґҐўЎ", r)
}

// word is one that is being read, letter by letter.
type word struct {
	before          rune // the sign in front of it
	length          int
	cyrillic, latin bool
	small           bool // the last letter was
	odd             bool
}

func (w *word) add(r rune) {
	isCyrillic := r >= utf8.RuneSelf
	w.cyrillic = w.cyrillic || isCyrillic
	w.latin = w.latin || !isCyrillic
	switch {
	case w.cyrillic && w.latin, w.small && unicode.IsUpper(r):
		w.odd = true
	case w.length == 0 && isCyrillic && strings.ContainsRune("ьъыЬЪЫ", r):
		w.odd = true
	case w.length == 0 && isCyrillic && w.before >= utf8.RuneSelf && !strings.ContainsRune(opening, w.before):
		w.odd = true
	}
	w.small = unicode.IsLower(r)
	w.length++
}

// sameAs reports whether a text reads the same in another code page.
func (t *text) sameAs(other text, sample []byte) bool {
	a, errA := t.code.NewDecoder().Bytes(sample)
	b, errB := other.code.NewDecoder().Bytes(sample)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
