package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// TestScripts runs the command line as a person would: each script in testdata
// is one story. Beside testscript's own commands and billmark there are
//
//	sandbox [FAULTS]   start a stand-in for the API, and set the account for it
//	applied BILL [FORM...]   what the stand-in did to an order, in this order
//	requests N         how many requests it got
//	exitcode N COMMAND...   billmark's exit status
//	crlf FILE...       put CR before every LF
//	timeless FILE...   replace times, paths and addresses, which differ each time
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 root + "/testdata/billmark",
		RequireUniqueNames:  true,
		RequireExplicitExec: false,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			samples, err := filepath.Abs(root + "/testdata/manifest")
			if err != nil {
				return err
			}
			e.Setenv("TESTDATA", samples)
			e.Setenv("HOME", e.WorkDir+"/home")
			e.Setenv("XDG_STATE_HOME", "")
			e.Setenv("TZ", "UTC")
			e.Setenv("LANG", "C")
			return os.MkdirAll(e.WorkDir+"/home", 0o777)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": scriptSandbox, "applied": applied, "requests": requests, "timeless": timeless,
			"exitcode": exitCode, "crlf": crlf,
		},
	})
}

// scriptSandbox is the script command sandbox.
func scriptSandbox(ts *testscript.TestScript, neg bool, args []string) {
	const key = "0123456789abcdef0123456789abcdef"
	account, err := signer.NewAccount("demo", key)
	ts.Check(err)
	faults, err := sandbox.ParseFaults(strings.Join(args, ","))
	ts.Check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	s := sandbox.New(sandbox.Config{Account: account, Faults: faults, Seed: 1, Keep: true})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		sandbox.Serve(ctx, l, s)
	}()
	ts.Defer(func() { cancel(); <-done })
	ts.Setenv("BILLMARK_API", "http://"+l.Addr().String()+"/api/")
	ts.Setenv("BILLMARK_ACCOUNT", "demo")
	ts.Setenv("BILLMARK_KEY", key)
	ts.Setenv("BILLMARK_RATE", "0")
	running.Store(ts.Name(), s)
}

// running are the stand-ins of the scripts, by name.
var running sync.Map

func standIn(ts *testscript.TestScript) *sandbox.Sandbox {
	s, ok := running.Load(ts.Name())
	if !ok {
		ts.Fatalf("there is no sandbox yet")
	}
	return s.(*sandbox.Sandbox)
}

func applied(ts *testscript.TestScript, neg bool, args []string) {
	got := standIn(ts).Applied(args[0])
	if want := args[1:]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		ts.Fatalf("order %s: got\n%s\nwant\n%s", args[0], strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func requests(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := standIn(ts).Counts().Requests; got != want {
		ts.Fatalf("the stand-in got %d requests, not %d", got, want)
	}
}

var changing = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1[:_]\d+`), "SANDBOX"},
	{regexp.MustCompile(` in \d+s`), ""},
}

func timeless(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		if name == "stdout" || name == "stderr" {
			ts.Check(os.WriteFile(path, []byte(ts.ReadFile(name)), 0o666))
		}
		text := ts.ReadFile(name)
		for _, c := range changing {
			text = c.from.ReplaceAllString(text, c.to)
		}
		text = strings.ReplaceAll(text, ts.Getenv("WORK"), "WORK")
		ts.Check(os.WriteFile(path, []byte(text), 0o666))
	}
}

// exitCode runs billmark and holds its exit status against the one expected.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("billmark", args[1:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("billmark %s: exit status %d, not %s", strings.Join(args[1:], " "), code, args[0])
	}
}

func crlf(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "\n", "\r\n")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}
