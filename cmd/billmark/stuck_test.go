//go:build unix

package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestStuck: a standard error that nobody reads, and that is full, holds up
// neither the run, nor one that waits for the network, nor an interrupt.
func TestStuck(t *testing.T) {
	t.Run("network", func(t *testing.T) { stuck(t, false) })
	t.Run("interrupt", func(t *testing.T) { stuck(t, true) })
}

func stuck(t *testing.T, interrupt bool) {
	t.Parallel()
	const rows = 400
	s := newShop(t, 0)
	var requests atomic.Int64
	l, roots := shyServer(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		requests.Add(1)
		io.WriteString(w, yes)
	})
	payments(t, s.folder, rows)
	report := filepath.Join(s.folder, "r.jsonl")
	cmd := exec.Command(program(t), s.args("run", "--ca-file", roots, "--rate", "100", "--report", report, filepath.Join(s.folder, "payments.csv"))...)
	cmd.Env = s.environment()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()
	within(t, "the run begins", func() bool { return requests.Load() > 10 })
	full := make(chan bool)
	go func() { in.Write(make([]byte, 1<<20)); close(full) }() // the pipe holds less
	time.Sleep(200 * time.Millisecond)
	l.closing.Store(true) // the program will want to say what it waits for
	time.Sleep(2500 * time.Millisecond)
	if interrupt {
		cmd.Process.Signal(syscall.SIGINT)
	} else {
		l.closing.Store(false)
	}
	within(t, "the report is written", func() bool { _, err := os.Stat(report); return err == nil })
	var exit error
	select {
	case exit = <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	in.Close()
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	<-full
	code := 0
	if exit != nil {
		code = exit.(*exec.ExitError).ExitCode()
	}
	words := strings.ReplaceAll(string(text), "\x00", "")
	switch n := requests.Load(); {
	case interrupt && (code != exitInterrupted || n > 200):
		t.Errorf("exit code %d after %d requests:\n%s", code, n, words)
	case !interrupt && (code != exitDone || n != rows):
		t.Errorf("exit code %d after %d requests:\n%s", code, n, words)
	}
}
