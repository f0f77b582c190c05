//go:build unix

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"billmark/batch/sandbox"
)

var interrupts = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// TestKillInterrupt: the first interrupt lets what is in flight finish, starts
// nothing more, and writes the report.
func TestKillInterrupt(t *testing.T) {
	t.Parallel()
	const workers, at = 4, 6
	for _, signal := range interrupts {
		for round := range scale(3) {
			rng := rand.New(rand.NewPCG(uint64(signal), uint64(round)))
			k := &killing{t: t, workers: workers, rng: rng, shop: newShop(t, 0), course: newCourse(rng, 80)}
			k.manifest = filepath.Join(k.shop.folder, "orders.csv")
			rows := k.course.manifest(t, k.manifest)
			struck, answered := make(chan struct{}, 100), make(chan struct{})
			k.shop.trap.Store(&trap{at: int64(at + round), onward: true, spring: func() { struck <- struct{}{}; <-answered }})
			c := k.shop.start(k.shop.args("run", "--workers", "4", k.manifest)...)
			<-struck
			c.cmd.Process.Signal(signal)
			c.hears("stopping")
			time.Sleep(50 * time.Millisecond) // it says so just before it does
			close(answered)
			c.expect("130").says("stopping", "the same command goes on")
			k.shop.quiet()
			k.shop.trap.Store(nil)
			if n := k.shop.updates(); n >= at+round+workers {
				t.Errorf("%v at request %d: %d were sent", signal, at+round, n)
			}
			k.look(interrupted, rows)
			if k.before > 0 {
				t.Errorf("%v: %d updates are unknown", signal, k.before)
			}
			if strings.Contains(c.err.String(), "waiting for the network") {
				t.Errorf("%v: nothing is wrong with the network:\n%s", signal, c.err.String())
			}
			k.resume()
		}
	}
	t.Logf("%d interrupts of %d kinds", len(interrupts)*scale(3), len(interrupts))
}

// TestKillSecondInterrupt: the second interrupt does not wait for anything.
func TestKillSecondInterrupt(t *testing.T) {
	t.Parallel()
	for _, signal := range interrupts {
		rng := rand.New(rand.NewPCG(uint64(signal), 1))
		k := &killing{t: t, workers: 4, rng: rng, shop: newShop(t, 0), course: newCourse(rng, 80)}
		k.manifest = filepath.Join(k.shop.folder, "orders.csv")
		rows := k.course.manifest(t, k.manifest)
		struck, answered := make(chan struct{}), make(chan struct{})
		k.shop.trap.Store(&trap{at: 9, spring: func() { close(struck); <-answered }})
		c := k.shop.start(k.shop.args("run", "--workers", "4", "--timeout", "60s", k.manifest)...)
		<-struck
		c.cmd.Process.Signal(signal)
		c.hears("a second interrupt leaves at once")
		select {
		case <-c.ended:
			t.Errorf("%v: it left with a request in flight", signal)
		case <-time.After(100 * time.Millisecond):
		}
		second := time.Now()
		c.cmd.Process.Signal(signal)
		c.expect("130")
		if took := time.Since(second); took > 5*time.Second {
			t.Errorf("%v: it took %v to leave", signal, took)
		}
		close(answered)
		k.shop.quiet()
		k.look(killed, rows)
		if k.before != 1 {
			t.Errorf("%v: %d updates are unknown, want the one in flight", signal, k.before)
		}
		if _, err := os.Stat(filepath.Join(k.shop.folder, "orders.report.csv")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: a report was written: %v", signal, err)
		}
		k.resume()
	}
}

// TestStoppedInFlight: a process that is stopped for longer than its timeout, as
// by a lid that is closed, still reads the replies that came meanwhile.
func TestStoppedInFlight(t *testing.T) {
	t.Parallel()
	const at, timeout = 4, 3 * time.Second
	for _, secure := range []bool{false, true} {
		g := openTollgate(t, sandbox.Config{}, secure)
		args := []string{"--workers", "1", "--timeout", timeout.String()}
		if secure {
			args = append(args, "--rate", "100", "--ca-file", g.roots)
		}
		struck, stopped := make(chan struct{}), make(chan struct{})
		g.mu.Lock()
		g.before = func(n int) {
			if n == at {
				close(struck)
				<-stopped
			}
		}
		g.mu.Unlock()
		c := g.start(g.args("run", append(args, g.orders(9))...)...)
		select {
		case <-struck:
		case <-c.ended:
			t.Fatalf("it ended before request %d:\n%s", at, c.err.String())
		}
		c.signal(t, syscall.SIGSTOP)
		c.stands(t)
		close(stopped)
		time.Sleep(timeout + time.Second/2) // the process's clock is not ours to turn
		c.signal(t, syscall.SIGCONT)
		c.expect("0")
	}
}

// stands waits until a process has stopped, where that can be seen.
func (c *child) stands(t *testing.T) {
	t.Helper()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
		if _, state, ok := strings.Cut(string(stat), ") "); err != nil || !ok || state[0] == 'T' {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
