package journal_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
	"billmark/batch/journal"
)

var shop = journal.Identity{Account: "shop7", API: "https://shop7.influencersoft.com/api/", DefaultZone: "Europe/Moscow"}

func mustOpen(t testing.TB, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(path, shop)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "shop7.journal") }

func start(t testing.TB, j *journal.Journal) int64 {
	t.Helper()
	run, err := j.StartRun(batch.Run{File: "shipping.csv", Digest: sha256.Sum256([]byte("x")), Started: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func records(t testing.TB, j *journal.Journal) []batch.Record {
	t.Helper()
	var all []batch.Record
	if err := j.Scan(func(r *batch.Record) error { all = append(all, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if begun := all[i].Begun; all[i].Outcome.Attempts > 0 && time.Since(begun) > time.Hour {
			t.Errorf("%s: begun at %s", all[i].Update, begun)
		}
		all[i].Begun = time.Time{}
	}
	return all
}

func paid(bill uint64) batch.Task {
	return batch.Task{Update: batch.Update{Bill: bill, Status: batch.Paid, Date: 1362254400}, Line: int(bill) + 1}
}

var at = time.Unix(1_700_000_100, 0).UTC()

func confirmed() batch.Outcome {
	return batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Text: "ok", Finished: at}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLife follows updates through begin and end, and through a restart.
func TestLife(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	run := start(t, j)
	for bill := uint64(1); bill <= 4; bill++ {
		must(t, j.Begin(run, paid(bill)))
	}
	must(t, j.End(run, paid(1), confirmed()))
	must(t, j.End(run, paid(2), batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200", Text: "нет такого", Finished: at}))
	must(t, j.End(run, paid(3), batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: at}))
	must(t, j.End(run, paid(5), batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonConnect, Text: "refused", Finished: at}))
	must(t, j.Close())

	j = mustOpen(t, path) // bill 4 was begun and has no outcome
	if j.Zone() != "Europe/Moscow" {
		t.Errorf("zone %q", j.Zone())
	}
	digest := sha256.Sum256([]byte("x"))
	rec := func(bill uint64, seq int64, o batch.Outcome) batch.Record {
		return batch.Record{Update: paid(bill).Update, Seq: seq, Run: run, Manifest: digest, Line: int(bill) + 1, Outcome: o}
	}
	want := []batch.Record{
		rec(1, 1, batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Text: "ok", Attempts: 1, Posted: true, Finished: at}),
		rec(2, 0, batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200", Text: "нет такого", Attempts: 1, Posted: true, Finished: at}),
		rec(3, 0, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Attempts: 1, Posted: true, Finished: at}),
		rec(4, 0, batch.Outcome{Class: batch.Unknown, Reason: batch.ReasonKilled, Attempts: 1, Posted: true}),
		rec(5, 0, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonConnect, Text: "refused", Finished: at}),
	}
	if diff := cmp.Diff(want, records(t, j)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}

	for bill, task := range []batch.Task{1: paid(1), 2: paid(2), 4: paid(4)} {
		if bill == 0 || bill == 3 {
			continue
		}
		if err := mustOpenAgain(t, path, &j).Begin(run, task); !errors.Is(err, batch.ErrSentBefore) {
			t.Errorf("beginning bill %d once more: %v, want ErrSentBefore", bill, err)
		}
	}
	j = mustOpenAgain(t, path, &j)
	must(t, j.Begin(run, paid(3))) // had no effect, so it may go
	must(t, j.Begin(run, paid(5)))
}

// mustOpenAgain opens a journal anew, since one failure ends its use.
func mustOpenAgain(t *testing.T, path string, j **journal.Journal) *journal.Journal {
	t.Helper()
	must(t, (*j).Close())
	*j = mustOpen(t, path)
	return *j
}

// TestAgain: what is sent again without effect is what it was before.
func TestAgain(t *testing.T) {
	j := mustOpen(t, newPath(t))
	run := start(t, j)
	again := paid(1)
	again.Again = true
	must(t, j.Begin(run, paid(1)))
	must(t, j.End(run, paid(1), confirmed()))
	must(t, j.Begin(run, again))
	must(t, j.End(run, again, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: at.Add(time.Hour)}))
	r := records(t, j)[0]
	if r.Outcome.Class != batch.Confirmed || r.Seq != 1 || r.Outcome.Attempts != 2 || !r.Outcome.Finished.Equal(at) {
		t.Errorf("after a second try without effect: %+v", r)
	}
	must(t, j.Begin(run, again))
	must(t, j.End(run, again, confirmed()))
	if r := records(t, j)[0]; r.Seq != 2 || r.Outcome.Attempts != 3 {
		t.Errorf("after a second confirmation: %+v", r)
	}
}

// TestAgainUnheardOf: a late or stale update that is wanted after all is one
// that the journal need not know.
func TestAgainUnheardOf(t *testing.T) {
	j := mustOpen(t, newPath(t))
	run := start(t, j)
	again := paid(1)
	again.Again = true
	must(t, j.Begin(run, again))
	must(t, j.End(run, again, confirmed()))
	if r := records(t, j)[0]; r.Outcome.Class != batch.Confirmed || r.Outcome.Attempts != 1 {
		t.Errorf("after an update that was late: %+v", r)
	}
}

func TestSettle(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	run := start(t, j)
	must(t, j.Begin(run, paid(1)))
	must(t, j.Begin(run, paid(2)))
	must(t, j.End(run, paid(2), batch.Outcome{Class: batch.Unverified, Reason: batch.ReasonHash, Finished: at}))
	must(t, j.Close())
	j = mustOpen(t, path)
	must(t, j.Settle(paid(1).Update, batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonSettled, Text: "seen", Finished: at}, "anna: seen"))
	must(t, j.Settle(paid(2).Update, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonSettled, Text: "not there", Finished: at}, "anna: not there"))
	all := records(t, j)
	if o := all[0].Outcome; o.Class != batch.Confirmed || all[0].Seq != 1 || !o.Posted || o.Text != "seen" {
		t.Errorf("settled as confirmed: %+v", all[0])
	}
	if o := all[1].Outcome; o.Class != batch.Unsent || !o.Posted {
		t.Errorf("settled as unsent: %+v", all[1])
	}
	must(t, j.Begin(run, paid(2)))
}

func TestOneProcess(t *testing.T) {
	path := newPath(t)
	mustOpen(t, path)
	_, err := journal.Open(path, shop)
	var inUse *journal.InUse
	if !errors.As(err, &inUse) || inUse.PID != os.Getpid() || time.Since(inUse.Since) > time.Hour {
		t.Fatalf("second opening: %v (%+v)", err, inUse)
	}
}

func TestForeign(t *testing.T) {
	path := newPath(t)
	mustOpen(t, path).Close()
	for name, change := range map[string]func(*journal.Identity){
		"account": func(id *journal.Identity) { id.Account = "other" },
		"address": func(id *journal.Identity) { id.API = "http://127.0.0.1:8787/api/" },
		"zone":    func(id *journal.Identity) { id.Zone = "UTC" },
	} {
		id := shop
		change(&id)
		if _, err := journal.Open(path, id); !errors.Is(err, journal.ErrForeign) {
			t.Errorf("%s: %v, want ErrForeign", name, err)
		}
	}
	id := shop
	id.Zone, id.DefaultZone = "", "Asia/Tokyo" // the machine moved; the journal did not
	j, err := journal.Open(path, id)
	must(t, err)
	defer j.Close()
	if j.Zone() != "Europe/Moscow" {
		t.Errorf("zone %s", j.Zone())
	}
}

// makeDatabase makes an SQLite file with one statement.
func makeDatabase(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(statement)
	must(t, errors.Join(err, db.Close()))
}

// TestNotAJournal: a file of another kind is refused, and nothing is changed.
func TestNotAJournal(t *testing.T) {
	path := newPath(t)
	makeDatabase(t, path, "CREATE TABLE t (x)")
	database, err := os.ReadFile(path)
	must(t, err)
	for name, data := range map[string][]byte{
		"a CSV file": []byte("bill_id,status\n100000,cancel\n"), "another database": database, "its beginning": database[:50], "a byte": {'S'},
	} {
		must(t, os.WriteFile(path, data, 0o600))
		if _, err := journal.Open(path, shop); !errors.Is(err, journal.ErrNotJournal) {
			t.Errorf("%s as journal: %v", name, err)
		}
		if beside, err := filepath.Glob(path + "?*"); len(beside) > 0 || err != nil {
			t.Errorf("beside it lies %q, %v", beside, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	must(t, errors.Join(os.WriteFile(path, []byte("bill_id,status\n100000,cancel\n"), 0o600), os.WriteFile(path+".seen", nil, 0o600))) // then it was one
	if _, err := journal.Open(path, shop); !errors.Is(err, batch.ErrDamaged) {
		t.Errorf("a journal with another beginning: %v", err)
	}
}

// TestHalfMade: what a full disk has left of a journal is made whole.
func TestHalfMade(t *testing.T) {
	path := newPath(t)
	makeDatabase(t, path, "PRAGMA journal_mode = WAL")
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("there is nothing: %v", err)
	}
	mustOpen(t, path)
}

// TestManyAtOnce: concurrent callers share commits and nothing is mixed up.
func TestManyAtOnce(t *testing.T) {
	j := mustOpen(t, newPath(t))
	run := start(t, j)
	const workers, each = 16, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range each {
				task := paid(uint64(1 + w*each + n))
				if err := errors.Join(j.Begin(run, task), j.End(run, task, confirmed())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seqs := map[int64]bool{}
	for _, r := range records(t, j) {
		if r.Outcome.Class != batch.Confirmed || r.Seq < 1 || r.Seq > workers*each || seqs[r.Seq] {
			t.Fatalf("%+v", r)
		}
		seqs[r.Seq] = true
	}
	if len(seqs) != workers*each {
		t.Errorf("%d records, want %d", len(seqs), workers*each)
	}
}

func TestRuns(t *testing.T) {
	j := mustOpen(t, newPath(t))
	first := start(t, j)
	second := start(t, j)
	s := batch.Summary{Rows: 3, Requests: 2, Finished: at, Stopped: "why"}
	s.Counts[batch.Confirmed], s.Counts[batch.Unsent] = 2, 1
	must(t, j.FinishRun(second, s))
	runs, err := j.Runs()
	must(t, err)
	if len(runs) != 2 || runs[0].ID != first || !runs[0].Finished.IsZero() {
		t.Fatalf("%+v", runs)
	}
	if r := runs[1]; r.Summary.Counts != s.Counts || r.Summary.Stopped != "why" || !r.Finished.Equal(at) || r.File != "shipping.csv" {
		t.Errorf("%+v", r)
	}
}

// scale makes a test ten times as large for make torture.
func scale(n int) int {
	if os.Getenv("BILLMARK_TORTURE") != "" {
		return 10 * n
	}
	return n
}

// TestDamage changes bits all over a small journal that was closed cleanly, one
// at a time, and cuts the file at many lengths: it is either refused, or gives
// what was recorded.
func TestDamage(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	run := start(t, j)
	for bill := uint64(1); bill <= 50; bill++ {
		must(t, j.Begin(run, paid(bill)))
		must(t, j.End(run, paid(bill), confirmed()))
	}
	want := records(t, j)
	must(t, j.Close())
	sweepFile(t, path, "", want)
}

// TestDamagedLog does the same to the write-ahead log that a killed process
// leaves behind.
func TestDamagedLog(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	run := start(t, j)
	for bill := uint64(1); bill <= 3; bill++ {
		must(t, j.Begin(run, paid(bill)))
		must(t, j.End(run, paid(bill), confirmed()))
	}
	want := records(t, j)
	killed := filepath.Join(t.TempDir(), "killed.journal")
	for _, ending := range []string{"", "-wal", ".seen", ".tail"} {
		data, err := os.ReadFile(path + ending)
		must(t, err)
		must(t, os.WriteFile(killed+ending, data, 0o600))
	}
	sweepFile(t, killed, "-wal", want)
}

// sweepFile damages the file path+ending in every way, each time in a fresh
// copy of the journal.
func sweepFile(t *testing.T, path, ending string, want []batch.Record) {
	t.Helper()
	files := map[string][]byte{}
	for _, e := range []string{"", "-wal", ".seen", ".tail"} {
		if data, err := os.ReadFile(path + e); err == nil {
			files[e] = data
		}
	}
	folder := t.TempDir()
	refused, whole, n := 0, 0, 0
	try := func(what string, damaged []byte) {
		n++
		copyPath := filepath.Join(folder, fmt.Sprint(n))
		for e, data := range files {
			if e == ending {
				data = damaged
			}
			must(t, os.WriteFile(copyPath+e, data, 0o600))
		}
		if holds(t, copyPath, what, want) {
			whole++
		} else {
			refused++
		}
		for _, e := range []string{"", "-wal", ".seen", ".tail", ".lock"} {
			os.Remove(copyPath + e)
		}
	}
	data := files[ending]
	step := max(1, len(data)/scale(300))
	for at := 0; at < len(data); at += step {
		at := min(at+n%step, len(data)-1)
		damaged := append([]byte{}, data...)
		damaged[at] ^= 1 << (at % 8)
		try(fmt.Sprintf("bit %d of byte %d changed", at%8, at), damaged)
	}
	for length := 0; length < len(data); length += step * 3 {
		try(fmt.Sprintf("cut at %d", length), data[:length])
	}
	t.Logf("%d damages of %d bytes: %d refused, %d without effect", n, len(data), refused, whole)
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

// holds reports whether a journal gives exactly what was recorded; false if it
// is refused. Anything else fails the test.
func holds(t *testing.T, path, what string, want []batch.Record) bool {
	t.Helper()
	j, err := journal.Open(path, shop)
	if err != nil {
		return false
	}
	defer j.Close()
	var got []batch.Record
	if err := j.Scan(func(r *batch.Record) error { got = append(got, *r); return nil }); err != nil {
		return false
	}
	for i := range got { // a run's manifest only names the file
		got[i].Begun = time.Time{}
		got[i].Manifest, want[i%len(want)].Manifest = [32]byte{}, [32]byte{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s: accepted, but gives something else (-want +got):\n%s", what, diff)
	}
	return true
}

func BenchmarkBeginEnd(b *testing.B) {
	for _, workers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			j := mustOpen(b, newPath(b))
			run := start(b, j)
			next := make(chan uint64)
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for bill := range next {
						if err := errors.Join(j.Begin(run, paid(bill)), j.End(run, paid(bill), confirmed())); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportAllocs()
			for bill := uint64(1); b.Loop(); bill++ {
				next <- bill
			}
			close(next)
			wg.Wait()
		})
	}
}

func BenchmarkScan(b *testing.B) {
	j := mustOpen(b, newPath(b))
	run := start(b, j)
	var wg sync.WaitGroup
	const n, workers = 64_000, 64
	for w := range workers {
		wg.Go(func() {
			for i := range n / workers {
				task := paid(uint64(1 + w*n/workers + i))
				if err := errors.Join(j.Begin(run, task), j.End(run, task, confirmed())); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Scan(func(*batch.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

// TestNeverStarted: a request that was begun, and for which there was no
// connection in the end, is no attempt.
func TestNeverStarted(t *testing.T) {
	j := mustOpen(t, newPath(t))
	run := start(t, j)
	for _, reason := range []batch.Reason{batch.ReasonConnect, batch.ReasonTLS, batch.ReasonStopped} {
		must(t, j.Begin(run, paid(1)))
		must(t, j.End(run, paid(1), batch.Outcome{Class: batch.Unsent, Reason: reason, Finished: at}))
	}
	must(t, j.Begin(run, paid(1)))
	must(t, j.End(run, paid(1), confirmed()))
	if all := records(t, j); len(all) != 1 || all[0].Outcome.Attempts != 1 {
		t.Errorf("%+v, want one attempt", all)
	}
}
