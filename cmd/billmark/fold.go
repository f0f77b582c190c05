package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// folded breaks the lines of a text between words where it goes to a terminal
// that is narrower, and sets what comes after a break below the line's words.
// Elsewhere a text stays as it is: programs look for lines.
func folded(w io.Writer, text string) string {
	width := 0
	switch w := w.(type) {
	case *screen:
		width = w.width()
	case *os.File:
		if isTerminal(w) {
			width = widthOf(w)
		}
	}
	if width <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(foldLine(line, width))
	}
	return b.String()
}

// foldLine breaks one line. A word that is longer than the width stays whole.
func foldLine(line string, width int) string {
	if utf8.RuneCountInString(strings.TrimRight(line, "\n")) <= width {
		return line
	}
	indent := hanging(line, width)
	var b strings.Builder
	column := 0
	for i, word := range strings.SplitAfter(line, " ") {
		n := utf8.RuneCountInString(strings.TrimRight(word, " \n"))
		if i > 0 && n > 0 && column > indent && column+n > width {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		}
		b.WriteString(word)
		column += utf8.RuneCountInString(word)
	}
	return b.String()
}

// hanging is the column at which the words of a line begin: after a label or a
// number and at least two blanks, if that leaves room.
func hanging(line string, width int) int {
	lead := len(line) - len(strings.TrimLeft(line, " "))
	indent := lead + 2
	if at := strings.Index(line[lead:], "  "); at >= 0 && at < 16 {
		rest := line[lead+at:]
		indent = utf8.RuneCountInString(line[:lead+at]) + len(rest) - len(strings.TrimLeft(rest, " "))
	}
	if indent > width/2 {
		return min(2, width/2)
	}
	return indent
}
