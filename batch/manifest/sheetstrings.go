package manifest

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"
)

// stringTable holds the texts that cells share, in a temporary file, since
// they may be most of a workbook.
type stringTable struct {
	file *os.File
	ends []uint32 // of each text in the file, which the limit keeps below 4 GiB
	buf  []byte
}

func (b *book) readStrings(part string) (err error) {
	x, err := b.open(part)
	if err != nil {
		return err
	}
	defer x.close()
	t := &stringTable{}
	if t.file, err = os.CreateTemp("", "billmark-*.tmp"); err != nil {
		return fmt.Errorf("making room for the texts of the workbook: %w", err)
	}
	os.Remove(t.file.Name()) // where the system lets us; close tries again
	b.strings = t
	w := bufio.NewWriter(t.file)
	if err := t.fill(x, w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("keeping the texts of the workbook: %w", err)
	}
	return nil
}

// fill copies the texts of the part.
func (t *stringTable) fill(x *xmlPart, w *bufio.Writer) error {
	var end uint32
	var text []byte
	for {
		token, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); !ok || e.Name.Local != "si" {
			continue
		}
		if text, err = x.richText(text[:0]); err != nil {
			return err
		}
		if len(t.ends) == maxStrings {
			return refuseSheet(hintSheet, "the workbook has more than %d different texts", maxStrings)
		}
		n, err := w.WriteString(unescape(string(text)))
		if err != nil {
			return fmt.Errorf("keeping the texts of the workbook: %w", err)
		}
		end += uint32(n)
		t.ends = append(t.ends, end)
	}
}

// text gives a text by its number; false if there is none.
func (t *stringTable) text(number string) (string, bool, error) {
	n, err := strconv.Atoi(number)
	if t == nil || err != nil || n < 0 || n >= len(t.ends) {
		return "", false, nil
	}
	start := uint32(0)
	if n > 0 {
		start = t.ends[n-1]
	}
	size := int(t.ends[n] - start)
	if cap(t.buf) < size {
		t.buf = make([]byte, size)
	}
	if _, err := t.file.ReadAt(t.buf[:size], int64(start)); err != nil {
		return "", false, fmt.Errorf("reading the texts of the workbook: %w", err)
	}
	return string(t.buf[:size]), true, nil
}

func (t *stringTable) close() error {
	err := t.file.Close()
	if gone := os.Remove(t.file.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// richText reads what an element that was just opened holds as text, without
// the pronunciation that Japanese texts carry, and up to its end.
func (x *xmlPart) richText(into []byte) ([]byte, error) {
	depth := len(x.open)
	silent := 0 // the depth of the pronunciation
	for {
		token, err := x.next()
		if err != nil { // an element is open: this cannot be the end
			return into, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" && silent == 0 {
				silent = len(x.open)
			}
		case xml.EndElement:
			if len(x.open) < depth {
				return into, nil
			}
			if len(x.open) < silent {
				silent = 0
			}
		case xml.CharData:
			if silent == 0 && x.open[len(x.open)-1] == "t" {
				into = append(into, t...)
			}
		}
	}
}

// unescape reads the form in which workbooks write characters that XML has no
// place for: _x000D_ is a carriage return.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var b strings.Builder
	for {
		at := strings.Index(text, "_x")
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		text = text[at:]
		r, length := escaped(text)
		if length == 0 {
			b.WriteString(text[:2])
			text = text[2:]
			continue
		}
		b.WriteRune(r)
		text = text[length:]
	}
}

// escaped reads one such character, of which some need two forms, and its
// length in bytes; 0 if it is none.
func escaped(text string) (r rune, length int) {
	first, ok := escapedUnit(text)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(first):
		return first, escapedSize
	}
	second, ok := escapedUnit(text[escapedSize:])
	if both := utf16.DecodeRune(first, second); ok && both != '\uFFFD' {
		return both, 2 * escapedSize
	}
	return 0, 0
}

const escapedSize = len("_x0000_")

func escapedUnit(text string) (rune, bool) {
	if len(text) < escapedSize || text[:2] != "_x" || text[escapedSize-1] != '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:escapedSize-1], 16, 16)
	return rune(n), err == nil
}
