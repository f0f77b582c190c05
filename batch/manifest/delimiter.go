package manifest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var delimiters = []struct {
	name string
	char rune
}{{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}}

func delimiterWords(char rune) string {
	for _, d := range delimiters {
		if d.char == char {
			return d.name
		}
	}
	return fmt.Sprintf("%q", char)
}

// readDelimiter finds the delimiter that the user or the head of the file says.
// head begins with the header.
func (f *File) readDelimiter(head []byte) error {
	option := f.options.Delimiter
	if isAuto(option) {
		return f.sniff(head)
	}
	for _, d := range delimiters {
		if strings.EqualFold(option, d.name) {
			f.delimiter = d.char
			return nil
		}
	}
	if option == `\t` {
		option = "\t"
	}
	r, n := utf8.DecodeRuneInString(option)
	if n != len(option) || !isDelimiter(r) {
		return &OptionError{Message: fmt.Sprintf("--delimiter %q is no delimiter", option), Hint: "say auto, comma, semicolon, tab, pipe, or one sign"}
	}
	f.delimiter = r
	return nil
}

// isDelimiter reports whether a sign can stand between cells: none that occurs
// in a number or a word.
func isDelimiter(r rune) bool {
	return r != '"' && r != '\r' && r != '\n' && r != utf8.RuneError && r != 0 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.+", r)
}

// layout is what the head of a file looks like with one delimiter.
type layout struct {
	delimiter rune
	cells     int // of the header
	known     int // fields whose column is found
	alike     int // records with as many cells as the header
	records   int
}

// better reports whether a layout is the more probable one.
func (l layout) better(than layout) bool {
	switch {
	case l.known != than.known:
		return l.known > than.known
	case (l.cells > 1) != (than.cells > 1):
		return l.cells > 1
	}
	return l.alike*than.records > than.alike*l.records
}

// sniff takes the delimiter with which the head makes most sense: the most of
// the fields known by their headers, then the most records of one length.
func (f *File) sniff(head []byte) error {
	var best, second layout
	for i, d := range delimiters {
		l := f.layout(head, d.char)
		if i == 0 || l.better(best) {
			best, second = l, best
		} else if l.better(second) {
			second = l
		}
	}
	if best.cells > 1 && second.cells > 1 && !best.better(second) {
		return f.refuse("say --delimiter", "the delimiter is not certain: %s or %s", delimiterWords(best.delimiter), delimiterWords(second.delimiter))
	}
	f.delimiter = best.delimiter
	return nil
}

func (f *File) layout(head []byte, delimiter rune) layout {
	const enough = 200
	l := layout{delimiter: delimiter}
	for l.records < enough && len(head) > 0 {
		record, rest, whole := cutRecord(head)
		if !whole && l.records > 0 {
			break
		}
		head = rest
		if record = trimStart(record); len(record) == 0 {
			continue
		}
		cells, err := split(nil, record, delimiter)
		l.records++
		if l.records == 1 {
			l.cells, l.known = len(cells), f.known(cells)
		}
		if err == nil && len(cells) == l.cells {
			l.alike++
		}
	}
	return l
}

// known counts the fields that a header has a column for.
func (f *File) known(header []string) int {
	n := 0
	for i, name := range fieldNames {
		wanted, named := f.options.Columns[name]
		for _, h := range header {
			p := plain(h)
			if named && plain(wanted) == p || !named && (p == plain(name) || slices.Contains(aliases[i], p)) {
				n++
				break
			}
		}
	}
	return n
}

// cutRecord cuts the first record off a text; whole says that its line end was
// there. Quotes are taken as they come: a record ends at the first line end
// before which they are even.
func cutRecord(text []byte) (record, rest []byte, whole bool) {
	end, quotes := 0, 0
	for {
		at := bytes.IndexByte(text[end:], '\n')
		if at < 0 {
			return text, nil, false
		}
		quotes += bytes.Count(text[end:end+at], []byte(`"`))
		end += at + 1
		if quotes%2 == 0 {
			return text[:end], text[end:], true
		}
	}
}
