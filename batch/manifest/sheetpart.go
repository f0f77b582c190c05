package manifest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// pack is the zip container of a workbook, its parts by their names in small
// letters.
type pack struct {
	parts map[string]*zip.File
}

// openPack reads the container's directory and holds the limits against what
// it says of the parts' sizes; no part yields more than that.
func openPack(in io.ReaderAt, size int64) (*pack, error) {
	if size > maxPacked {
		return nil, refuseSheet(hintSheet, "the workbook is larger than %d MiB", maxPacked>>20)
	}
	head := make([]byte, len(oleStart))
	if _, err := in.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading the workbook: %w", err)
	}
	if bytes.HasPrefix(head, []byte(oleStart)) {
		return nil, oldFile(in, size)
	}
	archive, err := zip.NewReader(in, size)
	if err != nil {
		return nil, refuseSheet(hintAnew, "this is a zip archive that is damaged or cut off (%v)", err)
	}
	p := &pack{parts: make(map[string]*zip.File, len(archive.File))}
	var unpacked uint64
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if p.parts[name] != nil {
			return nil, refuseSheet(hintAnew, "the workbook holds two parts of the name %s", cut(name))
		}
		p.parts[name] = f
		if unpacked += f.UncompressedSize64; unpacked > maxUnpacked || f.UncompressedSize64 > maxUnpacked {
			return nil, refuseSheet(hintSheet, "the workbook unpacks to more than %d MiB", maxUnpacked>>20)
		}
	}
	if unpacked > uint64(size)*maxRatio {
		return nil, refuseSheet(hintSheet, "the workbook unpacks to more than %d times its size, as no real one does", maxRatio)
	}
	return p, p.recognized()
}

// oldFile says what a file in Microsoft's older container is.
func oldFile(in io.ReaderAt, size int64) error {
	const chunk = 1 << 16
	needle := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	buf := make([]byte, chunk+len(needle))
	for at := int64(0); at < size; at += chunk {
		n, err := in.ReadAt(buf, at)
		if bytes.Contains(buf[:n], needle) {
			return refuseSheet("open it in Excel, take the password off, and save it anew", "this workbook is protected with a password")
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading the workbook: %w", err)
		}
	}
	return refuseSheet("open it in Excel, and save it as an Excel workbook (.xlsx) or as CSV (UTF-8)", "this is an old Excel or Word file (.xls, .doc)")
}

// recognized refuses the containers that are no plain Excel workbook.
func (p *pack) recognized() error {
	const workbook = "open it in Excel, and save it as an Excel workbook (.xlsx) or as CSV (UTF-8)"
	switch {
	case p.parts["xl/vbaproject.bin"] != nil:
		return refuseSheet(workbook, "this workbook contains macros (.xlsm)")
	case p.parts["xl/workbook.bin"] != nil:
		return refuseSheet(workbook, "this is a binary Excel workbook (.xlsb)")
	case p.parts["word/document.xml"] != nil:
		return refuseSheet(hintSave, "this is a Word document, not a workbook")
	case p.parts["mimetype"] != nil && p.parts["content.xml"] != nil:
		return refuseSheet("save it as an Excel workbook (.xlsx) or as CSV (UTF-8)", "this is an OpenDocument file (.ods)")
	case p.parts["index/document.iwa"] != nil:
		return refuseSheet("export it as an Excel workbook (.xlsx) or as CSV (UTF-8)", "this is a Numbers file")
	case p.parts["[content_types].xml"] == nil:
		return refuseSheet("unpack it, and name the file inside", "this is a zip archive, not a workbook")
	}
	return nil
}

// has reports whether there is a part of this name.
func (p *pack) has(name string) bool { return p.parts[strings.ToLower(name)] != nil }

// relations reads what a part refers to: from the identifiers to the kinds and
// names of parts. A part without relations has none.
func (p *pack) relations(name string) (map[string]relation, error) {
	folder, base := path.Split(name)
	list := map[string]relation{}
	from := path.Join(folder, "_rels", base+".rels")
	if !p.has(from) {
		return list, nil
	}
	x, err := p.open(from)
	if err != nil {
		return nil, err
	}
	defer x.close()
	return list, x.each(func(e *xml.StartElement) error {
		if e.Name.Local == "Relationship" && attribute(e, "TargetMode") != "External" {
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = "/" + folder + target
			}
			list[attribute(e, "Id")] = relation{kind: path.Base(attribute(e, "Type")), part: strings.TrimPrefix(path.Clean(target), "/")}
		}
		return nil
	})
}

type relation struct{ kind, part string }

// xmlPart reads the XML of one part, token by token.
type xmlPart struct {
	name    string
	file    io.ReadCloser
	fed     int // bytes since the last token
	decoder *xml.Decoder
	open    []string // the elements that are open
}

// What XML of a spreadsheet never reaches, and what would fill the memory.
const (
	maxToken = 4 << 20 // a cell has 32,767 characters at most
	maxDepth = 64
)

// errTooLong marks text or a tag over maxToken.
var errTooLong = errors.New("it holds a text of more than 4 MiB")

func (p *pack) open(name string) (*xmlPart, error) {
	f := p.parts[strings.ToLower(name)]
	if f == nil {
		return nil, refuseSheet(hintAnew, "the workbook is damaged: its part %s is missing", cut(name))
	}
	const encrypted = 1
	if f.Flags&encrypted != 0 {
		return nil, refuseSheet("take the password off, and save it anew", "this workbook is protected with a password")
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuseSheet(hintAnew, "the workbook is damaged: %s: %v", cut(name), err)
	}
	x := &xmlPart{name: name, file: r}
	x.decoder = xml.NewDecoder(x)
	return x, nil
}

func (x *xmlPart) close() { x.file.Close() }

// Read implements io.Reader for the decoder.
func (x *xmlPart) Read(p []byte) (int, error) {
	if x.fed > maxToken {
		return 0, errTooLong
	}
	n, err := x.file.Read(p)
	x.fed += n
	return n, err
}

// next gives the next start, end or text; io.EOF at the end. It is valid until
// the next call.
func (x *xmlPart) next() (xml.Token, error) {
	for {
		x.fed = 0
		token, err := x.decoder.RawToken()
		if err == io.EOF && len(x.open) == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, x.damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(x.open) == maxDepth {
				return nil, x.damaged(errors.New("its elements are nested too deep"))
			}
			x.open = append(x.open, t.Name.Local)
			return token, nil
		case xml.EndElement:
			last := len(x.open) - 1
			if last < 0 || x.open[last] != t.Name.Local {
				return nil, x.damaged(fmt.Errorf("</%s> closes nothing", cut(t.Name.Local)))
			}
			x.open = x.open[:last]
			return token, nil
		case xml.CharData:
			return token, nil
		case xml.Directive:
			return nil, x.damaged(errors.New("it has a document type, as no workbook has"))
		}
	}
}

// damaged refuses a workbook, unless its file itself could not be read.
func (x *xmlPart) damaged(err error) error {
	if disk := (*fs.PathError)(nil); errors.As(err, &disk) {
		return fmt.Errorf("reading the workbook: %w", err)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return refuseSheet(hintAnew, "the workbook is damaged: %s: %v", cut(x.name), err)
}

// each calls f for every element.
func (x *xmlPart) each(f func(*xml.StartElement) error) error {
	for {
		token, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := f(&e); err != nil {
				return err
			}
		}
	}
}

// attribute gives an attribute by its name without the prefix; "" if it is
// not there.
func attribute(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}

// truth reads a boolean attribute.
func truth(text string) bool { return text == "1" || text == "true" }
