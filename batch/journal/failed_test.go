package journal

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"billmark/batch"
)

// TestFailedScan: a journal whose disk has failed takes nothing more, and gives
// what the next process will find: what was in flight is unknown, not unsent,
// and an outcome that could not be written is no outcome.
func TestFailedScan(t *testing.T) {
	identity := Identity{Account: "shop7", API: "https://shop7.influencersoft.com/api/", DefaultZone: "UTC"}
	for _, failing := range []string{"tail", "table"} {
		t.Run(failing, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shop7.journal")
			j, err := Open(path, identity)
			if err != nil {
				t.Fatal(err)
			}
			task := func(bill uint64) batch.Task {
				return batch.Task{Update: batch.Update{Bill: bill, Status: batch.Cancel}}
			}
			yes := batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Finished: time.Unix(1_700_000_000, 0)}
			no := batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: yes.Finished}
			for _, err := range []error{
				j.Begin(1, task(1)), j.End(1, task(1), yes), // in the table
				j.Begin(1, task(2)), j.End(1, task(2), no),
				j.Fold(),
				j.Begin(1, task(2)), j.End(1, task(2), yes), // changed in the tail
				j.Begin(1, task(3)), j.End(1, task(3), yes), // in the tail alone
				j.Begin(1, task(4)), // in flight
				j.Begin(1, task(5)),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			fail(t, j, failing)
			if err := j.End(1, task(5), yes); failing == "tail" && !errors.Is(err, ErrDisk) {
				t.Fatalf("writing to a file that is gone: %v", err)
			}
			if err := j.Fold(); err == nil {
				t.Fatal("a journal that had failed went on")
			}
			if err := j.Begin(1, task(6)); err == nil {
				t.Error("a journal that had failed went on")
			}
			want := map[uint64]batch.Class{1: batch.Confirmed, 2: batch.Confirmed, 3: batch.Confirmed, 4: batch.Unknown, 5: batch.Unknown}
			if failing == "table" { // the outcome of 5 was in the tail before
				want[5] = batch.Confirmed
			}
			hold := func(when string, j *Journal) {
				t.Helper()
				got := map[uint64]batch.Class{}
				if err := j.Scan(func(r *batch.Record) error { got[r.Update.Bill] = r.Outcome.Class; return nil }); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				for bill, class := range want {
					if got[bill] != class {
						t.Errorf("%s: bill %d is %s, want %s", when, bill, got[bill], class)
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: %d records, want %d", when, len(got), len(want))
				}
			}
			if failing == "tail" {
				reopen(t, j)
			}
			hold("after the failure", j)
			j.Close()
			next, err := Open(path, identity)
			if err != nil {
				t.Fatal(err)
			}
			defer next.Close()
			hold("in the next process", next)
		})
	}
}

// TestFailedScanShort: a journal that has failed, and whose tail has lost what
// was told as durable, gives nothing.
func TestFailedScanShort(t *testing.T) {
	j := made(t)
	task := batch.Task{Update: batch.Update{Bill: 1, Status: batch.Cancel}}
	if err := j.Begin(1, task); err != nil {
		t.Fatal(err)
	}
	fail(t, j, "table")
	if err := writeAt(j.tail.file, make([]byte, 512), 0, false); err != nil {
		t.Fatal(err)
	}
	if err := j.Scan(func(*batch.Record) error { return nil }); !errors.Is(err, batch.ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
}

// TestFoldBehind: what was told before Fold was called is in the table when it
// returns, also if both were one group.
func TestFoldBehind(t *testing.T) {
	j := made(t)
	task := batch.Task{Update: batch.Update{Bill: 1, Status: batch.Cancel}}
	begun := &entry{kind: begin, task: task}
	ended := &entry{kind: end, task: task, outcome: batch.Outcome{Class: batch.Confirmed, Finished: time.Unix(1_700_000_000, 0)}}
	if err := j.commit([]*entry{begun, ended, {kind: fold}}, false); err != nil {
		t.Fatal(err)
	}
	if len(j.fresh) > 0 || j.tail.end > 0 || j.tally.updates != 1 {
		t.Errorf("%d rows are outside of the table, %d in it", len(j.fresh), j.tally.updates)
	}
}

// made is a new journal.
func made(t *testing.T) *Journal {
	t.Helper()
	j, err := Open(filepath.Join(t.TempDir(), "shop7.journal"), Identity{DefaultZone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// fail takes away what the journal writes to.
func fail(t *testing.T, j *Journal, what string) {
	t.Helper()
	var err error
	if what == "tail" {
		err = j.tail.close()
	} else {
		err = j.mark("PRAGMA query_only = ON")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reopen gives a tail that was taken away back, to be read.
func reopen(t *testing.T, j *Journal) {
	t.Helper()
	again, err := openTail(j.path)
	if err != nil {
		t.Fatal(err)
	}
	j.tail = again
}
