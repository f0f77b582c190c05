package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"billmark/batch"
	"billmark/batch/journal"
)

// TestDamagedTail changes a bit in every byte that a killed process left in the
// tail, and cuts it everywhere: it is refused, or all is there.
func TestDamagedTail(t *testing.T) {
	path, _, _ := flight(t)
	left := killed(t, path)
	want := records(t, mustOpen(t, killed(t, path)))
	whole := read(t, left+".tail")
	used := len(bytes.TrimRight(whole, "\x00"))
	folder := t.TempDir()
	refused, n := 0, 0
	try := func(what string, damaged []byte) {
		n++
		to := filepath.Join(folder, fmt.Sprint(n))
		for _, ending := range []string{"", "-wal", ".seen"} {
			must(t, os.WriteFile(to+ending, read(t, left+ending), 0o600))
		}
		must(t, os.WriteFile(to+".tail", damaged, 0o600))
		if !holds(t, to, what, want) {
			refused++
		}
	}
	for at := range used {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		try(fmt.Sprintf("bit %d of byte %d changed", at%8, at), damaged)
		try(fmt.Sprintf("cut at %d", at), whole[:at])
	}
	if refused != n {
		t.Errorf("%d damages to %d bytes, %d of them refused", n, used, refused)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// TestForeignTail: a tail that is older than the journal, or another journal's, is
// not taken for its own.
func TestForeignTail(t *testing.T) {
	path, j, run := flight(t)
	older := read(t, path+".tail")
	for bill := uint64(100); bill < 110; bill++ {
		must(t, errors.Join(j.Begin(run, paid(bill)), j.End(run, paid(bill), confirmed())))
	}
	otherPath, _, _ := flight(t)
	other := read(t, otherPath+".tail")
	must(t, j.Fold())
	must(t, j.Begin(run, paid(200)))
	for what, tail := range map[string][]byte{"older": older, "another's": other, "empty": nil} {
		left := killed(t, path)
		must(t, os.WriteFile(left+".tail", tail, 0o600))
		if _, err := journal.Open(left, shop); !errors.Is(err, batch.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestFold: whatever comes into the table when, what was told before a kill is
// there after it, and in the same state, also for updates that end several
// times.
func TestFold(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	records(t, j)
	run := start(t, j)
	rng := rand.New(rand.NewPCG(7, 7))
	var mu sync.Mutex
	told := map[uint64]batch.Outcome{} // guarded by mu
	// Each worker has bills of its own and ends some of them several times.
	work := func(bills []uint64, kinds []int) {
		for i, bill := range bills {
			outcome := confirmed()
			if kinds[i] > 0 {
				outcome = batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonTooMany, Finished: at}
			}
			if kinds[i] < 3 { // not even connected otherwise
				if err := j.Begin(run, paid(bill)); err != nil {
					t.Error(err)
				}
			} else {
				outcome.Reason = batch.ReasonConnect
			}
			if err := j.End(run, paid(bill), outcome); err != nil {
				t.Error(err)
			}
			mu.Lock()
			told[bill] = outcome
			mu.Unlock()
		}
	}
	const workers, each = 24, 400
	for round := range 4 {
		var wg sync.WaitGroup
		for w := range workers {
			var bills []uint64
			var kinds []int
			done := map[uint64]bool{}
			for range each / 4 {
				bill := uint64(1 + w*1000 + round*100 + rng.IntN(60))
				if done[bill] {
					continue
				}
				kind := rng.IntN(4)
				done[bill] = kind == 0
				bills, kinds = append(bills, bill), append(kinds, kind)
			}
			wg.Go(func() { work(bills, kinds) })
		}
		wg.Wait()
		if round == 2 {
			must(t, j.Fold())
		}
		left := mustOpen(t, killed(t, path))
		got := map[uint64]batch.Record{}
		for _, r := range records(t, left) {
			got[r.Update.Bill] = r
		}
		if len(got) != len(told) {
			t.Fatalf("round %d: %d records, %d were told", round, len(got), len(told))
		}
		for bill, want := range told {
			if o := got[bill].Outcome; o.Class != want.Class || o.Reason != want.Reason || (got[bill].Seq > 0) != (want.Class == batch.Confirmed) {
				t.Fatalf("round %d, bill %d: %+v, told was %+v", round, bill, got[bill], want)
			}
		}
		must(t, left.Close())
	}
	must(t, j.Close())
	if _, err := os.Stat(path + ".tail"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the tail of a journal that was closed: %v", err)
	}
	if n := len(records(t, mustOpen(t, path))); n != len(told) {
		t.Errorf("%d records at the end, %d were told", n, len(told))
	}
}
