package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/cmd/billmark/web"
)

// serveSettings are the flags of billmark serve.
type serveSettings struct {
	settings
	listen string
	open   bool
}

func serveCommand(c *console) *cobra.Command {
	s := &serveSettings{settings: *defaults()}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "a local page over the same engine, for those who use no terminal",
		Long: `serve shows a page on this machine: upload a file, see how it was read and what
would be sent, start, watch, pause, stop, take the report away, settle, look
back. The start address that it prints works once, and lets one browser in; when
it was used, the next one is printed. No other machine can reach the page.

Files are kept beside the journal. Closing the browser changes nothing; when
billmark is ended, what is in flight is finished. The page goes on where a run
was cut off.

Exit status: 0 ended, 130 ended while a run went on.`,
		Example: `  billmark serve
  billmark serve --listen 127.0.0.1:8700 --open=false`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := resolve(c, cmd); err != nil {
				return err
			}
			// The page shows every fault beside its row before anything is
			// sent, so a file is not refused for them unless that is wanted.
			if f := cmd.Flags().Lookup("max-invalid"); f != nil && !f.Changed {
				if err := s.maxInvalid.Set("100%"); err != nil {
					return err
				}
			}
			return serve(c, s)
		},
	}
	s.flags(c, cmd)
	return cmd
}

func (s *serveSettings) flags(c *console, cmd *cobra.Command) {
	f := cmd.Flags()
	s.accountFlags(f)
	s.wireFlags(f)
	s.commonFlags(f)
	s.manifestFlags(f)
	f.Var(&s.maxFailures, "max-failures", "more failed updates in a run than this `P% or N`: stop")
	f.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback `ADDRESS` to listen on; port 0 is any that is free")
	f.BoolVar(&s.open, "open", isTerminal(c.out), "open the page in the browser (default: on a terminal)")
}

// serve is billmark serve.
func serve(c *console, s *serveSettings) error {
	signals, release := newDesk(c, &s.settings).interruptible()
	defer release()
	ctx, cancel := context.WithCancelCause(signals)
	defer cancel(nil)
	b := newBench(ctx, c, &s.settings)
	if s.account != "" {
		d := newDesk(c, &s.settings)
		for _, step := range []func() error{d.address, d.wire, b.place} {
			if err := step(); err != nil {
				return err
			}
		}
	}
	door, err := s.takeDoor(c, b)
	if door == nil || err != nil {
		return err
	}
	defer door.close()
	return s.listenAndServe(ctx, c, b, door)
}

// listenAndServe serves until ctx ends; then the run drains.
func (s *serveSettings) listenAndServe(ctx context.Context, c *console, b *bench, door *door) error {
	l, err := listenLoopback(s.listen)
	if err != nil {
		return err
	}
	page, err := web.New(web.Config{Bench: b, Address: l.Addr().String(), Invite: door.invite, CodeWords: api.Words})
	if err != nil {
		l.Close()
		return err
	}
	if s.open {
		if err := door.openBrowser(); err != nil {
			fmt.Fprintf(c.err, "billmark: the browser could not be opened (%v): open the address above\n", err)
		}
	}
	server := page.HTTP()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err = <-served: // it never ends by itself, but for a reason
	case <-ctx.Done():
	}
	inWork := b.Stop()
	b.runs.Wait() // what was begun is finished, and seen on the page
	quiet, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(quiet) != nil {
		server.Close()
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the page: %w", err)
	}
	if inWork {
		return batch.ErrInterrupted
	}
	return nil
}

// door is where browsers are let in: the start address, on standard output and
// in files that only the user can read. One process at a time has it.
type door struct {
	c         *console
	folder    string
	temporary bool // without an account there is no folder yet
	count     int
}

// The files of a door.
const (
	doorAddress = "serve.address"
	doorPage    = "serve.html"
)

// takeDoor takes the door of the journal. If another process has it, its start
// address is told instead, and nil returned: a second double-click opens the
// page of the first.
func (s *serveSettings) takeDoor(c *console, b *bench) (*door, error) {
	d := &door{c: c}
	if b.store == nil {
		folder, err := os.MkdirTemp("", "billmark-serve-*")
		if err != nil {
			return nil, err
		}
		d.folder, d.temporary = folder, true
		return d, nil
	}
	d.folder = b.store.folder
	ok, err := b.store.take()
	if ok || err != nil {
		return d, err
	}
	address, err := os.ReadFile(filepath.Join(d.folder, doorAddress))
	if err != nil {
		return nil, errElsewhere
	}
	fmt.Fprintf(c.out, "billmark serve: it is running already; open %s\n", strings.TrimSpace(string(address)))
	if s.open {
		err = d.openBrowser()
	}
	return nil, err
}

// invite tells a start address. It is called by the page.
func (d *door) invite(address string) {
	d.count++
	words := "open "
	if d.count > 1 {
		words = "the address was used; to open the page in another browser: "
	}
	page := fmt.Sprintf("<!DOCTYPE html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url=%[1]s\"><a href=\"%[1]s\">billmark</a>\n", html.EscapeString(address))
	for name, text := range map[string]string{doorAddress: address + "\n", doorPage: page} {
		if err := replacePrivate(filepath.Join(d.folder, name), text); err != nil {
			fmt.Fprintf(d.c.err, "billmark: warning: %v\n", err)
		}
	}
	fmt.Fprintf(d.c.out, "billmark serve: %s%s\n", words, address)
}

// replacePrivate replaces a file that nobody else may read.
func replacePrivate(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".serve-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// openBrowser opens the start address by way of a file: other users of the
// machine can read the command lines of programs, but not that file.
func (d *door) openBrowser() error {
	path := filepath.Join(d.folder, doorPage)
	name, args := "xdg-open", []string{path}
	switch runtime.GOOS {
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", path}
	case "darwin":
		name = "open"
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}

// close takes the address away: it lets nobody in any more.
func (d *door) close() {
	os.Remove(filepath.Join(d.folder, doorAddress))
	os.Remove(filepath.Join(d.folder, doorPage))
	if d.temporary {
		os.Remove(d.folder)
	}
}
