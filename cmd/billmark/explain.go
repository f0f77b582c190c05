package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/batch/journal"
	"billmark/batch/manifest"
)

// The exit codes. The first that applies counts, in the order of the contract.
const (
	exitDone        = 0
	exitStopped     = 1   // refused to start, or had to stop
	exitUsage       = 2   // the command line or a setting is wrong or missing
	exitFailures    = 3   // finished; some rows are rejected, invalid or unsent
	exitDoubts      = 4   // finished; some rows are unknown or unverified
	exitInUse       = 75  // the journal is in use
	exitInterrupted = 130 // interrupted; the same command goes on
)

// told is an error in the words of a person: what happened, and one next step.
type told struct {
	code          int
	message, hint string
	err           error // the cause, for the log
}

func (t *told) Error() string { return t.message }
func (t *told) Unwrap() error { return t.err }

// usage is a wrong or missing setting.
func usage(message, hint string) *told { return &told{code: exitUsage, message: message, hint: hint} }

// refused is a run that does not start.
func refused(message, hint string) *told {
	ending := "; nothing was sent"
	if strings.HasSuffix(hint, "?") {
		ending = " Nothing was sent"
	}
	return &told{code: exitStopped, message: message, hint: hint + ending}
}

// finished ends a command that did its work: the code says with what result.
type finished int

func (f finished) Error() string { return fmt.Sprintf("finished with code %d", int(f)) }

// codeOf is the code that a command ends with.
func codeOf(err error) int {
	var f finished
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &f):
		return int(f)
	}
	return inWords(err).code
}

// explain tells an error and gives the exit code.
func explain(c *console, err error) int {
	var f finished
	if errors.As(err, &f) {
		return int(f)
	}
	t := inWords(err)
	text := folded(c.err, fmt.Sprintf("billmark: error: %s\n", t.message))
	if t.hint != "" {
		text += folded(c.err, fmt.Sprintf("billmark: hint: %s\n", t.hint))
	}
	c.mention(text, time.Second)
	return t.code
}

// inWords is the one table from errors to words.
func inWords(err error) *told {
	var t *told
	if errors.As(err, &t) {
		return t
	}
	var stop *batch.Stop
	var file *manifest.FileError
	var option *manifest.OptionError
	var inUse *journal.InUse
	var unread *unreadable
	var path *fs.PathError
	switch {
	case errors.As(err, &stop):
		return stopInWords(stop)
	case errors.As(err, &unread):
		return &told{exitStopped, err.Error(), "check --account, --api and the network, then settle again; reading changed nothing", err}
	case errors.As(err, &option):
		return usage(option.Message, option.Hint+"; nothing was sent")
	case errors.As(err, &file):
		return refused(file.Error(), file.Hint)
	case errors.As(err, &inUse):
		return inUseInWords(inUse)
	case errors.Is(err, batch.ErrInterrupted):
		return &told{exitInterrupted, "interrupted", "the same command goes on from there", err}
	case errors.Is(err, batch.ErrDamaged):
		return refused(err.Error(), "keep the file and what lies beside it, and restore the newest backup of all of them; then settle what was sent since")
	case errors.Is(err, journal.ErrZone):
		return refused(err.Error(), "leave --timezone and BILLMARK_TIMEZONE out: the journal keeps to the zone that it was begun with")
	case errors.Is(err, journal.ErrForeign), errors.Is(err, journal.ErrNotJournal):
		return refused(err.Error(), "say --journal FILE to use another, or leave --journal out for the account's own")
	case errors.Is(err, journal.ErrNetwork):
		return refused(err.Error(), "say --journal FILE with a file on a local disk")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, journal.ErrDisk):
		return &told{exitStopped, err.Error(), hintDisk, err}
	case errors.As(err, &path):
		return &told{exitStopped, err.Error(), pathHint(path), err}
	case strings.HasPrefix(err.Error(), "unknown command"):
		return usage(err.Error(), "billmark --help lists the commands")
	}
	return &told{exitStopped, err.Error(), "", err}
}

const hintDisk = "see whether the disk is full, then give the same command again; it goes on from there"

// unstarted is an error before the first request of a run.
func unstarted(err error) error {
	t := *inWords(err)
	if t.err == nil {
		t.err = err
	}
	if !strings.HasSuffix(strings.ToLower(t.hint), "nothing was sent") {
		t.hint = strings.TrimPrefix(t.hint+"; nothing was sent", "; ")
	}
	return &t
}

// midway is an error that ended a run, unless the run has its own words for
// it: what was sent before stands.
func midway(err error) error {
	var stop *batch.Stop
	switch {
	case errors.As(err, &stop), errors.Is(err, batch.ErrInterrupted):
		return err
	case errors.Is(err, batch.ErrDamaged):
		return &told{exitStopped, err.Error() + "; stopped", "keep the journal and what lies beside it, and restore the newest backup of all of them; then settle what was sent since", err}
	}
	return &told{exitStopped, err.Error() + "; stopped", hintDisk, err}
}

// reportless is how a run ends whose report could not be written.
func reportless(failure, err error, file string) error {
	t := &told{
		exitStopped, fmt.Sprintf("the report could not be written: %v", err),
		"what was sent is in the journal; when the cause is mended, say: billmark report " + file, errors.Join(failure, err),
	}
	if failure != nil {
		f := inWords(failure)
		t.code, t.message = f.code, f.message+"; and "+t.message
	}
	return t
}

func pathHint(e *fs.PathError) string {
	switch {
	case errors.Is(e, os.ErrNotExist):
		return "check the name and the folder"
	case errors.Is(e, os.ErrPermission):
		return "check who may read and write there"
	}
	return ""
}

func inUseInWords(e *journal.InUse) *told {
	t := &told{code: exitInUse, hint: "wait for that run or stop it: two at once could send one update twice; nothing was sent", err: e}
	t.message = fmt.Sprintf("%s is in use by another process", e.Path)
	if e.PID != 0 {
		t.message = fmt.Sprintf("%s is in use by process %d since %s", e.Path, e.PID, e.Since.Local().Format("2006-01-02 15:04"))
	}
	return t
}

// stopInWords tells why a run stopped by itself; how far it came is told by
// the summary.
func stopInWords(s *batch.Stop) *told {
	t := &told{code: exitStopped, err: s, hint: "the same command goes on from there"}
	at, unsent := "", ""
	if s.Line > 0 {
		at = fmt.Sprintf(" at line %d", s.Line)
		unsent = ", which was left unsent"
	}
	switch s.Reason {
	case batch.StopAccount:
		t.message = fmt.Sprintf("%s (code %s); stopped%s%s", api.Words(s.Code, "en"), s.Code, at, unsent)
		t.hint = accountHint(s.Code)
	case batch.StopUnverified:
		t.message = fmt.Sprintf("%d replies in a row could not be trusted; stopped%s", s.Count, at)
		t.hint = "see the report for what came back; look at those orders, then: billmark settle"
	case batch.StopRefused:
		t.message = fmt.Sprintf("none of the first %d updates was accepted; stopped", s.Count)
		t.hint = "see the report for the reasons; is this the right file and the right account?"
	case batch.StopFailures:
		t.message = fmt.Sprintf("%d updates of this run failed, more than --max-failures allows; stopped%s", s.Count, at)
		t.hint = "see the report for the reasons; the same command goes on, with a new count"
	case batch.StopTooMany:
		t.message = fmt.Sprintf("the API asked to slow down, %d updates in a row; stopped%s", s.Count, at)
		t.hint = "give it a while, then go on with a lower --rate"
	case batch.StopTLS:
		t.message = fmt.Sprintf("the server did not prove that it is the API: %v; stopped%s", s.Err, at)
		t.hint = "check --api, --ca-file and the clock of this machine; that request was never sent"
	case batch.StopUnreachable:
		t.message = fmt.Sprintf("the API cannot be reached: %v; stopped%s", s.Err, at)
		t.hint = "check --account, --api and the network; the same command goes on from there"
	}
	return t
}

func accountHint(code string) string {
	switch code {
	case "4", "5":
		return "compare BILLMARK_ACCOUNT with the login, and BILLMARK_KEY with the API key shown in the account"
	case "6":
		return "ask the service to allow this machine's address"
	case "7":
		return "ask the service why the account is disabled"
	case "8":
		return "wait before the same command, and ask the service whether API functions are on for the account"
	}
	return "check --account and --api; if they are right, the service must tell what it misses"
}
