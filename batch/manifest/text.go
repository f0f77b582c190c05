package manifest

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// text is how bytes become UTF-8 with LF, and back. Both ways are exact: what
// has no counterpart refuses the file.
type text struct {
	name   string
	code   encoding.Encoding // nil for UTF-8
	mark   int               // bytes of the byte-order mark
	onlyCR bool              // lines end with CR, as they did on old Macs
}

// encodings are those that --encoding can name, by plain names: exact in both
// directions.
var encodings = map[string]text{
	"utf8":         {name: "utf-8"},
	"utf16le":      {name: "utf-16le", code: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	"utf16be":      {name: "utf-16be", code: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	"windows1251":  {name: "windows-1251", code: charmap.Windows1251},
	"windows1252":  {name: "windows-1252", code: charmap.Windows1252},
	"windows1250":  {name: "windows-1250", code: charmap.Windows1250},
	"windows1253":  {name: "windows-1253", code: charmap.Windows1253},
	"windows1254":  {name: "windows-1254", code: charmap.Windows1254},
	"windows1257":  {name: "windows-1257", code: charmap.Windows1257},
	"koi8r":        {name: "koi8-r", code: charmap.KOI8R},
	"koi8u":        {name: "koi8-u", code: charmap.KOI8U},
	"cp866":        {name: "cp866", code: charmap.CodePage866},
	"ibm866":       {name: "cp866", code: charmap.CodePage866},
	"cp437":        {name: "cp437", code: charmap.CodePage437},
	"cp850":        {name: "cp850", code: charmap.CodePage850},
	"iso88591":     {name: "iso-8859-1", code: charmap.ISO8859_1},
	"latin1":       {name: "iso-8859-1", code: charmap.ISO8859_1},
	"iso88592":     {name: "iso-8859-2", code: charmap.ISO8859_2},
	"iso88595":     {name: "iso-8859-5", code: charmap.ISO8859_5},
	"iso885915":    {name: "iso-8859-15", code: charmap.ISO8859_15},
	"macintosh":    {name: "macintosh", code: charmap.Macintosh},
	"xmaccyrillic": {name: "x-mac-cyrillic", code: charmap.MacintoshCyrillic},
	"cp1251":       {name: "windows-1251", code: charmap.Windows1251},
	"cp1252":       {name: "windows-1252", code: charmap.Windows1252},
}

// utf16Any is --encoding utf-16, of which the file must tell the order of bytes.
const utf16Any = "utf16"

func isAuto(option string) bool { return option == "" || strings.EqualFold(option, "auto") }

func (t *text) isUTF16() bool { return strings.HasPrefix(t.name, "utf-16") }

// unit is how many bytes of the file a plain character takes.
func (t *text) unit() int64 {
	if t.isUTF16() {
		return 2
	}
	return 1
}

// readText finds out the encoding and refuses what is no text.
func (f *File) readText() error {
	wanted, err := f.wantedText()
	if err != nil {
		return err
	}
	head := make([]byte, min(f.size, headSize))
	n, err := f.input.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	head = head[:n]
	if what := disguised(head); what != "" {
		return f.refuse("open it in the program that made it, and save it as CSV (UTF-8)", "this is %s, not a CSV file", what)
	}
	if err := f.chooseText(wanted, head); err != nil {
		return err
	}
	return f.scan(wanted.name != "")
}

// wantedText is what --encoding says; without a name if it says nothing.
func (f *File) wantedText() (text, error) {
	option := plain(f.options.Encoding)
	if isAuto(option) {
		return text{}, nil
	}
	if option == utf16Any {
		return text{name: utf16Any}, nil
	}
	if t, ok := encodings[option]; ok {
		return t, nil
	}
	return text{}, &OptionError{
		Message: fmt.Sprintf("--encoding %s is not known", f.options.Encoding),
		Hint:    "say auto, utf-8, utf-16le, utf-16be, windows-1251, windows-1252, koi8-r or cp866",
	}
}

// headSize is how much of a file is looked at to know its kind.
const headSize = 1 << 16

// chooseText decides on the encoding as far as the head shows it.
func (f *File) chooseText(wanted text, head []byte) error {
	marked, zeros := byMark(head), byZeros(head)
	switch {
	case wanted.name == "" && marked.name != "":
		f.text = marked
	case wanted.name == "":
		f.text = zeros
	case wanted.name == utf16Any && marked.isUTF16():
		f.text = marked
	case wanted.name == utf16Any && zeros.name != "":
		f.text = zeros
	case marked.name != "" && marked.name != wanted.name:
		return f.refuse("leave --encoding out", "--encoding %s is not what the file says itself, which is %s", f.options.Encoding, marked.name)
	case wanted.name == utf16Any, wanted.isUTF16() && marked.name == "" && zerosIn(head)[wanted.plainZero()] == 0:
		return f.refuse("leave --encoding out, or say the right one", "the file is not %s", f.options.Encoding)
	default:
		f.text = wanted
		f.text.mark = marked.mark
	}
	return nil
}

// byMark knows the encodings that a byte-order mark tells of.
func byMark(head []byte) text {
	for _, m := range []struct{ mark, name string }{{"\xef\xbb\xbf", "utf8"}, {"\xff\xfe", "utf16le"}, {"\xfe\xff", "utf16be"}} {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			t := encodings[m.name]
			t.mark = len(m.mark)
			return t
		}
	}
	return text{}
}

// zerosIn counts the zeros at even and at odd places.
func zerosIn(head []byte) (zeros [2]int) {
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	return zeros
}

// plainZero is where a plain character has its zero in UTF-16: 0 for the first
// byte, 1 for the second.
func (t *text) plainZero() int {
	if t.name == "utf-16be" {
		return 0
	}
	return 1
}

// byZeros knows UTF-16 without a mark by every other byte of plain text being
// zero. What is none is left for the scan to decide.
func byZeros(head []byte) text {
	zeros, half := zerosIn(head), len(head)/2
	switch {
	case len(head) < 4:
	case zeros[0] == 0 && zeros[1]*10 >= half*7:
		return encodings["utf16le"]
	case zeros[1] == 0 && zeros[0]*10 >= half*7:
		return encodings["utf16be"]
	}
	return text{}
}

// decoded reads the file from an offset as UTF-8 with LF.
func (f *File) decoded(offset int64) io.Reader {
	var r io.Reader = io.NewSectionReader(f.input, offset, f.size-offset)
	if f.text.code != nil {
		r = transform.NewReader(r, f.text.code.NewDecoder())
	}
	if f.text.onlyCR {
		r = &newlines{r}
	}
	return r
}

// newlines makes LF of CR.
type newlines struct{ source io.Reader }

func (n *newlines) Read(p []byte) (int, error) {
	count, err := n.source.Read(p)
	for i, b := range p[:count] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return count, err
}

// encode gives the bytes of the file that a decoded text was made from.
func (t *text) encode(decoded []byte) ([]byte, error) {
	if t.onlyCR {
		decoded = bytes.ReplaceAll(decoded, []byte("\n"), []byte("\r"))
	}
	if t.code == nil || !t.isUTF16() && isASCII(decoded) {
		return decoded, nil
	}
	return t.code.NewEncoder().Bytes(decoded)
}
