package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"billmark/batch"
)

// ask asks once whether to start; only on a terminal, and only if there is
// something to send.
func (d *desk) ask() error {
	n := d.decided.Plan().Sending()
	if n == 0 {
		return nil
	}
	return d.askTo(fmt.Sprintf("Send %s now?", many(n, "update")))
}

// askTo asks a yes-or-no question, on a terminal and unless --yes was given.
func (d *desk) askTo(question string) error {
	if d.s.yes || !isTerminal(d.c.in) || !isTerminal(d.c.err) {
		return nil
	}
	fmt.Fprintf(d.c.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(d.c.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return &told{exitInterrupted, "not started; nothing was sent", "the same command asks again; --yes does not ask", batch.ErrInterrupted}
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
