package journal_test

import (
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

// killed copies a journal that is in use, as a killed process would leave it.
func killed(t *testing.T, path string) string {
	t.Helper()
	left := filepath.Join(t.TempDir(), "killed.journal")
	for _, ending := range []string{"", "-wal", ".seen", ".tail"} {
		data, err := os.ReadFile(path + ending)
		must(t, err)
		must(t, os.WriteFile(left+ending, data, 0o600))
	}
	return left
}

// flight makes a journal in which three updates ended and four are in flight:
// two new ones, one tried before without effect, and one sent again.
func flight(t *testing.T) (path string, j *journal.Journal, run int64) {
	t.Helper()
	path = newPath(t)
	j = mustOpen(t, path)
	run = start(t, j)
	for bill := uint64(1); bill <= 4; bill++ {
		must(t, j.Begin(run, paid(bill)))
		must(t, j.End(run, paid(bill), confirmed()))
	}
	must(t, j.Begin(run, paid(5)))
	must(t, j.End(run, paid(5), batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: at}))
	again := paid(4)
	again.Again = true
	for _, task := range []batch.Task{paid(5), again, paid(6), {Update: batch.Update{Bill: 7, Status: batch.Sent, Date: 1362254400, RPO: "RA\x00\xff'"}, Line: 8}} {
		must(t, j.Begin(run, task))
	}
	return path, j, run
}

// TestForsaken: what a killed process had begun stays unknown if it turns out
// that it cannot be sent again, and can be sent again if that is wanted.
func TestForsaken(t *testing.T) {
	path, _, _ := flight(t)
	j := mustOpen(t, killed(t, path))
	run := start(t, j)
	look := func(when string, want map[uint64]batch.Outcome) {
		t.Helper()
		for _, r := range records(t, j) {
			o, ok := want[r.Update.Bill]
			if r.Outcome.Finished = o.Finished; ok && r.Outcome != o {
				t.Errorf("%s: bill %d: %+v, not %+v", when, r.Update.Bill, r.Outcome, o)
			}
		}
	}
	gone := func(attempts int) batch.Outcome {
		return batch.Outcome{Class: batch.Unknown, Reason: batch.ReasonKilled, Attempts: attempts, Posted: true}
	}
	refused := batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonConnect, Finished: at}
	tasks := map[uint64]batch.Task{}
	for _, bill := range []uint64{4, 5, 6} {
		task := paid(bill)
		task.Again = true
		tasks[bill] = task
		must(t, j.End(run, task, refused))
	}
	unchanged := map[uint64]batch.Outcome{4: gone(2), 5: gone(2), 6: gone(1)}
	look("not connected", unchanged)
	j = mustOpenAgain(t, j.Path(), &j)
	look("opened again", unchanged)
	for _, bill := range []uint64{4, 5, 6} {
		if err := mustOpenAgain(t, j.Path(), &j).Begin(run, paid(bill)); !errors.Is(err, batch.ErrSentBefore) {
			t.Errorf("beginning bill %d: %v", bill, err)
		}
	}
	j = mustOpenAgain(t, j.Path(), &j)
	for _, task := range tasks {
		must(t, j.Begin(run, task))
		must(t, j.End(run, task, refused)) // it was not written after all
	}
	look("begun and not written", unchanged)
	for _, task := range tasks {
		must(t, j.Begin(run, task))
		must(t, j.End(run, task, confirmed()))
	}
	yes := func(attempts int) batch.Outcome {
		return batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Text: "ok", Attempts: attempts, Posted: true}
	}
	look("sent again", map[uint64]batch.Outcome{4: yes(3), 5: yes(3), 6: yes(2)})
}

// TestForsakenSettled: an update that was confirmed once, and sent again by a
// process that was killed, is what it was if the second time had no effect; the
// record says who said so.
func TestForsakenSettled(t *testing.T) {
	path, _, _ := flight(t)
	j := mustOpen(t, killed(t, path))
	must(t, j.Settle(paid(4).Update, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonSettled, Text: "Anna", Finished: at.Add(time.Hour)}, "by hand"))
	for _, r := range records(t, j) {
		o := r.Outcome
		if r.Update.Bill == 4 && (o.Class != batch.Confirmed || o.Reason != batch.ReasonSettled || o.Text != "Anna" || o.Code != "" || !o.Finished.Equal(at.Add(time.Hour))) {
			t.Errorf("%+v", r)
		}
	}
}

// TestInFlight: whoever opens the journal of a killed process finds what that
// had begun as unknown, with its history, every time again.
func TestInFlight(t *testing.T) {
	path, _, run := flight(t)
	left := killed(t, path)
	attempts := map[uint64]int{4: 2, 5: 2, 6: 1, 7: 1}
	for range 2 {
		j := mustOpen(t, left)
		all := records(t, j)
		if len(all) != 7 {
			t.Fatalf("%d records, want 7", len(all))
		}
		for _, r := range all {
			bill := r.Update.Bill
			if bill <= 3 {
				if r.Outcome.Class != batch.Confirmed {
					t.Errorf("bill %d, which had ended: %+v", bill, r)
				}
				continue
			}
			want := batch.Outcome{Class: batch.Unknown, Reason: batch.ReasonKilled, Attempts: attempts[bill], Posted: true}
			if diff := cmp.Diff(want, r.Outcome); diff != "" || r.Run != run || r.Line != int(bill)+1 {
				t.Errorf("bill %d in flight: run %d, line %d (-want +got):\n%s", bill, r.Run, r.Line, diff)
			}
		}
		if err := j.Begin(run, paid(6)); !errors.Is(err, batch.ErrSentBefore) {
			t.Errorf("beginning once more what was in flight: %v, want ErrSentBefore", err)
		}
		must(t, j.Close())
	}
}

// TestDamagedFlight damages everything that a killed process leaves: what was
// in flight is never lost in silence.
func TestDamagedFlight(t *testing.T) {
	path, _, _ := flight(t)
	left := killed(t, path)
	want := records(t, mustOpen(t, killed(t, path)))
	sweepFile(t, left, "-wal", want)
}

// TestBeginTwice: what is in flight, or was sent, is refused whether or not the
// journal has been read before.
func TestBeginTwice(t *testing.T) {
	for _, read := range []bool{false, true} {
		for _, end := range []bool{false, true} {
			j := mustOpen(t, newPath(t))
			if read {
				records(t, j)
			}
			run := start(t, j)
			for bill := uint64(1); bill <= 20; bill++ {
				must(t, j.Begin(run, paid(bill)))
				if end {
					must(t, j.End(run, paid(bill), confirmed()))
				}
			}
			if err := j.Begin(run, paid(11)); !errors.Is(err, batch.ErrSentBefore) {
				t.Errorf("read %t, ended %t: %v, want ErrSentBefore", read, end, err)
			}
			must(t, j.Close())
		}
	}
}

// TestEndThen: whoever does not wait is told in order and one at a time, and
// what a killed process had been told is there.
func TestEndThen(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	records(t, j)
	run := start(t, j)
	const n = 500
	var told []uint64
	var pending sync.WaitGroup
	for bill := uint64(1); bill <= n; bill++ {
		must(t, j.Begin(run, paid(bill)))
		pending.Add(1)
		j.EndThen(run, paid(bill), confirmed(), func(task batch.Task, o batch.Outcome, err error) {
			defer pending.Done()
			told = append(told, task.Update.Bill) // without a lock: one at a time
			if err != nil || o.Class != batch.Confirmed {
				t.Errorf("bill %d: %v %v", task.Update.Bill, o, err)
			}
		})
		if bill%100 == 0 {
			pending.Wait()
			left := records(t, mustOpen(t, killed(t, path)))
			if uint64(len(left)) != bill {
				t.Fatalf("%d records after %d were told of", len(left), bill)
			}
			for _, r := range left {
				if r.Outcome.Class != batch.Confirmed {
					t.Fatalf("told as confirmed, and after a kill it is %+v", r)
				}
			}
		}
	}
	pending.Wait()
	for i, bill := range told {
		if bill != uint64(i+1) {
			t.Fatalf("told of bill %d as number %d", bill, i+1)
		}
	}
	must(t, j.Close())
	var late error
	j.EndThen(run, paid(1), confirmed(), func(_ batch.Task, _ batch.Outcome, err error) { late = err })
	if late == nil {
		t.Error("a closed journal accepted an outcome")
	}
}

// TestGroups: groups of every size, with records that are new, changed and both
// within one group, keep the tally true.
func TestGroups(t *testing.T) {
	for _, workers := range []int{1, 7, 8, 9, 40} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			path := newPath(t)
			j := mustOpen(t, path)
			records(t, j)
			run := start(t, j)
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for n := range 12 {
						task := paid(uint64(1 + w*100 + n))
						unsent := batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: at}
						if n%3 == 0 {
							if err := errors.Join(j.Begin(run, task), j.End(run, task, unsent)); err != nil {
								t.Error(err)
							}
						}
						if err := errors.Join(j.Begin(run, task), j.End(run, task, confirmed())); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			must(t, j.Close())
			if got := len(records(t, mustOpen(t, path))); got != 12*workers {
				t.Errorf("%d records, want %d", got, 12*workers)
			}
		})
	}
}
