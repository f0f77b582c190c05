package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"

	"billmark/batch"
)

// lock keeps other processes out. The kernel gives it back when the process
// ends, however that happens. It lies on a file of its own, for locking the
// database file would meddle with SQLite's own locks.
type lock struct{ file *flock.Flock }

func take(path string) (*lock, error) {
	f := flock.New(path+".lock", flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		e := &InUse{Path: path}
		e.PID, e.Since = owner(path)
		return nil, e
	}
	return &lock{f}, nil
}

func (l *lock) release() error { return l.file.Close() }

// seen is a small file beside the journal that says how many transactions
// were committed, and by whom. It is written after each commit, so it never
// runs ahead of the journal. If it does, the journal lost something: its last
// records were cut off, its write-ahead log was removed, or an old copy was
// put in its place. Then what was sent is not known, and nothing may be.
//
// Without the file, as when a journal was moved by itself, nothing is missed.
type seen struct{ file *os.File }

const seenFormat = "commits %020d\npid %d since %s\n"

func seenPath(path string) string { return path + ".seen" }

func openSeen(path string, commits int64) (*seen, error) {
	f, err := os.OpenFile(seenPath(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	s := &seen{f}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	var noted int64
	if _, err := fmt.Sscanf(string(text), "commits %d", &noted); err == nil && noted > commits {
		return nil, errors.Join(fmt.Errorf("%w: its last %d of %d entries are missing (was a file beside it removed, or an older copy put back?)",
			batch.ErrDamaged, noted-commits, noted), f.Close())
	}
	now := time.Now().UTC().Format(time.RFC3339)
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt(fmt.Appendf(nil, seenFormat, commits, os.Getpid(), now), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// note writes down that so many transactions are committed.
func (s *seen) note(commits int64) error {
	_, err := s.file.WriteAt(fmt.Appendf(nil, "commits %020d\n", commits), 0)
	return err
}

func (s *seen) close() error { return s.file.Close() }

// owner tells who has the journal, as far as can be told.
func owner(path string) (pid int, since time.Time) {
	text, err := os.ReadFile(seenPath(path))
	if err != nil {
		return 0, time.Time{}
	}
	var commits int64
	var when string
	if _, err := fmt.Sscanf(string(text), "commits %d\npid %d since %s", &commits, &pid, &when); err != nil {
		return 0, time.Time{}
	}
	since, err = time.Parse(time.RFC3339, when)
	if err != nil {
		return 0, time.Time{}
	}
	return pid, since
}
