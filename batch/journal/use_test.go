package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"billmark/batch"
	"billmark/batch/journal"
)

// takeAway copies some of the files of a journal elsewhere, as they are, and gives
// the copy's path.
func takeAway(t *testing.T, path string, endings ...string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, ending := range endings {
		text, err := os.ReadFile(path + ending)
		must(t, err)
		must(t, os.WriteFile(to+ending, text, 0o600))
	}
	return to
}

// TestParted: a journal that was in use when it was taken away from the log
// beside it has forgotten what was sent, and is refused; one that was closed
// is whole by itself.
func TestParted(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	newborn := takeAway(t, path, "")
	run := start(t, j)
	must(t, j.Begin(run, paid(1)))
	must(t, j.End(run, paid(1), confirmed()))
	must(t, j.Close())
	closed := takeAway(t, path, "")

	j = mustOpen(t, path)
	must(t, j.Begin(run, paid(2)))
	inUse, withLog, withTail := takeAway(t, path, ""), takeAway(t, path, "", "-wal", ".seen"), takeAway(t, path, "", ".tail")
	whole := takeAway(t, path, "", "-wal", ".tail")
	must(t, j.Close())

	for name, path := range map[string]string{"just made, by itself": newborn, "in use, by itself": inUse, "without its tail": withLog, "without its log": withTail} {
		for range 3 { // to be refused changes nothing
			if _, err := journal.Open(path, shop); !errors.Is(err, batch.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for path, most := range map[string]int{closed: 1, whole: 2} {
		j := mustOpen(t, path)
		if n := len(records(t, j)); n != most {
			t.Errorf("%d records, not %d", n, most)
		}
		if err := j.Begin(start(t, j), paid(1)); !errors.Is(err, batch.ErrSentBefore) {
			t.Errorf("begun again: %v", err)
		}
		j.Close()
	}
}

// TestTaken: where a journal was, and what belongs to it still is, no new one is
// made, nor is anything there changed.
func TestTaken(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	must(t, j.Begin(start(t, j), paid(1)))
	for _, beside := range [][]string{{"-wal"}, {".tail"}, {".seen"}, {"-wal", ".tail"}, {"-wal", ".tail", ".seen"}} {
		for _, emptied := range []bool{false, true} {
			to := takeAway(t, path, beside...)
			if emptied {
				must(t, os.WriteFile(to, nil, 0o600))
				if len(beside) == 1 && beside[0] == "-wal" { // as when the process died while it made the journal
					continue
				}
			}
			before, err := filepath.Glob(to + "*")
			must(t, err)
			for range 2 {
				if _, err := journal.Open(to, shop); !errors.Is(err, batch.ErrDamaged) || !journal.Exists(to) {
					t.Errorf("%q, emptied %t: %v", beside, emptied, err)
				}
			}
			for _, name := range before {
				if _, err := os.Stat(name); err != nil {
					t.Errorf("%q: to be refused took away %v", beside, err)
				}
			}
		}
	}
}

// TestOtherNames: a journal is one journal by whatever name it is opened.
func TestOtherNames(t *testing.T) {
	path := newPath(t)
	j := mustOpen(t, path)
	folder := t.TempDir()
	soft, hard := filepath.Join(folder, "soft"), filepath.Join(filepath.Dir(path), "hard")
	if os.Symlink(path, soft) != nil || os.Link(path, hard) != nil {
		t.Skip("NOT CHECKED: there are no links here")
	}
	for _, name := range []string{soft, hard} {
		var inUse *journal.InUse
		if _, err := journal.Open(name, shop); !errors.As(err, &inUse) && !errors.Is(err, batch.ErrDamaged) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
	must(t, j.Begin(start(t, j), paid(1)))
}
