package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
)

// oneLine reports whether a record is one line and its end, and nothing else.
func oneLine(record []byte) bool {
	n := len(record) - 1
	if bytes.IndexByte(record, '\n') != n {
		return false
	}
	at := bytes.IndexByte(record, '\r')
	return at < 0 || at == n-1
}

// What can be wrong with the line ends of a record.
const (
	loneCR     = "a carriage return, which is half of a line end, stands in the middle of the line"
	brokenLine = "a quote is not closed on its line, or a line break stands inside a cell"
)

// certain tells a record that is wrong in itself (broken) from one after which
// nothing is certain (err).
func (p *pass) certain(parse *csv.ParseError) (broken, err error) {
	cells, quoteErr := p.split(), p.bad
	first, body := p.row.Line, trimEnd(p.raw)
	last := first + lines(body)
	multi := p.file.options.Multiline
	switch {
	case errors.Is(quoteErr, errUnclosed):
		return nil, p.file.refuse("close the quote, or take it out", "line %d: %v", first, quoteErr)
	case !bytes.ContainsAny(body, "\r\n"):
		// One line: its row ends where it ends, or else see below.
	case bytes.IndexByte(body, '\n') < 0 && !multi:
		return nil, p.file.refuse("save it anew as CSV; say --multiline if it stands inside quotes and is meant", "line %d: %s", first, loneCR)
	case !multi:
		return nil, p.file.refuse("close the quote where the cell ends; say --multiline if the line break is meant", "line %d: %s", first, brokenLine)
	case quoteErr != nil:
		return nil, p.file.refuse("mend the quotes", "lines %d to %d: %v", first, last, quoteErr)
	case outsideQuotes(body, '\r'):
		return nil, p.file.refuse("save it anew as CSV", "line %d: %s", first, loneCR)
	case p.swallowed(body):
		return nil, p.file.refuse("close the quote where its cell ends", "lines %d to %d: a whole row seems to stand inside a cell; is a quote not closed?", first, last)
	}
	switch {
	case quoteErr != nil:
		return p.certainQuotes(first, string(body), quoteErr)
	case parse == nil:
		return nil, nil
	case errors.Is(parse.Err, csv.ErrFieldCount):
		return fmt.Errorf("the row has %s, the header %d", many(len(cells), "cell"), len(p.file.header)), nil
	}
	// The two readers of CSV disagree, which no input is known to make them do.
	return nil, p.file.refuse("mend the line", "line %d: %v", first, parse.Err)
}

// certainQuotes does so for a line in which a quote stands where none can be.
// It can be meant as the end of the quoted part of a cell, which goes on to the
// next delimiter, or as plain text, and then a cell ends only at a quote before
// a delimiter. The row ends with the line if it does so in both ways; or in the
// first way, if it has all its cells then, and no later line could be the end of
// the second.
func (p *pass) certainQuotes(line int, body string, why error) (broken, err error) {
	comma := string(p.file.delimiter)
	cells := cellsOf(body, comma, false)
	switch {
	case cells == 0:
	case p.open > 0 && closesFirst(body, comma):
		return nil, p.file.refuse("mend the quotes", "line %d: %v, which may be the end of what is opened on line %d", line, why, p.open)
	case cellsOf(body, comma, true) > 0:
		return why, nil
	case cells == len(p.file.header):
		p.open = line
		return why, nil
	}
	return nil, p.file.refuse("mend the quotes", "line %d: %v, and it is not certain where the row ends", line, why)
}

// cellsOf counts the cells of a line with quotes where none can be, meant as
// plain text or not; 0 if a quote that opens a cell is not closed on it.
func cellsOf(line, comma string, plain bool) int {
	for n := 1; ; n++ {
		if strings.HasPrefix(line, `"`) {
			at := closing(line, comma, plain)
			if at < 0 {
				return 0
			}
			line = line[at+1:]
		}
		_, rest, more := strings.Cut(line, comma)
		if !more {
			return n
		}
		line = rest
	}
}

// closesFirst reports whether the first quote of a line closes a cell and opens
// none.
func closesFirst(line, comma string) bool {
	before, after, _ := strings.Cut(line, `"`)
	return before != "" && !strings.HasSuffix(before, comma) && (after == "" || strings.HasPrefix(after, comma))
}

// closing is the place of the quote that closes the cell with which a text
// begins, or -1. If quotes may be plain, it stands before a delimiter or the
// end.
func closing(text, comma string, plain bool) int {
	for i := 1; i < len(text); i++ {
		rest := text[i+1:]
		switch {
		case text[i] != '"':
		case strings.HasPrefix(rest, `"`):
			i++
		case !plain || rest == "" || strings.HasPrefix(rest, comma):
			return i
		}
	}
	return -1
}

// outsideQuotes reports whether a byte stands in none of a record's quoted
// cells.
func outsideQuotes(record []byte, wanted byte) bool {
	quoted := false
	for _, b := range record {
		if b == '"' {
			quoted = !quoted
		}
		if b == wanted && !quoted {
			return true
		}
	}
	return false
}

// swallowed reports whether one of a record's lines after the first looks like
// a row of its own, as does the first: that is what remains when a quote was
// forgotten at the end of one cell, and another at the beginning of a later one.
func (p *pass) swallowed(record []byte) bool {
	at := max(p.file.columns[bill], 0)
	looksLikeRow := func(line string) bool {
		cells := strings.Split(line, string(p.file.delimiter))
		if len(cells) != len(p.file.header) {
			return false
		}
		_, err := parseBill(strings.Trim(cells[at], "\" \r\n"))
		return err == nil
	}
	first, rest, _ := strings.Cut(string(record), "\n")
	if !looksLikeRow(first) {
		return false
	}
	for line := range strings.Lines(rest) {
		if looksLikeRow(line) {
			return true
		}
	}
	return false
}

// many says a number of things.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
