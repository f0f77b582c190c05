package manifest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

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

func isAuto(option string) bool { return option == "" || strings.EqualFold(option, "auto") }

// readText finds out the encoding and refuses what is no text.
func (f *File) readText() error {
	var known text
	if !isAuto(f.options.Encoding) {
		var ok bool
		if known, ok = encodings[plain(f.options.Encoding)]; !ok {
			return &OptionError{
				Message: fmt.Sprintf("--encoding %s is not known", f.options.Encoding),
				Hint:    "say auto, utf-8, utf-16le, utf-16be, windows-1251, windows-1252, koi8-r or cp866",
			}
		}
	}
	head := make([]byte, min(f.size, headSize))
	if n, err := f.input.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", f.options.Name, err)
	} else {
		head = head[:n]
	}
	if what := disguised(head); what != "" {
		return f.refuse("open it in the program that made it, and save it as CSV (UTF-8)", "this is %s, not a CSV file", what)
	}
	if err := f.chooseText(known, head); err != nil {
		return err
	}
	return f.scan()
}

// headSize is how much of a file is looked at to know its kind.
const headSize = 1 << 16

// chooseText decides on the encoding as far as the head shows it.
func (f *File) chooseText(known text, head []byte) error {
	marked := byMark(head)
	switch {
	case known.name == "" && marked.name != "":
		f.text = marked
	case known.name == "":
		f.text = byZeros(head)
	case marked.name != "" && marked.name != known.name:
		return f.refuse("leave --encoding out", "--encoding %s is not what the file says itself, which is %s", known.name, marked.name)
	default:
		f.text = known
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

// byZeros knows UTF-16 without a mark by every other byte of plain text being
// zero. What is none is left for the scan to decide.
func byZeros(head []byte) text {
	if len(head) < 4 {
		return text{}
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
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
	if t.code == nil {
		return decoded, nil
	}
	return t.code.NewEncoder().Bytes(decoded)
}

// scan reads the whole file once, for what would make it impossible to split
// into rows with certainty, and for what the head did not show.
func (f *File) scan() error {
	var s scanner
	if err := s.read(f); err != nil {
		return err
	}
	f.text.onlyCR = s.lf == 0 && s.cr > 0
	switch {
	case s.zero >= 0:
		return f.refuse("save it as CSV (UTF-8) where it was made", "line %d holds a NUL byte: this is no text, or --encoding is missing", s.zero)
	case f.text.name == "" && s.invalid < 0:
		f.text = text{name: "utf-8", onlyCR: f.text.onlyCR}
	case f.text.name == "":
		onlyCR := f.text.onlyCR
		if err := f.guess(s.foreign); err != nil {
			return err
		}
		f.text.onlyCR = onlyCR
	case s.invalid >= 0 && f.text.code == nil:
		return f.refuse("leave --encoding out, or say the right one", "line %d is not valid %s", s.invalid, f.text.name)
	case s.invalid >= 0:
		return f.refuse("say another --encoding, or mend the file", "line %d holds what is not %s", s.invalid, f.text.name)
	}
	return nil
}

// scanner counts what matters in a whole text.
type scanner struct {
	lf, cr  int
	zero    int    // the line of the first NUL, or -1
	invalid int    // the line of the first byte that is no UTF-8, or that has no counterpart, or -1
	foreign []byte // lines that are not plain ASCII, if there are any that are no UTF-8
}

func (s *scanner) read(f *File) error {
	s.zero, s.invalid = -1, -1
	source := f.decoded(int64(f.text.mark))
	buf := make([]byte, headSize)
	kept := 0 // bytes of a rune that the last chunk cut through
	for {
		n, err := source.Read(buf[kept:])
		chunk := buf[:kept+n]
		whole := chunk
		if err == nil {
			whole = chunk[:len(chunk)-cutRune(chunk)]
		}
		s.chunk(whole, f.text.code != nil)
		kept = copy(buf, chunk[len(whole):])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.options.Name, err)
		}
	}
}

// cutRune is the length of an unfinished rune at the end of a text.
func cutRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

func (s *scanner) chunk(text []byte, wasDecoded bool) {
	if at := bytes.IndexByte(text, 0); at >= 0 && s.zero < 0 {
		s.zero = 1 + s.lf + lines(text[:at])
	}
	if s.invalid < 0 {
		at := -1
		if wasDecoded {
			at = bytes.IndexRune(text, utf8.RuneError)
		} else if !utf8.Valid(text) {
			at = firstInvalid(text)
		}
		if at >= 0 {
			s.invalid = 1 + s.lf + lines(text[:at])
		}
	}
	s.sample(text)
	s.lf += lines(text)
	s.cr += bytes.Count(text, []byte("\r"))
}

// sample keeps some of what is not ASCII, to tell code pages apart by.
func (s *scanner) sample(text []byte) {
	const enough = 1 << 16
	if s.invalid < 0 || len(s.foreign) >= enough {
		return
	}
	for line := range bytes.Lines(text) {
		if bytes.IndexFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			s.foreign = append(s.foreign, line...)
		}
	}
}

func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
