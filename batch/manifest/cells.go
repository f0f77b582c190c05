package manifest

import (
	"bytes"
	"errors"
	"strings"
)

// What can be wrong with the quotes of a record.
var (
	errUnclosed = errors.New("a quote is opened and never closed")
	errQuote    = errors.New("a quote stands where none can be")
)

// split takes one record apart, by RFC 4180, as encoding/csv does, but keeps
// every byte of a quoted cell, line ends too. The cells are in the order of the
// record; with an error they are those before it.
func split(into []string, record []byte, delimiter rune) ([]string, error) {
	text := string(trimEnd(record))
	comma := string(delimiter)
	var quoted []byte
	for {
		if len(text) == 0 || text[0] != '"' {
			cell, rest, more := strings.Cut(text, comma)
			if strings.IndexByte(cell, '"') >= 0 {
				return into, errQuote
			}
			into = append(into, cell)
			if !more {
				return into, nil
			}
			text = rest
			continue
		}
		var err error
		if quoted, text, err = unquote(quoted[:0], text); err != nil {
			return into, err
		}
		rest, more := strings.CutPrefix(text, comma)
		if !more && text != "" {
			return into, errQuote
		}
		into = append(into, string(quoted))
		if !more {
			return into, nil
		}
		text = rest
	}
}

// unquote reads a quoted cell and gives what follows its last quote.
func unquote(into []byte, text string) (cell []byte, rest string, err error) {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			into = append(into, text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != '"' {
			return into, text[i+1:], nil
		}
		into = append(into, '"')
		i++
	}
	return into, "", errUnclosed
}

// trimEnd takes off one line end.
func trimEnd(record []byte) []byte {
	record = bytes.TrimSuffix(record, []byte("\n"))
	return bytes.TrimSuffix(record, []byte("\r"))
}

// trimStart takes off empty lines, which stand before no cell.
func trimStart(record []byte) []byte {
	for {
		switch {
		case bytes.HasPrefix(record, []byte("\n")):
			record = record[1:]
		case bytes.HasPrefix(record, []byte("\r\n")):
			record = record[2:]
		default:
			return record
		}
	}
}
