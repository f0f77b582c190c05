package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"billmark/batch"
)

// words are those that mean a status, in lower case: the API's own, and the
// user's.
type words map[string]batch.Status

func newWords(own map[string]string) (words, error) {
	w := words{}
	for _, s := range batch.Statuses {
		w[s.String()] = s
	}
	for _, word := range slices.Sorted(maps.Keys(own)) {
		flag := fmt.Sprintf("--word %s=%s", own[word], word)
		s, ok := batch.ParseStatus(fold(own[word]))
		if !ok {
			return nil, &OptionError{Message: flag + ": there is no status " + own[word], Hint: "the statuses are sent, paid, return and cancel"}
		}
		other, known := w[fold(word)]
		switch {
		case fold(word) == "":
			return nil, &OptionError{Message: flag + ": the word is empty", Hint: "give the word as it stands in the file"}
		case known && other != s && fold(word) == other.String():
			return nil, &OptionError{Message: flag + ": " + other.String() + " is a status itself", Hint: "give --word only for words that are none of sent, paid, return and cancel"}
		case known && other != s:
			return nil, &OptionError{Message: fmt.Sprintf("%s: the word is given for %s too", flag, other), Hint: "give each word for one status; upper and lower case are the same"}
		}
		w[fold(word)] = s
	}
	return w, nil
}

func fold(word string) string { return strings.ToLower(strings.TrimSpace(word)) }

// parse reads a status. The error is in a clerk's words.
func (w words) parse(text string) (batch.Status, error) {
	if s, ok := w[text]; ok { // the usual case needs no folding
		return s, nil
	}
	folded := fold(text)
	if s, ok := w[folded]; ok {
		return s, nil
	}
	if folded == "" {
		return 0, errors.New("the status is empty; fill it in")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return 0, errors.New("a control character, such as a tab or a line end, stands in the status; type it anew")
	}
	if strings.ContainsFunc(text, isInvisible) {
		return 0, errors.New("an invisible character stands in the status; type it anew")
	}
	for _, s := range batch.Statuses {
		if latin(folded) == s.String() {
			return 0, fmt.Errorf("this looks like %s, but some of its letters are of another alphabet; type it anew", s)
		}
	}
	word := shellWord(cut(text))
	if s := synonym(folded); s != 0 {
		return 0, fmt.Errorf("this is no status; if it means %s, say --word %s=%s", s, s, word)
	}
	if s := misspelt(folded); s != 0 {
		return 0, fmt.Errorf("this is no status; is it %s? Then mend the row, or say --word %s=%s", s, s, word)
	}
	return 0, fmt.Errorf("this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=%s", word)
}

// synonyms are beginnings of words that others have for a status. They are only
// suggested.
var synonyms = []struct {
	start  string
	status batch.Status
}{
	{"ship", batch.Sent},
	{"dispatch", batch.Sent},
	{"despatch", batch.Sent},
	{"отправ", batch.Sent},
	{"complete", batch.Paid},
	{"оплач", batch.Paid},
	{"return", batch.Return},
	{"возвра", batch.Return},
	{"cancel", batch.Cancel},
	{"отмен", batch.Cancel},
}

func synonym(folded string) batch.Status {
	for _, s := range synonyms {
		if strings.HasPrefix(folded, s.start) {
			return s.status
		}
	}
	return 0
}

// misspelt gives the status that differs in one letter. In more it may be
// another word: that void or unpaid were paid must not even be asked.
func misspelt(folded string) batch.Status {
	for _, s := range batch.Statuses {
		if distance(folded, s.String()) == 1 {
			return s
		}
	}
	return 0
}

// isInvisible reports characters that show nothing, and are no blanks.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) }
