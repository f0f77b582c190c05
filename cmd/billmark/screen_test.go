package main

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// glass is a terminal as far as billmark needs one: it knows CR, LF, erase to the end of line and of screen, breaks lines that are too long,
// and breaks them anew when it is resized, as most terminals do.
type glass struct {
	width  int
	lines  [][]rune
	at     int // the line of the cursor
	column int // in it, counted over breaks
}

func newGlass(width int) *glass { return &glass{width: width, lines: [][]rune{nil}} }

func (g *glass) Write(p []byte) (int, error) {
	text := []rune(string(p))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; r {
		case '\r':
			g.column -= g.column % g.width
		case '\n':
			g.at++
			g.column = 0
			if g.at == len(g.lines) {
				g.lines = append(g.lines, nil)
			}
		case '\x1b':
			i += g.escape(string(text[i+1:]))
		default:
			g.put(r)
		}
	}
	return len(p), nil
}

func (g *glass) put(r rune) {
	line := g.lines[g.at]
	for len(line) <= g.column {
		line = append(line, ' ')
	}
	line[g.column] = r
	g.lines[g.at] = line
	g.column++
}

func (g *glass) escape(text string) (length int) {
	switch {
	case strings.HasPrefix(text, "[K"):
		g.lines[g.at] = g.lines[g.at][:min(g.column, len(g.lines[g.at]))]
		return 2
	case strings.HasPrefix(text, "[J"):
		g.lines[g.at] = g.lines[g.at][:min(g.column, len(g.lines[g.at]))]
		g.lines = g.lines[:g.at+1]
		return 2
	}
	panic(fmt.Sprintf("the terminal does not know %q", text))
}

// text is what stands there, without blanks at the ends of lines.
func (g *glass) text() string {
	var lines []string
	for _, l := range g.lines {
		lines = append(lines, strings.TrimRight(string(l), " "))
	}
	return strings.Join(lines, "\n")
}

// TestScreen draws, writes and resizes at random: there must never stand
// anything else than what was written, and below it the last line drawn.
func TestScreen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGlass(rapid.IntRange(2, 90).Draw(t, "width"))
		s := &screen{out: g, width: func() int { return g.width }, moves: true}
		var written strings.Builder
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				line := strings.Repeat("x", rapid.IntRange(1, 60).Draw(t, "length")) + "ы"
				s.draw(line)
				if want := written.String() + s.cut(line); g.text() != want {
					t.Fatalf("drawn:\n%s\nwant\n%s", g.text(), want)
				}
			case 2:
				text := strings.Repeat("w", rapid.IntRange(1, 60).Draw(t, "written")) + "\n"
				fmt.Fprint(s, text)
				written.WriteString(text)
			case 3:
				g.width = rapid.IntRange(2, 90).Draw(t, "resized")
			}
		}
		s.draw("z")
		if want := written.String() + s.cut("z"); g.text() != want {
			t.Fatalf("at the end:\n%s\nwant\n%s", g.text(), want)
		}
		s.end()
		fmt.Fprint(s, "after")
		if want := written.String() + s.cut("z") + "\nafter"; g.text() != want {
			t.Fatalf("after the end:\n%s\nwant\n%s", g.text(), want)
		}
	})
}

// TestScreenDumb draws on a terminal that knows no cursor movements.
func TestScreenDumb(t *testing.T) {
	g := newGlass(40)
	s := &screen{out: g, width: func() int { return g.width }}
	s.draw("a rather long line, 12345")
	s.draw("short")
	if got := g.text(); got != "short" {
		t.Errorf("got %q", got)
	}
	fmt.Fprintln(s, "above")
	if got := g.text(); got != "above\nshort" {
		t.Errorf("got %q", got)
	}
}

// TestScreenPiped has nothing drawn where there is no terminal.
func TestScreenPiped(t *testing.T) {
	var b strings.Builder
	s := &screen{out: &b, width: func() int { return 0 }}
	s.draw("a line")
	fmt.Fprintln(s, "text")
	s.end()
	if got := b.String(); got != "text\n" || s.terminal() {
		t.Errorf("got %q", got)
	}
}
