// Command billmark marks bills in bulk: it reads a manifest, signs and posts
// each update, verifies every reply, and reports on every row.
//
// This is the front door: flags, wiring, words and exit codes; one file a
// command. Whatever is not for a person's eyes lives in the other rooms.
package main

import (
	"io"
	"os"
	"runtime/debug"
)

// heapGrowth is how much garbage may lie beside what is in use, in percent.
// What billmark keeps in memory is small, whatever the size of its work, so to
// clear up often costs little.
const heapGrowth = 40

func main() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(heapGrowth)
	}
	screen := newScreen(os.Stderr)
	leave := func(code int) {
		screen.end()
		os.Exit(code)
	}
	_, processors := os.LookupEnv("GOMAXPROCS")
	leave(run(&console{in: os.Stdin, out: os.Stdout, err: screen, env: os.LookupEnv, leave: leave, oneProcessor: !processors}, os.Args[1:]))
}

// console is the world as a command sees it; tests make their own.
type console struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	leave    func(code int) // ends the process at once
	// oneProcessor lets a run send from one processor. Sending is waiting,
	// and there are no others to wake for it.
	oneProcessor bool
}

// run carries out one command line and gives its exit code.
func run(c *console, args []string) int {
	args, clicked := desktopArgs(args)
	root := rootCommand(c)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return 0
	}
	code := explain(c, err)
	if clicked {
		c.stay()
	}
	return code
}
