package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFailTogether starts several processes at once on one journal: exactly one
// works, and the others leave at once and say who has it.
func TestFailTogether(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 8))
	starts, winners := 0, 0
	for round := range scale(12) {
		s := newShop(t, 0)
		c := newCourse(rng, 30)
		manifest := filepath.Join(s.folder, "orders.csv")
		c.manifest(t, manifest)
		// The one that works cannot end before all others have.
		others := make(chan struct{})
		s.trap.Store(&trap{at: 1, spring: func() { <-others }})
		if round%2 == 1 { // somebody was there before
			s.startWrong("starting 1", s.args("run", manifest)...).wait()
		}
		many := 2 + round%7
		list := make([]*child, many)
		for i := range list {
			list[i] = s.start(s.args("run", "--timeout", "60s", manifest)...)
		}
		starts += many
		last := time.After(30 * time.Second)
		var left []*child
		for len(left) < many-1 {
			left = left[:0]
			for _, c := range list {
				select {
				case <-c.ended:
					left = append(left, c)
				default:
				}
			}
			select {
			case <-last:
				t.Fatalf("of %d processes only %d have left", many, len(left))
			case <-time.After(time.Millisecond):
			}
		}
		close(others)
		for _, c := range list {
			if c.wait() == 0 {
				winners++
			}
		}
		for _, c := range list {
			if c.code != 0 {
				c.expect("75").says("nothing was sent")
				if pids(list, c.err.String()) != 1 {
					t.Errorf("it is not said who has the journal:\n%s", c.err.String())
				}
			}
		}
		s.quiet()
		c.heldAgainst(t, s.received())
		if got := s.updates(); got != c.updates() {
			t.Errorf("%d updates were sent, not %d", got, c.updates())
		}
		if winners != round+1 {
			t.Fatalf("%d processes worked in %d rounds", winners, round+1)
		}
	}
	t.Logf("%d starts of 2 to 8 processes at once: %d worked, one of each", starts, winners)
}

// pids counts the processes that did the work and are named in a text.
func pids(list []*child, text string) int {
	n := 0
	for _, c := range list {
		if c.code == 0 && strings.Contains(text, fmt.Sprintf("process %d ", c.cmd.Process.Pid)) {
			n++
		}
	}
	return n
}
