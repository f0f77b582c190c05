package manifest

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// book is an opened workbook: its sheets, and what their cells refer to.
type book struct {
	*pack
	sheets  []sheet
	formats []cellFormat // by the number of a cell's style
	since   epoch
	strings *stringTable // nil if there are none
}

// sheet is a worksheet in the order of the tabs.
type sheet struct {
	name, part string
	hidden     bool
}

func openBook(in io.ReaderAt, size int64) (*book, error) {
	p, err := openPack(in, size)
	if err != nil {
		return nil, err
	}
	b := &book{pack: p}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	parts, err := b.relations(main)
	if err != nil {
		return nil, err
	}
	if err := b.readSheets(main, parts); err != nil {
		return nil, err
	}
	for _, r := range parts {
		switch r.kind {
		case "styles":
			err = errors.Join(err, b.readStyles(r.part))
		case "sharedStrings":
			err = errors.Join(err, b.readStrings(r.part))
		}
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *book) close() error {
	if b.strings == nil {
		return nil
	}
	return b.strings.close()
}

// mainPart finds the part that lists the sheets.
func (b *book) mainPart() (string, error) {
	roots, err := b.relations("")
	if err != nil {
		return "", err
	}
	main := "xl/workbook.xml"
	for _, r := range roots {
		if r.kind == "officeDocument" && b.has(r.part) {
			main = r.part
		}
	}
	if !b.has(main) {
		return "", refuseSheet(hintSave, "this is a packed document, not an Excel workbook")
	}
	return main, nil
}

// readSheets reads the list of sheets. Charts and dialogs have no rows.
func (b *book) readSheets(main string, parts map[string]relation) error {
	x, err := b.open(main)
	if err != nil {
		return err
	}
	defer x.close()
	return x.each(func(e *xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if truth(attribute(e, "date1904")) {
				b.since = since1904
			}
		case "sheet":
			r, ok := parts[attribute(e, "id")]
			if !ok {
				return refuseSheet(hintAnew, "the workbook is damaged: its sheet %q is missing", cut(attribute(e, "name")))
			}
			if r.kind == "worksheet" {
				b.sheets = append(b.sheets, sheet{name: attribute(e, "name"), part: r.part, hidden: strings.HasSuffix(strings.ToLower(attribute(e, "state")), "hidden")})
			}
		}
		return nil
	})
}

// readStyles reads the number formats of the cells' styles.
func (b *book) readStyles(part string) error {
	x, err := b.open(part)
	if err != nil {
		return err
	}
	defer x.close()
	own := map[string]string{}
	known := map[string]cellFormat{}
	return x.each(func(e *xml.StartElement) error {
		switch {
		case e.Name.Local == "numFmt":
			own[attribute(e, "numFmtId")] = attribute(e, "formatCode")
		case e.Name.Local == "xf" && len(x.open) > 1 && x.open[len(x.open)-2] == "cellXfs":
			id := attribute(e, "numFmtId")
			f, ok := known[id]
			if !ok {
				f = formatOf(id, own)
				known[id] = f
			}
			b.formats = append(b.formats, f)
		}
		return nil
	})
}

// format is that of a cell's style.
func (b *book) format(style int) cellFormat {
	if style < 0 || style >= len(b.formats) {
		return cellFormat{}
	}
	return b.formats[style]
}
