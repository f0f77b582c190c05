package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"billmark/batch"
)

// TestKill kills the program again and again and gives the same command again
// each time, until all is done: at the k-th request, before or after the
// sandbox has carried it out, a moment after it, or at any time at all. Between
// two runs the manifest's rows change their order. What arrived at the sandbox
// tells whether anything was sent twice, or out of turn.
func TestKill(t *testing.T) {
	for _, workers := range []int{1, 4, 16} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			t.Parallel()
			k := &killing{t: t, workers: workers, rng: rand.New(rand.NewPCG(uint64(workers), 6))}
			for k.kills < scale(100) && !t.Failed() {
				k.season(scale(100))
			}
			t.Logf("%d workers: %d kills, %d of them with %d updates left unknown; %d manifests with %d rows, %d runs, %d requests, none of them twice",
				workers, k.kills, k.doubtful, k.unknown, k.seasons, k.rows, k.runs, k.requests)
		})
	}
}

// killing is a series of kills, and what came of it.
type killing struct {
	t       *testing.T
	workers int
	rng     *rand.Rand

	shop     *shop
	course   *course
	manifest string
	before   int // unknown before the run

	kills, doubtful, unknown, seasons, rows, runs, requests int
}

// season is one set of orders from the first run to the last.
func (k *killing) season(most int) {
	k.shop = newShop(k.t, 2*time.Millisecond)
	k.course = newCourse(k.rng, 100+k.rng.IntN(400))
	k.manifest = filepath.Join(k.shop.folder, "orders.csv")
	k.before = 0
	for round := 0; ; round++ {
		if round > 500 {
			k.t.Fatal("it comes to no end")
		}
		rows := k.course.manifest(k.t, k.manifest)
		k.runs++
		killed := k.killed(k.kills < most)
		k.look(killed, rows)
		if killed {
			continue
		}
		if k.before == 0 {
			break
		}
		k.settle()
	}
	k.seasons++
	k.rows += k.course.total
	k.requests += k.shop.updates()
	if got := k.shop.updates(); got != k.course.updates() {
		k.t.Errorf("in the end %d updates had been sent, not %d", got, k.course.updates())
	}
}

// killed runs the program, and reports whether it was killed before its end.
// Otherwise its exit code is right.
func (k *killing) killed(trapped bool) bool {
	s := k.shop
	c := (*child)(nil)
	started := make(chan struct{})
	spring := func() { <-started; c.kill() }
	switch kind := k.rng.IntN(5); {
	case !trapped:
		s.trap.Store(nil)
	case kind == 0: // at any time at all
		s.trap.Store(nil)
		after := time.Duration(k.rng.IntN(120_000)) * time.Microsecond
		defer time.AfterFunc(after, spring).Stop()
	case kind == 1: // a moment after a request came in
		after := time.Duration(k.rng.IntN(4000)) * time.Microsecond
		s.trap.Store(&trap{at: s.arrived.Load() + int64(1+k.rng.IntN(40)), spring: func() { time.AfterFunc(after, spring) }})
	default:
		s.trap.Store(&trap{at: s.arrived.Load() + int64(1+k.rng.IntN(40)), late: kind == 2, spring: spring})
	}
	c = s.start(s.args("run", "--workers", fmt.Sprint(k.workers), k.manifest)...)
	close(started)
	code := c.wait()
	s.trap.Store(nil)
	s.quiet()
	if code == -1 {
		k.kills++
		return true
	}
	want := 0
	if k.unsettled() > 0 {
		want = exitDoubts
	}
	if code != want {
		k.t.Fatalf("exit code %d, want %d:\n%s%s", code, want, c.out.String(), c.err.String())
	}
	return false
}

func (k *killing) unsettled() int {
	n := 0
	for _, r := range k.shop.records() {
		if r.Outcome.Class == batch.Unknown {
			n++
		}
	}
	return n
}

// look holds journal and report against what the sandbox knows.
func (k *killing) look(killed bool, rows []string) {
	got := k.shop.received()
	k.course.heldAgainst(k.t, got)
	begun, confirmed, unknown := map[string]int{}, map[string]int{}, 0
	for _, r := range k.shop.records() {
		bill := fmt.Sprint(r.Update.Bill)
		if r.Outcome.Attempts > 0 {
			begun[bill]++
		}
		switch r.Outcome.Class {
		case batch.Confirmed:
			confirmed[bill]++
		case batch.Unknown:
			unknown++
		case batch.Unsent: // settled as such, or never connected
		default:
			k.t.Errorf("%s is %s", r.Update, r.Outcome.Class)
		}
	}
	for bill := range k.course.want {
		if n := len(got[bill]); begun[bill] < n || confirmed[bill] > n {
			k.t.Errorf("order %s: %d updates arrived; the journal says %d were begun and %d confirmed", bill, n, begun[bill], confirmed[bill])
		}
	}
	if more := unknown - k.before; more > 0 {
		if !killed || more > k.workers {
			k.t.Errorf("one run left %d more updates unknown, with %d workers (killed: %v)", more, k.workers, killed)
		}
		k.doubtful++
		k.unknown += more
	}
	k.before = unknown
	k.report(killed, rows, got, unknown)
}

// report reads the per-row report, which is whole or not there.
func (k *killing) report(killed bool, rows []string, got map[string][]string, unknown int) {
	path := strings.TrimSuffix(k.manifest, ".csv") + ".report.csv"
	lines, err := readReport(path)
	if killed {
		if err != nil && !errors.Is(err, os.ErrNotExist) || err == nil && len(lines) != len(rows) {
			k.t.Errorf("after a kill the report has %d lines for %d rows: %v", len(lines), len(rows), err)
		}
		return
	}
	if err != nil || len(lines) != len(rows) {
		k.t.Fatalf("the report has %d lines for %d rows: %v", len(lines), len(rows), err)
	}
	for i, l := range lines {
		if !strings.HasPrefix(strings.Join(l.cells, ","), rows[i]+",") || l.line != fmt.Sprint(i+2) {
			k.t.Fatalf("line %d of the report is about %q, line %s; the row is %q", i+1, l.cells, l.line, rows[i])
		}
		if unknown == 0 && l.outcome != "confirmed" || !strings.Contains(" confirmed unknown unsent ", " "+l.outcome+" ") {
			k.t.Errorf("line %d of the report: %q", i+1, l.cells)
		}
		if l.outcome == "confirmed" && !contains(got[l.cells[0]], l.sent) {
			k.t.Errorf("line %d of the report is confirmed, and %q never arrived", i+1, l.sent)
		}
	}
	if leftover, _ := filepath.Glob(filepath.Join(k.shop.folder, "*.failed*")); len(leftover) > 0 {
		k.t.Errorf("nothing is to be mended, and there is %v", leftover)
	}
}

// reportLine is one line of a per-row report.
type reportLine struct {
	cells                           []string
	line, outcome, message, sent, n string
}

func readReport(path string) ([]reportLine, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("reading %s: %d records: %w", path, len(all), err)
	}
	at := map[string]int{}
	for i, name := range all[0] {
		at[name] = i
	}
	var lines []reportLine
	for _, cells := range all[1:] {
		lines = append(lines, reportLine{
			cells: cells, line: cells[at["line"]], outcome: cells[at["outcome"]], message: cells[at["message"]],
			sent: cells[at["sent"]], n: cells[at["attempts"]],
		})
	}
	return lines, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// settle settles what is unknown: by reading back what can be read back, the
// rest by the word of one who can look into the sandbox.
func (k *killing) settle() {
	s := k.shop
	s.run("0 4", s.args("settle", "--yes")...)
	var yes, no []string
	for _, r := range s.records() {
		if r.Outcome.Class != batch.Unknown {
			continue
		}
		// Nothing was sent behind it, so if it arrived it was the last.
		bill := fmt.Sprint(r.Update.Bill)
		got, want := s.received()[bill], k.course.want[bill]
		known := 0
		for _, other := range s.records() {
			if fmt.Sprint(other.Update.Bill) == bill && other.Outcome.Class == batch.Confirmed {
				known++
			}
		}
		switch len(got) {
		case known:
			no = append(no, bill)
		case known + 1:
			yes = append(yes, bill)
		default:
			k.t.Fatalf("order %s: %d updates arrived and %d are confirmed, of %d", bill, len(got), known, len(want))
		}
	}
	for flag, bills := range map[string][]string{"--confirm": yes, "--unsent": no} {
		if len(bills) > 0 {
			s.run("0 4", s.args("settle", flag, strings.Join(bills, ","), "--reason", "seen in the sandbox")...)
		}
	}
	k.before = k.unsettled()
	if k.before > 0 {
		k.t.Fatalf("%d updates are unknown after all were settled", k.before)
	}
	k.course.heldAgainst(k.t, s.received())
}
