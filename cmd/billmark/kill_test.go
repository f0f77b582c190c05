package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"billmark/batch"
	"billmark/batch/api"
)

// TestKill kills the program again and again and gives the same command again
// each time, until all is done: at the k-th request, before or after the
// sandbox has carried it out, a moment after it, or at any time at all. Between
// two runs the manifest's rows change their order. What arrived at the sandbox
// tells whether anything was sent twice, or out of turn.
func TestKill(t *testing.T) {
	t.Parallel()
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

// TestKillFold does the same with manifests so large that the journal's tail is
// full several times, and kills up to the moments when it comes into the table.
func TestKillFold(t *testing.T) {
	t.Parallel()
	k := &killing{t: t, workers: 16, rng: rand.New(rand.NewPCG(16, 11)), more: 3000, reach: 1500}
	for k.kills < scale(12) && !t.Failed() {
		k.season(scale(12))
	}
	t.Logf("%d kills, %d of them with %d updates left unknown; %d manifests with %d rows, %d runs, %d requests, none of them twice",
		k.kills, k.doubtful, k.unknown, k.seasons, k.rows, k.runs, k.requests)
}

// ending is how a run ended.
type ending string

const (
	killed      ending = "killed"
	interrupted ending = "interrupted" // it stopped early, and reported
	done        ending = "done"
)

// killing is a series of kills, and what came of it.
type killing struct {
	t       *testing.T
	workers int
	rng     *rand.Rand
	more    int // rows of a manifest in addition to some hundred
	reach   int // requests until a kill, beyond some dozen

	shop     *shop
	course   *course
	manifest string
	code     int // of the last run's exit
	before   int // unknown before it
	faults   int // of the sandbox before it

	kills, doubtful, unknown, seasons, rows, runs, requests int
}

// lost are faults after which nobody knows: all of them were carried out.
var lost = map[string]float64{"drop": 0.005, "reset": 0.005, "cut": 0.005}

// season is one set of orders from the first run to the last.
func (k *killing) season(most int) {
	k.shop = newBadShop(k.t, 2*time.Millisecond, lost)
	k.course = newCourse(k.rng, 100+k.rng.IntN(400)+k.more)
	k.manifest = filepath.Join(k.shop.folder, "orders.csv")
	k.before, k.faults = 0, 0
	for round := 0; ; round++ {
		if round > 500 {
			k.t.Fatal("it comes to no end")
		}
		rows := k.course.manifest(k.t, k.manifest)
		k.runs++
		end := k.run(k.kills < most)
		k.look(end, rows)
		if end == killed {
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

// run runs the program, which may be killed if it is trapped.
func (k *killing) run(trapped bool) ending {
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
		s.trap.Store(&trap{at: s.arrived.Load() + int64(1+k.rng.IntN(40+k.reach)), spring: func() { time.AfterFunc(after, spring) }})
	default:
		s.trap.Store(&trap{at: s.arrived.Load() + int64(1+k.rng.IntN(40+k.reach)), late: kind == 2, spring: spring})
	}
	c = s.start(s.args("run", "--workers", fmt.Sprint(k.workers), k.manifest)...)
	close(started)
	k.code = c.wait()
	s.trap.Store(nil)
	s.quiet()
	if k.code == -1 {
		k.kills++
		return killed
	}
	return done
}

// look holds journal and report against what the sandbox knows.
func (k *killing) look(end ending, rows []string) {
	got := k.shop.received()
	k.course.heldAgainst(k.t, got)
	begun, confirmed, doubts := map[string]int{}, map[string]int{}, map[string]string{}
	for _, r := range k.shop.records() {
		bill := fmt.Sprint(r.Update.Bill)
		if r.Outcome.Attempts > 0 {
			begun[bill]++
		}
		switch r.Outcome.Class {
		case batch.Confirmed:
			confirmed[bill]++
		case batch.Unknown:
			if doubts[bill] != "" {
				k.t.Errorf("order %s: two updates are unknown", bill)
			}
			doubts[bill] = api.Form(r.Update).Encode()
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
	for bill, form := range doubts {
		if last := k.course.want[bill][begun[bill]-1]; form != last {
			k.t.Errorf("order %s: %q is unknown, and %q was sent behind it", bill, form, last)
		}
	}
	met := k.shop.faults() - k.faults
	k.faults += met
	if more := len(doubts) - k.before; more > 0 {
		if end == killed && more > met+k.workers || end != killed && more != met {
			k.t.Errorf("a run that was %s left %d more updates unknown, with %d workers and %d faults", end, more, k.workers, met)
		}
		k.doubtful++
		k.unknown += more
	}
	k.before = len(doubts)
	if want := map[bool]int{false: 0, true: exitDoubts}[k.before > 0]; end == done && k.code != want {
		k.t.Errorf("exit code %d with %d updates unknown", k.code, k.before)
	}
	k.report(end, rows, got, doubts)
}

// report reads the per-row report, which is whole or not there.
func (k *killing) report(end ending, rows []string, got map[string][]string, doubts map[string]string) {
	lines, err := readReport(strings.TrimSuffix(k.manifest, ".csv") + ".report.csv")
	if end == killed {
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
		bill, ok := l.cells[0], false
		switch l.outcome {
		case "confirmed":
			ok = slices.Contains(got[bill], l.sent)
		case "unknown":
			ok = doubts[bill] != ""
		case "unsent":
			ok = doubts[bill] != "" || end == interrupted
		}
		if !ok {
			k.t.Errorf("line %d of the report: %q", i+1, l.cells)
		}
	}
	if leftover, _ := filepath.Glob(filepath.Join(k.shop.folder, "orders.failed*")); len(leftover) > 0 {
		k.t.Errorf("nothing is to be mended, and there is %v", leftover)
	}
}

// reportLine is one line of a per-row report.
type reportLine struct {
	cells               []string
	line, outcome, sent string
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
			cells: cells, line: cells[at["line"]], outcome: cells[at["outcome"]], sent: cells[at["sent"]],
		})
	}
	return lines, nil
}

// settle settles what is unknown: by reading back what can be read back, the
// rest by the word of one who can look into the sandbox.
func (k *killing) settle() {
	s := k.shop
	defer func() { k.before, k.faults = 0, s.faults() }()
	if s.run("0 1 4", s.args("settle", "--yes")...).code == 0 { // 1: a read-back met a fault
		return
	}
	confirmed, doubts := map[string]int{}, []string(nil)
	for _, r := range s.records() {
		switch bill := fmt.Sprint(r.Update.Bill); r.Outcome.Class {
		case batch.Confirmed:
			confirmed[bill]++
		case batch.Unknown:
			doubts = append(doubts, bill)
		}
	}
	var yes, no []string
	got := s.received()
	for _, bill := range doubts {
		switch len(got[bill]) - confirmed[bill] { // nothing was sent behind it
		case 0:
			no = append(no, bill)
		case 1:
			yes = append(yes, bill)
		default:
			k.t.Fatalf("order %s: %d updates arrived and %d are confirmed", bill, len(got[bill]), confirmed[bill])
		}
	}
	word := func(codes, flag string, bills []string) {
		s.run(codes, s.args("settle", flag, strings.Join(bills, ","), "--reason", "seen in the sandbox")...)
	}
	switch {
	case len(no) == 0:
		word("0", "--confirm", yes)
	case len(yes) == 0:
		word("0", "--unsent", no)
	default:
		word("4", "--confirm", yes)
		word("0", "--unsent", no)
	}
}
