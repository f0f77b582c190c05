package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/signer"
)

func initCommand(c *console) *cobra.Command {
	s := defaults()
	cmd := &cobra.Command{
		Use:   "init",
		Short: "first set-up: account, key, a test of both, a rehearsal",
		Long: `init asks for the account and its API key, tests them by reading one order if you
name one, which changes nothing, and saves them for the commands to come: the
key in a file that only you can read, the rest in a profile called default,
which is used from then on without being named.

It asks on a terminal only. Elsewhere set BILLMARK_ACCOUNT, and BILLMARK_KEY or
BILLMARK_KEY_FILE.`,
		Example: "  billmark init",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return setUp(c, s)
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	f.StringVar(&s.caFile, "ca-file", "", "`FILE` of extra root certificates")
	f.StringVar(&s.proxy, "proxy", "", "`URL` of a proxy; the usual proxy variables are not obeyed")
	f.DurationVar(&s.timeout, "timeout", s.timeout, "time limit of the test")
	return cmd
}

// setUp is billmark init.
func setUp(c *console, s *settings) error {
	if !isTerminal(c.in) || !isTerminal(c.err) {
		return usage("init asks questions, and there is no terminal to ask on",
			"export BILLMARK_ACCOUNT=LOGIN, and BILLMARK_KEY or BILLMARK_KEY_FILE, instead")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := &wizard{ctx: ctx, c: c, s: s}
	err := w.walk()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err)
		return &told{exitInterrupted, "stopped; nothing was saved", "billmark init begins anew", err}
	}
	return err
}

// wizard walks a new user through the first set-up.
type wizard struct {
	ctx context.Context
	c   *console
	s   *settings
	key string
}

func (w *wizard) walk() error {
	folder := profileFolder(w.c)
	if folder == "" {
		return usage("there is no home folder for the settings", "export BILLMARK_ACCOUNT=LOGIN and BILLMARK_KEY instead")
	}
	w.say("This sets up billmark for one account. Nothing is saved before the end.\n\n")
	for {
		if err := w.askAccount(); err != nil {
			return err
		}
		again, err := w.test()
		if err != nil {
			return err
		}
		if !again {
			break
		}
	}
	saved, err := w.save(folder)
	if err != nil || !saved {
		return err
	}
	return w.goOn()
}

func (w *wizard) say(format string, args ...any) { fmt.Fprintf(w.c.err, format, args...) }

// ask asks for a line until good accepts it. An empty line is the suggestion.
func (w *wizard) ask(question, suggestion string, good func(string) error) (string, error) {
	for {
		w.say("%s", question)
		if suggestion != "" {
			w.say(" [%s]", suggestion)
		}
		w.say(": ")
		line, err := typedLine(w.ctx, w.c.in)
		if err != nil {
			return "", err
		}
		if line = strings.TrimSpace(line); line == "" {
			line = suggestion
		}
		if err = good(line); err == nil {
			return line, nil
		}
		w.say("  %v\n", err)
	}
}

// yes asks a question that is mostly answered with yes.
func (w *wizard) yes(question string) (bool, error) {
	answer, err := w.ask(question+" (y/n)", "y", func(s string) error {
		if s = strings.ToLower(s); s == "y" || s == "yes" || s == "n" || s == "no" {
			return nil
		}
		return errors.New("y or n, please")
	})
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

// askAccount asks for login and key.
func (w *wizard) askAccount() error {
	login, err := w.ask("Login of the account (the first part of its address)", w.s.account, func(s string) error {
		_, err := signer.NewAccount(s, "x")
		return err
	})
	if err != nil {
		return err
	}
	w.s.account = login
	for {
		key, err := secretLine(w.ctx, w.c, "Its API key (nothing is shown while you type): ")
		if err != nil {
			return err
		}
		if w.key = strings.TrimSpace(key); w.key == "" {
			w.say("  the key is empty\n")
			continue
		}
		if _, err := signer.NewAccount(login, w.key); err != nil {
			w.say("  %v\n", err)
			continue
		}
		return nil
	}
}

// test reads an order, which changes nothing. again says that login and key
// are to be asked for anew.
func (w *wizard) test() (again bool, err error) {
	answer, err := w.ask("Number of an order of this account, to test the key by reading it (Enter: no test)", "", func(s string) error {
		if s == "" {
			return nil
		}
		_, err := api.ParseBill(s)
		return err
	})
	if err != nil || answer == "" {
		return false, err
	}
	bill, err := api.ParseBill(answer)
	if err != nil {
		return false, err
	}
	words, found, err := w.read(bill)
	if err != nil {
		return false, err
	}
	w.say("  %s\n", words)
	switch found {
	case keyRight:
		return false, nil
	case keyWrong:
		return true, nil
	}
	goOn, err := w.yes("Go on without a test?")
	return !goOn, err
}

// finding is what a test tells about login and key.
type finding int

const (
	keyUnknown finding = iota
	keyRight
	keyWrong
)

// read makes the one request, and says what came of it.
func (w *wizard) read(bill uint64) (words string, v finding, err error) {
	d := newDesk(keyed(w.c, w.key), w.s)
	for _, step := range []func() error{d.address, d.wire} {
		if err := step(); err != nil {
			return "", keyUnknown, err
		}
	}
	poster := d.client.Open()
	defer poster.Close()
	w.say("  reading order %d from %s ...\n", bill, d.base)
	back := batch.ReadBack{Account: d.account, Poster: poster, Pace: batch.NewPace(d.s.rate.limit), Function: api.Details, Form: api.DetailsForm}
	reply, err := back.Read(w.ctx, bill)
	switch {
	case w.ctx.Err() != nil:
		return "", keyUnknown, context.Canceled
	case reply.Code == "4" || reply.Code == "5":
		// With a wrong key here the reply's hash cannot be right, so these
		// two are believed without it.
		return fmt.Sprintf("%s (code %s): compare both with the account's page.", api.Words(reply.Code, "en"), reply.Code), keyWrong, nil
	case err != nil:
		return fmt.Sprintf("that could not be tested: %v", err), keyUnknown, nil
	case reply.Code == "0":
		return "The key is right: the order was read.", keyRight, nil
	}
	return fmt.Sprintf("The key is right (about this order the API says: %s, code %s).", api.Words(reply.Code, "en"), reply.Code), keyRight, nil
}

// keyed is a console whose environment holds a key.
func keyed(c *console, key string) *console {
	k := *c
	k.env = func(name string) (string, bool) {
		if name == "BILLMARK_KEY" {
			return key, true
		}
		return c.env(name)
	}
	return &k
}

// goOn offers a rehearsal and says what comes next.
func (w *wizard) goOn() error {
	rehearse, err := w.yes("\nA rehearsal now, on this machine only? It sends nothing to anyone")
	if err != nil {
		return err
	}
	if rehearse {
		if err := demo(w.c); err != nil {
			return err
		}
	}
	w.say("\nNext: billmark check YOUR.csv\n")
	return nil
}

// typedLine reads a line, byte by byte: what was typed ahead stays for others.
func typedLine(ctx context.Context, in io.Reader) (string, error) {
	return interruptibly(ctx, func() (string, error) {
		var line []byte
		b := make([]byte, 1)
		for {
			n, err := in.Read(b)
			switch {
			case n > 0 && b[0] == '\n':
				return string(line), nil
			case n > 0:
				line = append(line, b[0])
			case err == io.EOF:
				return "", context.Canceled // nobody there any more
			case err != nil:
				return "", err
			}
		}
	})
}

// secretLine asks for a line and shows nothing of it. The terminal is made
// silent before the question is there to be answered.
func secretLine(ctx context.Context, c *console, question string) (string, error) {
	f, ok := c.in.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to type a secret on")
	}
	before, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return "", err
	}
	defer fmt.Fprintln(c.err)
	defer term.Restore(int(f.Fd()), before)
	fmt.Fprint(c.err, question)
	return interruptibly(ctx, func() (string, error) { return rawLine(f) })
}

// rawLine reads a line from a terminal that does nothing by itself.
func rawLine(in io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := in.Read(b)
		if n == 0 {
			if err == io.EOF {
				err = context.Canceled
			}
			return "", err
		}
		switch b[0] {
		case '\r', '\n':
			return string(line), nil
		case 3, 4: // ^C and ^D
			return "", context.Canceled
		case 21: // ^U
			line = nil
		case 8, 127: // backspace
			line = line[:max(0, len(line)-1)]
		default:
			line = append(line, b[0])
		}
	}
}

// interruptibly waits for read, but not longer than ctx.
func interruptibly(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", context.Canceled
	}
}
