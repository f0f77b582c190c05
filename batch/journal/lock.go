package journal

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/gofrs/flock"
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
type seen struct {
	path    string
	file    *os.File // from claim on
	commits int64    // noted before
}

const (
	commitsFormat = "commits %020d\n"
	ownerFormat   = "pid %d since %s\n"
)

func seenPath(path string) string { return path + ".seen" }

// openSeen reads what was noted.
func openSeen(path string) (*seen, error) {
	s := &seen{path: seenPath(path)}
	text, err := os.ReadFile(s.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if _, err := fmt.Sscanf(string(text), commitsFormat, &s.commits); err != nil {
		s.commits = 0
	}
	return s, nil
}

// claim writes down who has the journal. It is for one that is whole: were the
// file made beside one that is not, the next look would find it in company.
// What was written before is overwritten and never missing, should we die here.
func (s *seen) claim() (err error) {
	if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	now := time.Now().UTC().Format(time.RFC3339)
	mine := fmt.Appendf(nil, commitsFormat+ownerFormat, s.commits, os.Getpid(), now)
	if _, err := s.file.WriteAt(mine, 0); err != nil {
		return err
	}
	return s.file.Truncate(int64(len(mine)))
}

// note writes down that so many transactions are committed.
func (s *seen) note(commits int64, quick bool) error {
	return writeAt(s.file, fmt.Appendf(nil, commitsFormat, commits), 0, quick)
}

func (s *seen) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// owner tells who has the journal, as far as can be told. Whoever has just
// taken the lock writes its name down a moment later, so an earlier owner that
// is no more is not believed at once.
func owner(path string) (pid int, since time.Time) {
	for range 20 {
		if pid, since = readOwner(path); pid != 0 && alive(pid) {
			return pid, since
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, time.Time{}
}

func readOwner(path string) (pid int, since time.Time) {
	text, err := os.ReadFile(seenPath(path))
	if err != nil {
		return 0, time.Time{}
	}
	var commits int64
	var when string
	if _, err := fmt.Sscanf(string(text), commitsFormat+ownerFormat, &commits, &pid, &when); err != nil {
		return 0, time.Time{}
	}
	if since, err = time.Parse(time.RFC3339, when); err != nil {
		return 0, time.Time{}
	}
	return pid, since
}

// alive reports whether there is such a process.
func alive(pid int) bool {
	p, err := os.FindProcess(pid) // on Windows this is the answer
	if err != nil {
		return false
	}
	defer p.Release()
	return runtime.GOOS == "windows" || !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
