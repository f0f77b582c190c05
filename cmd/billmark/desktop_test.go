package main

import "testing"

func TestByFinder(t *testing.T) {
	for _, c := range []struct {
		program, folder string
		terminal        bool
		parent          int
		want            bool
	}{
		{"/Users/anna/Downloads/billmark", "/Users/anna", true, 500, true},
		{"/Applications/billmark", "/", false, 1, true},
		{"billmark", "/Users/anna", true, 500, false},
		{"./billmark", "/Users/anna", true, 500, false},
		{"/usr/local/bin/billmark", "/Users/anna/work", true, 500, false},
		{"/usr/local/bin/billmark", "/", false, 500, false}, // by another program
	} {
		if got := byFinder(c.program, c.folder, "/Users/anna", c.terminal, c.parent); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
	if args, clicked := desktopArgs([]string{"version"}); clicked || len(args) != 1 {
		t.Error("a command was taken for a double click")
	}
}
