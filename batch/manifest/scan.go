package manifest

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// scan reads the whole file once, for what would make it impossible to split
// into rows with certainty, and for what the head did not show. named says that
// the user named the encoding.
func (f *File) scan(named bool) error {
	s, err := f.scanned()
	if err != nil {
		return err
	}
	f.text.onlyCR = s.lf == 0 && s.cr > 0
	switch {
	case s.zero > 0:
		return f.refuse("save it as CSV (UTF-8) where it was made", "line %d holds a NUL byte: this is no text, or in an encoding that --encoding must say", s.zero)
	case f.text.code == nil && s.invalid == 0:
		f.text.name = "utf-8"
		return nil
	case f.text.name == "":
		return f.guess(s.foreign)
	case f.text.code == nil && !named:
		return f.refuse("save it as CSV (UTF-8) where it was made", "line %d is not UTF-8, which the file's first bytes say that it is", s.invalid)
	case f.text.code == nil:
		return f.refuse("leave --encoding out, or say the right one", "line %d is not UTF-8", s.invalid)
	case f.text.isUTF16() && s.replaced > 0:
		return f.refuse("save it as CSV (UTF-8) where it was made", "line %d holds what is not %s", s.replaced, f.text.name)
	case f.text.isUTF16(), !s.many:
		return nil
	}
	return f.holdAgainst(s)
}

// scanned reads the file's bytes, or, if two make a character, what they mean.
func (f *File) scanned() (scanner, error) {
	var s scanner
	if f.text.isUTF16() {
		return s, s.read(f, f.decoded(int64(f.text.mark)))
	}
	return s, s.read(f, io.NewSectionReader(f.input, int64(f.text.mark), f.size-int64(f.text.mark)))
}

// holdAgainst refuses a code page that the user named, if the text speaks
// against it.
func (f *File) holdAgainst(s scanner) error {
	switch other := likely(s.foreign); {
	case s.invalid == 0 && s.many:
		return f.refuse("leave --encoding out", "the text is UTF-8, and not %s", f.text.name)
	case other != "" && encodings[other].name != f.text.name && !f.text.sameAs(encodings[other], s.foreign):
		return f.refuse("leave --encoding out; if it is right all the same, save the file as CSV (UTF-8)",
			"--encoding %s does not fit: the text reads as %s", f.text.name, encodings[other].name)
	}
	var decoded scanner
	if err := decoded.read(f, f.decoded(0)); err != nil {
		return err
	}
	if decoded.replaced > 0 {
		return f.refuse("leave --encoding out, or say the right one", "line %d holds what is not %s", decoded.replaced, f.text.name)
	}
	return nil
}

// scanner notes what matters in a whole text. Lines count from 1; 0 is none.
type scanner struct {
	lf, cr   int
	zero     int    // the line of the first NUL
	invalid  int    // the line of the first byte that is no UTF-8
	replaced int    // the line of the first byte for which there is no character
	many     bool   // there are characters of more bytes than one
	foreign  []byte // lines that are not plain ASCII
}

func (s *scanner) read(f *File, source io.Reader) error {
	buf := make([]byte, f.ahead())
	kept := 0 // bytes of a rune that the last chunk cut through
	for {
		n, err := source.Read(buf[kept:])
		chunk := buf[:kept+n]
		whole := chunk
		if err == nil {
			whole = chunk[:len(chunk)-cutRune(chunk)]
		}
		s.chunk(whole)
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

func (s *scanner) chunk(text []byte) {
	if at := bytes.IndexByte(text, 0); at >= 0 && s.zero == 0 {
		s.zero = s.lineOf(text, at)
	}
	if !isASCII(text) {
		s.characters(text)
	}
	s.lf += lines(text)
	s.cr += bytes.Count(text, []byte("\r"))
}

func (s *scanner) lineOf(text []byte, at int) int { return 1 + s.lf + lines(text[:at]) }

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (s *scanner) characters(text []byte) {
	s.many = true
	if s.invalid == 0 && !utf8.Valid(text) {
		s.invalid = s.lineOf(text, firstInvalid(text))
	}
	if s.replaced == 0 {
		if at := bytes.Index(text, []byte("\ufffd")); at >= 0 {
			s.replaced = s.lineOf(text, at)
		}
	}
	s.sample(text)
}

// sample keeps some of what is not ASCII, to tell code pages apart by.
func (s *scanner) sample(text []byte) {
	const enough = 1 << 16
	for line := range bytes.Lines(text) {
		if len(s.foreign) >= enough {
			return
		}
		if !isASCII(line) {
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
	return len(text)
}
