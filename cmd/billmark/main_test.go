package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// childVariable makes the test binary a billmark: its value names what shall
// go wrong, see misfortune.
const childVariable = "BILLMARK_TEST_CHILD"

var update = flag.Bool("update", false, "write the expected outputs anew")

// TestMain lets the test binary be billmark, for scripts and for tests of
// whole processes.
func TestMain(m *testing.M) {
	if wrong, ok := os.LookupEnv(childVariable); ok {
		misfortune(wrong)
		main()
	}
	testscript.Main(tests{m}, map[string]func(){"billmark": main})
}

// tests clears up behind all tests.
type tests struct{ m *testing.M }

// Run implements testscript.TestingM.
func (t tests) Run() int {
	code := t.m.Run()
	if built.folder != "" {
		os.RemoveAll(built.folder)
	}
	return code
}
