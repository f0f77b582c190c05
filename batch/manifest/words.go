package manifest

import (
	"errors"
	"fmt"
	"strings"

	"billmark/batch"
)

// words are those that mean a status, in lower case: the API's own, and the
// user's.
type words map[string]batch.Status

func newWords(own map[string]string) (words, error) {
	w := words{}
	for word, name := range own {
		s, ok := batch.ParseStatus(strings.ToLower(strings.TrimSpace(name)))
		if !ok {
			return nil, &OptionError{Message: fmt.Sprintf("--word %s=%s: there is no status %s", name, word, name), Hint: "the statuses are sent, paid, return and cancel"}
		}
		w[fold(word)] = s
	}
	for _, s := range batch.Statuses {
		if other, ok := w[s.String()]; ok && other != s {
			return nil, &OptionError{Message: fmt.Sprintf("--word %s=%s: %s is a status itself", other, s, s), Hint: "give --word only for words that are none of sent, paid, return and cancel"}
		}
		w[s.String()] = s
	}
	return w, nil
}

// statusNames are the API's own words.
var statusNames = func() (names []string) {
	for _, s := range batch.Statuses {
		names = append(names, s.String())
	}
	return names
}()

func fold(word string) string { return strings.ToLower(strings.TrimSpace(word)) }

// parse reads a status. The error is in a clerk's words.
func (w words) parse(text string) (batch.Status, error) {
	if s, ok := w[text]; ok { // the usual case needs no folding
		return s, nil
	}
	if s, ok := w[fold(text)]; ok {
		return s, nil
	}
	switch {
	case text == "":
		return 0, errors.New("the status is empty")
	case strings.ContainsFunc(text, isControl):
		return 0, errors.New("a control character stands in the status; type it anew")
	}
	if near := nearest(text, statusNames); near != "" {
		return 0, fmt.Errorf("this is no status; is it %s? Then mend the row, or say --word %s=%s", near, near, shellWord(text))
	}
	return 0, fmt.Errorf("this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=%s", shellWord(text))
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// readConstants parses the values of --set.
func (f *File) readConstants() error {
	for i, name := range fieldNames {
		value, ok := f.options.Set[name]
		if !ok {
			continue
		}
		var err error
		switch i {
		case bill:
			_, err = parseBill(value)
		case status:
			_, err = f.words.parse(value)
		case date:
			_, _, err = f.dates.parse(value)
		case rpo:
			err = checkRPO(value)
		}
		if err != nil {
			return &OptionError{Message: fmt.Sprintf("--set %s=%s: %v", name, value, err), Hint: "give a value that every row can have"}
		}
		f.constant[i] = value
	}
	return nil
}
