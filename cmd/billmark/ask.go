package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/term"

	"billmark/batch"
)

// typedAbove is how many paid and cancel updates together need more than a y:
// the service acts on them at once, and they cannot be called back.
const typedAbove = 20

// ask asks once whether to start; only of somebody at a terminal, and only if
// there is something to send. It ends when ctx does.
func (d *desk) ask(ctx context.Context) error {
	p, l := d.decided.Plan(), d.language()
	n := p.Sending()
	if n == 0 {
		return nil
	}
	question := l.sayf("Send %s of account %s now?", d.kinds(), d.s.account)
	if warnings, count := d.warnings(); count > 0 {
		if d.s.json || d.s.quiet || !isTerminal(d.c.err) { // nobody has seen them yet
			var b strings.Builder
			d.listFaults(&b, l.say("Warnings"), warnings, count)
			question = b.String() + question
		}
		question += l.sayf(" There is a reason to look twice (%s).", l.many(count, "warning"))
	}
	money := p.ToSend[batch.Paid] + p.ToSend[batch.Cancel]
	if money <= typedAbove {
		return d.askTo(ctx, question)
	}
	question += l.sayf("\n%d of them are paid or cancel, which the service acts on at once.\nType %d, the number of updates, to send them:", money, n)
	return d.askFor(ctx, question, func(answer string) bool { return answer == strconv.Itoa(n) })
}

// askTo asks a yes-or-no question, on a terminal and unless --yes was given.
func (d *desk) askTo(ctx context.Context, question string) error {
	return d.askFor(ctx, question+" [y/N]", func(answer string) bool {
		switch strings.ToLower(answer) {
		case "y", "yes", "д", "да":
			return true
		}
		return false
	})
}

// askFor takes any answer but a good one for no. Whoever sits at a terminal is
// asked, wherever the output goes.
func (d *desk) askFor(ctx context.Context, question string, good func(string) bool) error {
	if d.s.yes || !isTerminal(d.c.in) {
		return nil
	}
	if !inForeground(d.c.in) {
		return refused("whether to start cannot be asked in the background", "say --yes to send without being asked")
	}
	seen := d.c.err
	if !isTerminal(seen) {
		screen, err := openScreen()
		if err != nil {
			return refused("the question whether to start cannot be shown: standard error is no terminal", "say --yes to send without being asked")
		}
		defer screen.Close()
		seen = screen
	}
	d.asking.Store(true)
	defer d.asking.Store(false)
	fmt.Fprint(seen, question+" ")
	answer, err := readLine(ctx, d.c.in)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err == nil && good(strings.TrimSpace(answer)) {
		return nil
	}
	d.declined = true
	return &told{exitInterrupted, "not started; nothing was sent", "the same command asks again; --yes does not ask", batch.ErrInterrupted}
}

// openScreen opens the terminal itself.
func openScreen() (*os.File, error) {
	name := "/dev/tty"
	if runtime.GOOS == "windows" {
		name = "CONOUT$"
	}
	return os.OpenFile(name, os.O_RDWR, 0) // a console is known by reading its mode
}

// readLine reads what somebody types. The end of ctx does not wait for that.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type typed struct {
		line string
		err  error
	}
	answer := make(chan typed, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err == io.EOF {
			err = nil
		}
		answer <- typed{line, err}
	}()
	select {
	case a := <-answer:
		if a.err != nil {
			return "", fmt.Errorf("reading the answer: %w", a.err)
		}
		return a.line, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	switch s := stream.(type) {
	case *screen:
		return s.terminal()
	case *os.File:
		return term.IsTerminal(int(s.Fd()))
	}
	return false
}
