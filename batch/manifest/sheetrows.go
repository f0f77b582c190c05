package manifest

import (
	"encoding/xml"
	"io"
	"strconv"
)

// cell is a cell that holds something. column counts from 0.
type cell struct {
	column int
	text   string
}

// rows is one walk over the rows of a sheet.
type rows struct {
	*xmlPart
	book   *book
	row    int // the current one, from 1 on; 0 before the first
	column int // the current one, from 0 on
	count  int // cells so far
	cells  []cell
	buf    []byte
}

// eachRow calls f for every row that holds something, in order. The cells are
// in order too, and valid until f returns.
func (b *book) eachRow(s sheet, f func(row int, cells []cell) error) error {
	x, err := b.open(s.part)
	if err != nil {
		return err
	}
	defer x.close()
	r := &rows{xmlPart: x, book: b}
	if found, err := r.skipTo("sheetData"); err != nil || !found {
		return err
	}
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return nil
			}
		case xml.StartElement:
			if t.Name.Local != "row" {
				return r.damaged(errOutOfPlace)
			}
			if err := r.readRow(&t, f); err != nil {
				return err
			}
		}
	}
}

// skipTo passes over everything before an element.
func (r *rows) skipTo(name string) (bool, error) {
	for {
		token, err := r.next()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == name {
			return true, nil
		}
	}
}

func (r *rows) readRow(e *xml.StartElement, f func(int, []cell) error) error {
	if err := r.numbered(attribute(e, "r")); err != nil {
		return err
	}
	hidden := truth(attribute(e, "hidden"))
	r.cells, r.column = r.cells[:0], -1
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local != "row" {
				continue
			}
			if len(r.cells) == 0 {
				return nil
			}
			if hidden {
				return refuseSheet("show all rows (clear the filter), or copy those that are meant to a new workbook",
					"row %d is hidden, so nobody sees that it is meant", r.row)
			}
			return f(r.row, r.cells)
		case xml.StartElement:
			if t.Name.Local != "c" {
				if err := r.skip(); err != nil { // an extension
					return err
				}
				continue
			}
			if err := r.readCell(&t); err != nil {
				return err
			}
		}
	}
}

// skip passes over the element that was just opened.
func (x *xmlPart) skip() error {
	_, err := x.richText(nil)
	return err
}

// numbered goes on to the row of this number, or the next if none is given.
func (r *rows) numbered(text string) error {
	n := r.row + 1
	if text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			return r.damaged(errOutOfPlace)
		}
	}
	if n <= r.row || n > maxRow {
		return r.damaged(errOutOfPlace)
	}
	r.row = n
	return nil
}

// placed goes on to the column of a reference such as B7, or the next if none
// is given.
func (r *rows) placed(text string) error {
	n := r.column + 1
	if text != "" {
		n = 0
		for i := 0; i < len(text) && 'A' <= text[i] && text[i] <= 'Z' && n <= maxColumn; i++ {
			n = n*26 + int(text[i]-'A') + 1
		}
		n--
	}
	if n <= r.column || n >= maxColumn {
		return r.damaged(errOutOfPlace)
	}
	r.column = n
	return nil
}

// readCell reads a cell up to its end.
func (r *rows) readCell(e *xml.StartElement) error {
	if err := r.placed(attribute(e, "r")); err != nil {
		return err
	}
	if r.count++; r.count > maxCells {
		return refuseSheet(hintSheet, "the sheet has more than %d cells", maxCells)
	}
	raw := rawCell{kind: attribute(e, "t")}
	raw.style, _ = strconv.Atoi(attribute(e, "s"))
	if err := r.readValue(&raw); err != nil {
		return err
	}
	text, err := r.text(&raw)
	if err != nil {
		return err
	}
	if text != "" {
		r.cells = append(r.cells, cell{r.column, text})
	}
	return nil
}

// rawCell is a cell as it is stored.
type rawCell struct {
	kind               string // s, str, inlineStr, b, e, d, n or nothing
	style              int
	value              string
	hasValue, computed bool
}

// readValue reads a cell's content.
func (r *rows) readValue(c *rawCell) error {
	depth := len(r.open)
	r.buf = r.buf[:0]
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				c.hasValue = true
			case "f":
				c.computed = true
			case "is":
				if r.buf, err = r.richText(r.buf); err != nil {
					return err
				}
			}
		case xml.CharData:
			if len(r.open) == depth+1 && r.open[depth] == "v" {
				r.buf = append(r.buf, t...)
			}
		case xml.EndElement:
			if len(r.open) < depth {
				c.value = string(r.buf)
				return nil
			}
		}
	}
}

// text is what a cell says.
func (r *rows) text(c *rawCell) (string, error) {
	switch c.kind {
	case "s":
		if c.value == "" {
			return "", nil
		}
		text, ok, err := r.book.strings.text(c.value)
		if err == nil && !ok {
			err = r.damaged(errNoText)
		}
		return text, err
	case "inlineStr", "str":
		return unescape(c.value), nil
	case "b":
		if truth(c.value) {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "e", "d":
		return c.value, nil
	}
	if c.computed && !c.hasValue {
		return "", refuseSheet("open it in Excel, save it, and try again",
			"the cell %s holds a formula whose result is not stored", r.reference())
	}
	return r.book.number(c.value, r.book.format(c.style)), nil
}

// reference is the current cell as people call it: B7.
func (r *rows) reference() string {
	name := ""
	for n := r.column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(r.row)
}
