package main

import (
	"bufio"
	"fmt"
	"path/filepath"
)

// desktopArgs gives the page to somebody who started billmark by a double
// click: whoever does that has no command line to read help on.
func desktopArgs(args []string) (_ []string, clicked bool) {
	if len(args) > 0 || !doubleClicked() {
		return args, false
	}
	return []string{"serve", "--open"}, true
}

// stay keeps the window open until what it says was read.
func (c *console) stay() {
	fmt.Fprint(c.err, "Press Enter to close this window. ")
	bufio.NewReader(c.in).ReadString('\n')
}

// byFinder tells a start by the Finder from one at a prompt: it is either made
// without a terminal, or by a terminal that was opened for it, which names the
// program by its whole path, in the home folder.
func byFinder(program, folder, home string, terminal bool, parent int) bool {
	if !filepath.IsAbs(program) {
		return false
	}
	if !terminal {
		return parent == 1
	}
	return home != "" && folder == home
}
