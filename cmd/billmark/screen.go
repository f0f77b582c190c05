package main

import (
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is standard error with at most one line at its end that is drawn
// again and again. Whatever else is written appears above that line. Where
// there is no terminal it writes through and draws nothing. It may be used by
// many goroutines at once.
type screen struct {
	out   io.Writer
	width func() int // of the terminal, now; 0 if there is none
	moves bool       // the terminal understands cursor movements

	mu   sync.Mutex
	line string // what stands in the last line; empty if nothing does
}

// newScreen makes a screen of a stream.
func newScreen(f *os.File) *screen {
	s := &screen{out: f, width: func() int { return 0 }}
	if term.IsTerminal(int(f.Fd())) {
		s.width = func() int { return widthOf(f) }
		s.moves = runtime.GOOS != "windows" && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
	}
	return s
}

// widthOf is the width of a terminal, also of one that does not tell.
func widthOf(f *os.File) int {
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// terminal reports whether somebody is looking.
func (s *screen) terminal() bool { return s.width() > 0 }

// Write puts text above the line.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.line
	if line == "" {
		return s.out.Write(p)
	}
	s.erase()
	n, err := s.out.Write(p)
	if len(p) > 0 && p[len(p)-1] == '\n' {
		s.put(line)
	}
	return n, err
}

// draw replaces the line. It is drawn over what is there, so that nothing
// flickers.
func (s *screen) draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width() == 0 {
		return
	}
	if !s.fits() {
		s.erase()
	}
	s.put(line)
}

// end leaves the line as it stands and goes on below it.
func (s *screen) end() {
	if !s.mu.TryLock() { // somebody is in the middle of writing, or stuck there
		return
	}
	defer s.mu.Unlock()
	if line := s.line; line != "" {
		s.erase()
		s.put(line)
		io.WriteString(s.out, "\n")
		s.line = ""
	}
}

// put writes the line over what stands there, and leaves the cursor at its
// beginning: if a terminal that becomes narrower breaks the line, that is
// still where it begins.
func (s *screen) put(line string) {
	text := s.cut(line)
	drawn := padded(text, utf8.RuneCountInString(s.line))
	if s.moves {
		drawn = text + "\x1b[K"
	}
	io.WriteString(s.out, "\r"+drawn+"\r")
	s.line = text
}

// erase takes the line away, also one that was broken over several.
func (s *screen) erase() {
	switch {
	case s.line == "":
	case s.moves:
		io.WriteString(s.out, "\r\x1b[J")
	default:
		blanks := min(utf8.RuneCountInString(s.line), max(0, s.width()-1))
		io.WriteString(s.out, "\r"+strings.Repeat(" ", blanks)+"\r")
	}
	s.line = ""
}

// fits reports whether what is drawn still stands in one line.
func (s *screen) fits() bool { return utf8.RuneCountInString(s.line) < s.width() }

// cut keeps a line one short of the width: a terminal may break a full one.
func (s *screen) cut(line string) string {
	r := []rune(line)
	return string(r[:min(len(r), max(0, s.width()-1))])
}

func padded(text string, n int) string {
	return text + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(text)))
}
