package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"billmark/batch"
)

// misfortune prepares what goes wrong in a child: "POINT N" kills it when it
// comes to that point for the n-th time.
func misfortune(what string) {
	i := strings.LastIndexByte(what, ' ')
	if i < 0 {
		return
	}
	point := what[:i]
	var left atomic.Int64
	var n int64
	if _, err := fmt.Sscan(what[i+1:], &n); err != nil {
		panic(err)
	}
	left.Store(n)
	seams.at = func(p string) {
		if p == point && left.Add(-1) == 0 {
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				self.Kill()
			}
			select {}
		}
	}
	seams.journal = func(j batch.Journal) batch.Journal { return &pointed{j} }
	seams.poster = func(p batch.Poster) batch.Poster { return &pointedWire{p} }
}

// pointed is a journal around which there are points to be killed at.
type pointed struct{ batch.Journal }

func (p *pointed) Begin(run int64, t batch.Task) error {
	seams.at("beginning")
	err := p.Journal.Begin(run, t)
	seams.at("begun")
	return err
}

func (p *pointed) End(run int64, t batch.Task, o batch.Outcome) error {
	seams.at("ending")
	err := p.Journal.End(run, t, o)
	seams.at("ended")
	return err
}

func (p *pointed) EndThen(run int64, t batch.Task, o batch.Outcome, then func(batch.Task, batch.Outcome, error)) {
	seams.at("ending")
	p.Journal.EndThen(run, t, o, func(t batch.Task, o batch.Outcome, err error) {
		seams.at("ended")
		then(t, o, err)
	})
}

type pointedWire struct{ batch.Poster }

func (p *pointedWire) Post(ctx context.Context, function string, body []byte) (batch.Answer, error) {
	seams.at("posting")
	a, err := p.Poster.Post(ctx, function, body)
	seams.at("posted")
	return a, err
}

// TestKillAtPoints kills the program at every named point between reading the
// manifest and its last word. With one worker it is known to the update what
// each point leaves behind.
func TestKillAtPoints(t *testing.T) {
	t.Parallel()
	const all = 1 << 30
	points := []struct {
		name string
		// What the n-th passage leaves behind, with one worker: how many of
		// n updates were received, and how many of those are unknown.
		received, unknown int
		each              bool // once an update
		loose             bool // the worker may be one step further, or the journal one behind
		report            bool // the report is there
	}{
		{name: "copied"},
		{name: "read"},
		{name: "planned"},
		{name: "starting"},
		{name: "started"},
		{name: "beginning", received: -1, each: true, loose: true},
		{name: "begun", received: -1, unknown: 1, each: true},
		{name: "posting", received: -1, unknown: 1, each: true},
		{name: "posted", unknown: 1, each: true},
		{name: "ending", unknown: 1, each: true},
		{name: "ended", each: true, loose: true},
		{name: "drained", received: all},
		{name: "finished", received: all},
		{name: "report begun", received: all},
		{name: "report written", received: all},
		{name: "report in place", received: all, report: true},
		{name: "reported", received: all, report: true},
	}
	kills := 0
	for _, p := range points {
		crowds, times := []int{4}, []int{1}
		if p.each {
			crowds, times = []int{1, 16}, []int{1, 9}
		}
		for _, workers := range crowds {
			for _, n := range times {
				kills++
				k := killedAt(t, p.name, n, workers)
				want := p.received
				if p.each {
					want += n
				}
				want, more := min(want, k.course.updates()), 0
				if p.loose {
					more = 1
				}
				exact := workers == 1 || !p.each
				if got := k.shop.updates(); exact && (got < want || got > want+more) {
					t.Errorf("%s, %d, %d workers: %d updates had arrived, want %d", p.name, n, workers, got, want)
				}
				if exact && (k.before < p.unknown || k.before > p.unknown+more) {
					t.Errorf("%s, %d, %d workers: %d updates are unknown, want %d", p.name, n, workers, k.before, p.unknown)
				}
				if _, err := os.Stat(filepath.Join(k.shop.folder, "orders.report.csv")); (err == nil) != p.report {
					t.Errorf("%s: the report: %v", p.name, err)
				}
				k.resume()
			}
		}
	}
	t.Logf("%d kills at %d points", kills, len(points))
}

// killedAt runs the program until it kills itself.
func killedAt(t *testing.T, point string, n, workers int) *killing {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(workers), uint64(n)))
	k := &killing{t: t, workers: workers, rng: rng, shop: newShop(t, 0), course: newCourse(rng, max(40, scale(40)))}
	k.manifest = filepath.Join(k.shop.folder, "orders.csv")
	rows := k.course.manifest(t, k.manifest)
	args := k.shop.args("run", "--workers", fmt.Sprint(workers), k.manifest)
	if code := k.shop.startWrong(fmt.Sprint(point, " ", n), args...).wait(); code != -1 {
		t.Fatalf("%s, %d: the program came to its end with code %d", point, n, code)
	}
	k.shop.quiet()
	k.look(killed, rows)
	return k
}

// resume gives the same command until all is done.
func (k *killing) resume() {
	k.t.Helper()
	for round := 0; ; round++ {
		k.run(false)
		rows, err := os.ReadFile(k.manifest)
		if err != nil {
			k.t.Fatal(err)
		}
		k.look(done, strings.Split(strings.TrimSpace(string(rows)), "\n")[1:])
		if k.before == 0 {
			break
		}
		if round > 10 {
			k.t.Fatal("it comes to no end")
		}
		k.settle()
	}
	if got := k.shop.updates(); got != k.course.updates() {
		k.t.Errorf("in the end %d updates had been sent, not %d", got, k.course.updates())
	}
}

var errStore = errors.New("the store does not do that")

// failingJournal is a real journal of which one operation fails: it did not happen,
// or happened all the same; once, or so does every one after it.
type failingJournal struct {
	batch.Journal
	at            int
	happens, once bool

	telling  sync.Mutex
	mu       sync.Mutex
	ops      int
	failed   string // which operation failed first
	known    bool   // its caller was told
	begun    int    // requests allowed, as far as the callers know
	begunOff int    // the same, asked for after the failure
}

// enter counts an operation, and tells whether it fails and whether that of
// another one is known already.
func (f *failingJournal) enter(op string) (fails, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	fails = f.ops == f.at || f.ops > f.at && !f.once
	if fails && f.failed == "" {
		f.failed = op
	}
	return fails, f.known
}

func (f *failingJournal) do(op string, change func() error) (err error) {
	fails, after := f.enter(op)
	if !fails || f.happens {
		err = change()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case fails:
		f.known = true
		return errors.Join(errStore, err)
	case op == "Begin" && err == nil:
		f.begun++
		if after {
			f.begunOff++
		}
	}
	return err
}

func (f *failingJournal) Scan(give func(*batch.Record) error) error {
	return f.do("Scan", func() error { return f.Journal.Scan(give) })
}

func (f *failingJournal) StartRun(r batch.Run) (run int64, err error) {
	err = f.do("StartRun", func() error { run, err = f.Journal.StartRun(r); return err })
	return run, err
}

func (f *failingJournal) Begin(run int64, t batch.Task) error {
	return f.do("Begin", func() error { return f.Journal.Begin(run, t) })
}

func (f *failingJournal) End(run int64, t batch.Task, o batch.Outcome) error {
	return f.do("End", func() error { return f.Journal.End(run, t, o) })
}

func (f *failingJournal) EndThen(run int64, t batch.Task, o batch.Outcome, then func(batch.Task, batch.Outcome, error)) {
	fails, _ := f.enter("End")
	tell := func(t batch.Task, o batch.Outcome, err error) {
		f.telling.Lock() // one at a time
		defer f.telling.Unlock()
		if !fails {
			then(t, o, err)
			return
		}
		then(t, o, errors.Join(errStore, err))
		f.mu.Lock()
		defer f.mu.Unlock()
		f.known = true
	}
	if fails && !f.happens {
		tell(t, o, nil)
		return
	}
	f.Journal.EndThen(run, t, o, tell)
}

func (f *failingJournal) FinishRun(run int64, s batch.Summary) error {
	return f.do("FinishRun", func() error { return f.Journal.FinishRun(run, s) })
}

// TestFailStore lets every operation on the journal fail in turn, in a whole
// command: nothing more is started, the failure is told, and what the same
// command does later is right.
func TestFailStore(t *testing.T) {
	const workers = 3
	rows := scale(10)
	tried, told := map[string]int{}, 0
	for _, happens := range []bool{false, true} {
		for _, once := range []bool{false, true} {
			for at, more := 1, true; more; at++ {
				f := &failingJournal{at: at, happens: happens, once: once}
				x := newStoreFailure(t, f, rows)
				if more = x.run(workers); !more {
					break
				}
				tried[f.failed]++
				told += x.told
				x.again(workers)
			}
		}
	}
	t.Logf("operations that failed, both ways, once and from then on: %v; %d outcomes were told because they could not be recorded", tried, told)
	for _, op := range []string{"Scan", "StartRun", "Begin", "End", "FinishRun"} {
		if tried[op] == 0 {
			t.Errorf("%s never failed", op)
		}
	}
}

// storeFailure is one command with a failing journal.
type storeFailure struct {
	t     *testing.T
	f     *failingJournal
	shop  *shop
	c     *course
	args  []string
	told  int
	label string
}

func newStoreFailure(t *testing.T, f *failingJournal, rows int) *storeFailure {
	s := newShop(t, 0)
	x := &storeFailure{t: t, f: f, shop: s, c: newCourse(rand.New(rand.NewPCG(7, 1)), rows)}
	manifest := filepath.Join(s.folder, "orders.csv")
	x.c.manifest(t, manifest)
	x.args = s.args("run", "--workers", "3", manifest)
	x.label = fmt.Sprintf("operation %d (happens: %v, once: %v)", f.at, f.happens, f.once)
	return x
}

// run runs the command with the failure; false if there was none any more.
func (x *storeFailure) run(workers int) bool {
	t, f := x.t, x.f
	code, _, text := x.shop.here(func(j batch.Journal) batch.Journal { f.Journal = j; return f }, x.args...)
	if f.failed == "" {
		if code != 0 {
			t.Fatalf("without a failure: code %d\n%s", code, text)
		}
		return false
	}
	x.shop.quiet()
	x.c.heldAgainst(t, x.shop.received())
	x.told = strings.Count(text, "not surely in the journal: line ")
	if code != exitStopped || !strings.Contains(text, errStore.Error()) {
		t.Errorf("%s, %s: code %d:\n%s", x.label, f.failed, code, text)
	}
	if got := x.shop.updates(); got > f.begun {
		t.Errorf("%s, %s: %d updates were sent, %d were allowed", x.label, f.failed, got, f.begun)
	}
	// Others may have passed their last look at the run's state already. A
	// journal of ours lets none of them begin; this one does if it fails once.
	if f.begunOff > 0 && !f.once || f.begunOff > 2*workers {
		t.Errorf("%s, %s: %d requests were started after it", x.label, f.failed, f.begunOff)
	}
	if strings.Contains(text, "waiting for the network") {
		t.Errorf("%s, %s: nothing is wrong with the network:\n%s", x.label, f.failed, text)
	}
	if f.failed == "End" && x.told == 0 {
		t.Errorf("%s: the outcome that was lost is not told:\n%s", x.label, text)
	}
	return true
}

// again gives the same command with a journal that works.
func (x *storeFailure) again(workers int) {
	t, before := x.t, x.shop.received()
	code, _, text := x.shop.here(nil, x.args...)
	x.shop.quiet()
	got := x.shop.received()
	x.c.heldAgainst(t, got)
	unknown := map[string]bool{}
	for _, r := range x.shop.records() {
		if r.Outcome.Class == batch.Unknown {
			unknown[fmt.Sprint(r.Update.Bill)] = true
		}
	}
	if want := map[bool]int{false: 0, true: exitDoubts}[len(unknown) > 0]; code != want {
		t.Errorf("%s, %s: the same command again: code %d with %d unknown\n%s", x.label, x.f.failed, code, len(unknown), text)
	}
	for bill, want := range x.c.want {
		switch n := len(got[bill]); {
		case unknown[bill] && n != len(before[bill]):
			t.Errorf("%s, %s: order %s is in doubt and was sent more", x.label, x.f.failed, bill)
		case !unknown[bill] && n != len(want):
			t.Errorf("%s, %s: order %s got %d of %d updates", x.label, x.f.failed, bill, n, len(want))
		}
	}
	if len(unknown) > workers {
		t.Errorf("%s, %s: %d updates are unknown", x.label, x.f.failed, len(unknown))
	}
}
