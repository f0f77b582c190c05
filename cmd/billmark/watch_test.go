package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

const head = "bill_id,status,date,rpo\n"

// inbox is a watched folder with a shop behind it.
type inbox struct {
	t      *testing.T
	shop   *shop
	folder string
	world  *world
	s      *watchSettings
	clock  time.Time
}

func newInbox(t *testing.T) *inbox {
	s := newShop(t, 0)
	x := &inbox{t: t, shop: s, folder: filepath.Join(s.folder, "inbox"), world: s.world(), clock: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	x.s = &watchSettings{settings: *defaults(), every: 2 * time.Second, once: true}
	x.s.account, x.s.api, x.s.journal = shopAccount, s.url, s.journal
	if err := x.s.rate.Set("0"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(x.folder, 0o777); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *inbox) put(name, text string) {
	x.t.Helper()
	if err := os.WriteFile(filepath.Join(x.folder, name), []byte(text), 0o666); err != nil {
		x.t.Fatal(err)
	}
}

// watcher is one whose sleeps take no time; between gets their number.
func (x *inbox) watcher(between func(n int) error) *watcher {
	x.t.Helper()
	w, err := newWatcher(x.world.console(), x.s, x.folder)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { w.close() })
	n := 0
	w.now = func() time.Time { return x.clock }
	w.sleep = func(ctx context.Context, d time.Duration) error {
		n++
		x.clock = x.clock.Add(d)
		if n > 10_000 {
			return errors.New("it never ends")
		}
		if between != nil {
			return between(n)
		}
		return ctx.Err()
	}
	return w
}

func (x *inbox) watch(between func(n int) error) int {
	x.t.Helper()
	w := x.watcher(between)
	defer w.close()
	return codeOf(w.run(x.t.Context()))
}

// files lists the folder with all below it, but for the lock.
func (x *inbox) files() []string {
	var list []string
	filepath.WalkDir(x.folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			rel, _ := filepath.Rel(x.folder, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	slices.Sort(list)
	return list
}

func (x *inbox) holds(want ...string) {
	x.t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, x.files()); diff != "" {
		x.t.Errorf("%s\nsaid:\n%s%s", diff, x.world.out.String(), x.world.err.String())
	}
}

// TestWatch sorts what arrives by what becomes of it, and leaves alone what is
// not for it.
func TestWatch(t *testing.T) {
	x := newInbox(t)
	x.s.maxInvalid.Set("50%")
	x.put("good.csv", head+"1,paid,1362254400,\n2,cancel,,\n")
	x.put("bad.csv", head+"3,paid,1362254400,\n9404,paid,1362254400,\n5,paid,never,\n")
	x.put("letter.txt", "Dear Sirs,\nplease find\n")
	x.put("worse.csv", head+"7,paid,never,\n")
	others := []string{"half.csv.part", "x.tmp", ".hidden.csv", "~$lock.csv", "old.report.csv"}
	for _, name := range others {
		x.put(name, head+"6,cancel,,\n")
	}
	if code := x.watch(nil); code != exitStopped {
		t.Errorf("exit %d", code)
	}
	x.holds(append(others, "done/good.csv", "done/good.report.csv", "mend/bad.csv", "mend/bad.report.csv", "mend/bad.failed.csv",
		"look/letter.txt", "look/letter.refused.txt", "look/worse.csv", "look/worse.refused.txt")...)
	if text, _ := os.ReadFile(filepath.Join(x.folder, "look/letter.refused.txt")); !strings.Contains(string(text), "no column for bill_id") || !strings.Contains(string(text), "nothing was sent") {
		t.Errorf("the refusal says %q", text)
	}
	for _, want := range []string{
		"good.csv -> done/good.csv: 2 rows: 2 confirmed\n",
		"bad.csv -> mend/bad.csv: 3 rows: 1 confirmed, 1 rejected, 1 invalid; next: mend " + filepath.Join(x.folder, "mend/bad.failed.csv") + " and put it into " + x.folder,
	} {
		if !strings.Contains(x.world.out.String(), "2026-05-06 07:08:11 "+want) {
			t.Errorf("not said: %s\nbut\n%s", want, x.world.out.String())
		}
	}
	if got := x.shop.sandbox.Applied("6"); len(got) != 0 {
		t.Errorf("a file that was not for us was run: %v", got)
	}
}

// TestWatchMended takes a mended file from where it is put back.
func TestWatchMended(t *testing.T) {
	x := newInbox(t)
	x.s.maxInvalid.Set("100%")
	x.put("a.csv", head+"1,paid,never,\n")
	x.watch(nil)
	x.holds("mend/a.csv", "mend/a.failed.csv", "mend/a.report.csv")
	x.put("a.failed.csv", head+"1,paid,1362254400,\n")
	x.world.out.Reset()
	if code := x.watch(nil); code != exitDone {
		t.Errorf("exit %d", code)
	}
	x.holds("mend/a.csv", "mend/a.failed.csv", "mend/a.report.csv", "done/a.failed.csv", "done/a.failed.report.csv")
}

// TestWatchNames never writes over what is there, and keeps what belongs
// together under one name.
func TestWatchNames(t *testing.T) {
	x := newInbox(t)
	for i := range 3 {
		x.put("a.csv", fmt.Sprintf("%s%d,cancel,,\n", head, i+1))
		if i == 2 {
			os.Remove(filepath.Join(x.folder, "done", "a-2.csv")) // but its report is there
		}
		x.watch(nil)
	}
	x.holds("done/a.csv", "done/a.report.csv", "done/a-2.report.csv", "done/a-3.csv", "done/a-3.report.csv")
	for name, bill := range map[string]string{"done/a.csv": "1", "done/a-2.report.csv": "2", "done/a-3.csv": "3", "done/a-3.report.csv": "3"} {
		if text, _ := os.ReadFile(filepath.Join(x.folder, name)); !strings.Contains(string(text), "\n"+bill+",cancel") {
			t.Errorf("%s holds %q", name, text)
		}
	}
}

// TestWatchGrowing waits until a file has stopped growing.
func TestWatchGrowing(t *testing.T) {
	x := newInbox(t)
	x.s.once = false
	text := head + "1,cancel,,\n"
	x.put("a.csv", head)
	code := x.watch(func(n int) error {
		if n <= 5 {
			if x.shop.arrived.Load() > 0 {
				t.Errorf("look %d: it was taken while it grew", n)
			}
			text += fmt.Sprintf("%d,cancel,,\n", n+1)
			x.put("a.csv", text)
		}
		if n == 10 {
			return context.Canceled
		}
		return nil
	})
	if code != exitDone || x.shop.arrived.Load() != 6 {
		t.Errorf("exit %d after %d requests", code, x.shop.arrived.Load())
	}
	x.holds("done/a.csv", "done/a.report.csv")
}

// TestWatchTwice lets nobody else watch the same folder.
func TestWatchTwice(t *testing.T) {
	x := newInbox(t)
	x.watcher(nil)
	_, err := newWatcher(x.world.console(), x.s, x.folder)
	if codeOf(err) != exitInUse {
		t.Errorf("got %v", err)
	}
}

// TestWatchAway leaves files where they are while the API cannot be reached,
// rests ever longer, says so once, and goes on.
func TestWatchAway(t *testing.T) {
	x := newInbox(t)
	x.s.once, x.s.attempts = false, 1
	real := x.s.api
	x.s.api = "http://127.0.0.1:1/api/"
	x.put("a.csv", head+"1,cancel,,\n")
	start := x.clock
	code := x.watch(func(n int) error {
		switch {
		case x.clock.Sub(start) > 4*time.Hour:
			return context.Canceled
		case x.clock.Sub(start) > 2*time.Hour && x.s.api != real:
			if got := x.files(); !slices.Contains(got, "a.csv") {
				t.Errorf("it did not stay: %v", got)
			}
			x.s.api, x.s.journal = real, x.shop.journal+"2"
		}
		return nil
	})
	if code != exitDone {
		t.Errorf("exit %d", code)
	}
	x.holds("done/a.csv", "done/a.report.csv")
	if said := x.world.err.String(); strings.Count(said, "stays where it is: the API cannot be reached") != 1 || !strings.Contains(said, "the next time in 1 minute") {
		t.Errorf("said:\n%s", said)
	}
}

// TestWatchSlow leaves a file where it is as long as the API asks to slow down,
// and goes on with what was refused.
func TestWatchSlow(t *testing.T) {
	x := newInbox(t)
	var kind atomic.Bool
	var requests atomic.Int64
	x.s.once, x.s.attempts, x.s.journal = false, 1, x.shop.journal+"2"
	x.s.api = answeringBy(t, func(bill string) string {
		if requests.Add(1); bill == "2" && !kind.Load() {
			return tooMany
		}
		return lastYes
	})
	x.put("a.csv", head+"1,cancel,,\n2,cancel,,\n3,cancel,,\n")
	start := x.clock
	code := x.watch(func(int) error {
		switch since := x.clock.Sub(start); {
		case since > 4*time.Hour:
			return context.Canceled
		case since > 2*time.Hour && !kind.Load():
			if got := x.files(); !slices.Contains(got, "a.csv") || requests.Load() < 4 || requests.Load() > 12 {
				t.Errorf("after two hours and %d requests: %v", requests.Load(), got)
			}
			kind.Store(true)
		}
		return nil
	})
	if code != exitDone {
		t.Errorf("exit %d", code)
	}
	x.holds("done/a.csv", "done/a.report.csv")
	if said := x.world.err.String(); strings.Count(said, "stays where it is: the API asked to slow down, 1 update unsent") != 1 {
		t.Errorf("said:\n%s", said)
	}
}

// TestWatchSlowOnce: a watch that looks once says what stays for the next, and
// takes the other files.
func TestWatchSlowOnce(t *testing.T) {
	x := newInbox(t)
	x.s.attempts, x.s.journal = 1, x.shop.journal+"2"
	x.s.api = answeringWith(t, map[string]string{"2": tooMany})
	x.put("a.csv", head+"1,cancel,,\n2,cancel,,\n")
	x.put("b.csv", head+"3,cancel,,\n")
	if code := x.watch(nil); code != exitFailures {
		t.Errorf("exit %d", code)
	}
	if got := x.files(); !slices.Contains(got, "a.csv") || !slices.Contains(got, "done/b.csv") {
		t.Errorf("%v", got)
	}
	if said := x.world.err.String(); strings.Count(said, "a.csv stays where it is: the API asked to slow down, 1 update unsent; watch again later") != 1 {
		t.Errorf("said:\n%s", said)
	}
}

// TestWatchAccount does not knock again and again with a wrong key.
func TestWatchAccount(t *testing.T) {
	x := newInbox(t)
	x.s.once = false
	x.world.vars["BILLMARK_KEY"] = "00000000000000000000000000000000"
	x.put("a.csv", head+"1,cancel,,\n")
	x.put("b.csv", head+"2,cancel,,\n")
	start := x.clock
	x.watch(func(int) error {
		if x.clock.Sub(start) > 24*time.Hour {
			return context.Canceled
		}
		return nil
	})
	if n := x.shop.arrived.Load(); n < 2 || n > 8 {
		t.Errorf("%d requests in a day", n)
	}
	if got := x.files(); !slices.Contains(got, "a.csv") || !slices.Contains(got, "b.csv") {
		t.Errorf("they did not stay: %v", got)
	}
}

// TestWatchJournal ends where no rest can mend the journal.
func TestWatchJournal(t *testing.T) {
	for name, spoil := range map[string]func(x *inbox){
		"of another kind": func(x *inbox) { write(t, x.shop.journal, head) },
		"of another account": func(x *inbox) {
			d := newDesk(x.world.console(), &x.s.settings)
			d.s.account = "shop8"
			if err := errors.Join(d.address(), d.openJournal(true), d.close()); err != nil {
				t.Fatal(err)
			}
			d.s.account = shopAccount
		},
		"damaged": func(x *inbox) { write(t, x.shop.journal+".seen", "commits 00000000000000000001\n") },
	} {
		t.Run(name, func(t *testing.T) {
			x := newInbox(t)
			if err := os.MkdirAll(filepath.Dir(x.shop.journal), 0o777); err != nil {
				t.Fatal(err)
			}
			spoil(x)
			x.s.once = false
			x.put("a.csv", head+"1,cancel,,\n")
			if code := x.watch(nil); code != exitStopped {
				t.Errorf("exit %d", code)
			}
			if got := x.files(); !slices.Contains(got, "a.csv") {
				t.Errorf("it did not stay: %v", got)
			}
			if said := x.world.err.String(); strings.Contains(said, "trying again") || strings.Contains(said, "it never ends") {
				t.Errorf("said:\n%s", said)
			}
		})
	}
}

// TestWatchBusy waits for a journal that somebody else uses.
func TestWatchBusy(t *testing.T) {
	x := newInbox(t)
	x.s.once = false
	x.put("a.csv", head+"1,cancel,,\n")
	d := newDesk(x.world.console(), &x.s.settings)
	if err := errors.Join(d.address(), d.openJournal(true)); err != nil {
		t.Fatal(err)
	}
	x.watch(func(n int) error {
		if n == 10 {
			if err := d.close(); err != nil {
				t.Error(err)
			}
		}
		if n == 20 {
			return context.Canceled
		}
		return nil
	})
	x.holds("done/a.csv", "done/a.report.csv")
	if said := x.world.err.String(); strings.Count(said, "in use by process") != 1 {
		t.Errorf("said:\n%s", said)
	}
}

// TestWatchDoubt puts unknown updates where somebody looks, with the command
// that settles them.
func TestWatchDoubt(t *testing.T) {
	x := newInbox(t)
	x.shop.trap.Store(&trap{at: 1, late: true, spring: func() { panic(http.ErrAbortHandler) }})
	x.put("a.csv", head+"1,cancel,,\n")
	if code := x.watch(nil); code != exitDoubts {
		t.Errorf("exit %d", code)
	}
	x.holds("look/a.csv", "look/a.report.csv")
	if !strings.Contains(x.world.out.String(), "1 unknown; next: billmark settle "+filepath.Join(x.folder, "look", "a.csv")) {
		t.Errorf("said %s", x.world.out.String())
	}
}

// TestWatchChanged runs a file again that was replaced while it was run, and
// moves nothing that nobody has run.
func TestWatchChanged(t *testing.T) {
	x := newInbox(t)
	x.put("a.csv", head+"1,cancel,,\n")
	x.shop.trap.Store(&trap{at: 1, late: true, spring: func() { x.put("a.csv", head+"2,cancel,,\n3,cancel,,\n") }})
	x.watch(nil)
	x.holds("a.csv", "done/a.report.csv")
	x.watch(nil)
	x.holds("done/a.report.csv", "done/a-2.csv", "done/a-2.report.csv")
	for _, bill := range []string{"1", "2", "3"} {
		if got := x.shop.sandbox.Applied(bill); len(got) != 1 {
			t.Errorf("order %s: %v", bill, got)
		}
	}
}

// TestWatchKilled is killed between any two steps of moving a file, and watches
// again: everything is in its place, and nothing was sent twice.
func TestWatchKilled(t *testing.T) {
	for steps := 0; ; steps++ {
		x := newInbox(t)
		x.put("a.csv", head+"1,paid,1362254400,\n9404,paid,1362254400,\n")
		left := steps
		died := false
		func() {
			defer func() { died = recover() != nil }()
			w := x.watcher(nil)
			defer w.close()
			w.step = func() {
				if left--; left < 0 {
					panic("killed")
				}
			}
			w.run(t.Context())
		}()
		x.watch(nil)
		x.holds("mend/a.csv", "mend/a.failed.csv", "mend/a.report.csv")
		if got := x.shop.sandbox.Applied("1"); len(got) != 1 {
			t.Errorf("killed after %d steps: %v", steps, got)
		}
		if !died {
			if steps < 5 {
				t.Errorf("there are only %d steps", steps)
			}
			return
		}
	}
}

// TestWatchInterrupted cuts a run short, leaves its file, and says so by its
// exit status; between two files it just ends.
func TestWatchInterrupted(t *testing.T) {
	x := newInbox(t)
	x.s.once = false
	x.s.workers = 1
	ctx, cancel := context.WithCancelCause(t.Context())
	x.shop.trap.Store(&trap{at: 1, late: true, spring: func() { cancel(batch.ErrInterrupted) }})
	x.put("a.csv", head+"1,cancel,,\n2,cancel,,\n3,cancel,,\n")
	w := x.watcher(nil)
	if code := codeOf(w.run(ctx)); code != exitInterrupted {
		t.Errorf("it was cut: exit %d", code)
	}
	w.close()
	if got := x.files(); !slices.Contains(got, "a.csv") {
		t.Errorf("it did not stay: %v", got)
	}
	x.s.once = true
	if code := x.watch(nil); code != exitDone {
		t.Errorf("exit %d", code)
	}
	x.holds("done/a.csv", "done/a.report.csv")
	x.s.once = false
	if code := x.watch(func(int) error { return context.Canceled }); code != exitDone {
		t.Errorf("idle: exit %d", code)
	}
}

// TestWatchJSON says what became of each file in one object.
func TestWatchJSON(t *testing.T) {
	x := newInbox(t)
	x.s.json = true
	x.put("a.csv", head+"1,cancel,,\n")
	x.watch(nil)
	var n news
	if err := json.Unmarshal([]byte(x.world.out.String()), &n); err != nil {
		t.Fatalf("%v in %q", err, x.world.out.String())
	}
	if n.File != filepath.Join(x.folder, "done", "a.csv") || n.Confirmed != 1 || len(n.Reports) != 1 || n.Reports[0] != filepath.Join(x.folder, "done", "a.report.csv") {
		t.Errorf("got %+v", n)
	}
}

// TestWatchOwnFiles leaves the files of the settings alone, should they lie in
// the folder.
func TestWatchOwnFiles(t *testing.T) {
	x := newInbox(t)
	x.s.journal = filepath.Join(x.folder, "shop.journal")
	x.s.statusFile = filepath.Join(x.folder, "status.json")
	x.s.logFile = filepath.Join(x.folder, "log.jsonl")
	x.put("a.csv", head+"1,cancel,,\n")
	if code := x.watch(nil); code != exitDone {
		t.Errorf("exit %d: %s", code, x.world.err.String())
	}
	got := slices.DeleteFunc(x.files(), func(name string) bool { return strings.HasPrefix(name, "shop.journal") })
	if diff := cmp.Diff([]string{"done/a.csv", "done/a.report.csv", "log.jsonl", "status.json"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestWatchKilledHard kills the process itself at points of a run, and watches
// again: every order was changed at most once, and the file is in its place.
func TestWatchKilledHard(t *testing.T) {
	for _, tt := range []struct{ point, folder string }{
		{"read", toDone}, {"started", toDone}, {"begun 3", toLook}, {"posted 2", toLook}, {"drained", toDone}, {"report written", toDone}, {"finished", toDone},
	} {
		s := newShop(t, 0)
		folder := filepath.Join(s.folder, "inbox")
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		payments(t, folder, 6)
		point := tt.point
		if !strings.ContainsAny(point, "0123456789") {
			point += " 1"
		}
		args := s.args("watch", "--rate", "0", "--once", "--every", "20ms", folder)
		if code := s.startWrong(point, args...).wait(); code != -1 {
			t.Fatalf("%s: it came to its end with code %d", point, code)
		}
		s.run("0 4", args...)
		for i := range 6 {
			if got := s.sandbox.Applied(fmt.Sprint(100000 + i)); len(got) > 1 {
				t.Errorf("%s: order %d: %v", point, 100000+i, got)
			}
		}
		if _, err := os.Stat(filepath.Join(folder, tt.folder, "payments.csv")); err != nil {
			t.Errorf("%s: %v", point, err)
		}
		if _, err := os.Stat(filepath.Join(folder, tt.folder, "payments.report.csv")); err != nil {
			t.Errorf("%s: %v", point, err)
		}
	}
}
