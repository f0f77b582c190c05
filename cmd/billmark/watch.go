package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/journal"
)

// watchSettings are the flags of billmark watch.
type watchSettings struct {
	settings
	every time.Duration
	once  bool
}

func watchCommand(c *console) *cobra.Command {
	s := &watchSettings{settings: *defaults()}
	cmd := &cobra.Command{
		Use:   "watch DIR",
		Short: "run each manifest that arrives in a folder",
		Long: `watch runs each manifest that arrives in DIR, one after another, as billmark run
does, without asking. A file is taken when it has not changed between two looks.
Then it goes, with its reports, to one of three folders in DIR:

  done   every row is confirmed or skipped
  mend   some rows are rejected, invalid or unsent: mend NAME.failed.csv and put
         it into DIR
  look   some rows are unknown or unverified: billmark settle; or the file was
         refused: NAME.refused.txt says why

If the network or the account fails, a file stays where it is, and is tried
again later. Nothing is sent twice, also if watch is killed at any point.

Exit status: 0 told to stop, with --once as billmark run, 75 DIR is watched.`,
		Example: `  billmark watch inbox
  billmark watch --once --notify ./tell-us inbox      for a timer`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usage(fmt.Sprintf("one folder is to be watched, not %d", len(args)), "say billmark watch DIR")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s.remember(cmd)
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return watch(c, s, args[0])
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	s.wireFlags(f)
	s.manifestFlags(f)
	f.DurationVar(&s.every, "every", 2*time.Second, "time between two looks at the folder")
	f.BoolVar(&s.once, "once", false, "run what is there, then end")
	f.Var(&s.maxFailures, "max-failures", "stop when more updates of a file failed than `P%|N`")
	s.commonFlags(f)
	s.tellFlags(f)
	return cmd
}

// watch is billmark watch.
func watch(c *console, s *watchSettings, folder string) error {
	w, err := newWatcher(c, s, folder)
	if err != nil {
		return err
	}
	defer w.close()
	ctx, release := newDesk(c, &s.settings).interruptible()
	defer release()
	return w.run(ctx)
}

// watcher runs the manifests of one folder. It is used by one goroutine.
type watcher struct {
	c      *console
	s      *watchSettings
	folder string
	tell   *telling
	lock   *flock.Flock
	sleep  func(context.Context, time.Duration) error
	now    func() time.Time
	step   func() // before each step of moving a file

	seen    map[string]sighting
	rest    time.Time       // nothing is run before it
	resting time.Duration   // how long the last rest was
	said    string          // the last trouble, to be told once
	worst   error           // for --once
	later   map[string]bool // for --once: files to be taken by the next watch
}

// sighting is how a file looked.
type sighting struct {
	size    int64
	changed time.Time
}

// workFolder is where reports are written until they are moved with their
// manifest, and where the lock lies.
const workFolder = ".billmark-watch"

// newWatcher checks the settings, makes the folders and takes the lock.
func newWatcher(c *console, s *watchSettings, folder string) (*watcher, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, usage(fmt.Sprintf("%s is no folder", folder), "say billmark watch DIR with a folder that is there")
	}
	if s.every <= 0 {
		return nil, usage("--every must be more than nothing", "say for example --every 2s")
	}
	w := &watcher{c: c, s: s, folder: folder, sleep: sleepFor, now: time.Now, step: func() {}, seen: map[string]sighting{}, later: map[string]bool{}}
	d := newDesk(c, &s.settings)
	for _, step := range []func() error{d.address, d.wire} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var err error
	if w.tell, err = d.telling(""); err != nil {
		return nil, err
	}
	for _, name := range []string{workFolder, toDone, toMend, toLook} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o777); err != nil {
			return nil, refused(err.Error(), "watch needs to write in the folder")
		}
	}
	w.lock = flock.New(filepath.Join(folder, workFolder, "lock"))
	if ok, err := w.lock.TryLock(); err != nil {
		return nil, refused(fmt.Sprintf("locking %s: %v", folder, err), "the folder must lie on a disk that can lock files")
	} else if !ok {
		return nil, &told{exitInUse, fmt.Sprintf("%s is watched by another process", folder), "one watcher a folder is enough; nothing was sent", nil}
	}
	return w, nil
}

func (w *watcher) close() error { return w.lock.Close() }

// run watches until ctx ends, or once.
func (w *watcher) run(ctx context.Context) error {
	if err := w.resume(); err != nil {
		return err
	}
	if !w.s.once {
		fmt.Fprintf(w.c.err, "billmark: watching %s every %s; interrupt to stop\n", w.folder, w.s.every)
	}
	for first := true; ; first = false {
		ran, err := w.look(ctx)
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return nil // between two files: nothing was cut
		case w.s.once && !first && !ran:
			return w.worst
		}
		if err := w.sleep(ctx, w.s.every); err != nil {
			return nil
		}
	}
}

// look looks at the folder once, and runs what has stopped growing.
func (w *watcher) look(ctx context.Context) (ran bool, err error) {
	names, err := w.ready()
	if err != nil {
		return false, &told{exitStopped, err.Error(), "check that the folder is still there", err}
	}
	for _, name := range names {
		if ctx.Err() != nil || w.now().Before(w.rest) {
			return ran, nil
		}
		if w.later[name] {
			continue
		}
		if err := w.take(ctx, name); err != nil {
			return ran, err
		}
		ran = true
	}
	return ran, nil
}

// take runs one file and moves it to where it belongs. Its error ends the
// watch.
func (w *watcher) take(ctx context.Context, name string) error {
	path := filepath.Join(w.folder, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil // it has gone again
	}
	s := w.s.settings
	s.yes = true
	s.reports = []string{filepath.Join(w.folder, workFolder, beside(name, ".report.csv"))}
	s.failed = filepath.Join(w.folder, workFolder, beside(name, ".failed"+endingOf(name)))
	d := newDesk(silent(w.c), &s)
	verdict, err := w.file(ctx, d, path)
	err = errors.Join(err, d.close())
	if verdict == "" {
		return w.trouble(d, path, err)
	}
	if _, gone := os.Stat(path); gone != nil && d.summary == nil {
		return nil
	}
	w.resting, w.said = 0, ""
	if err := w.move(d, name, sighting{info.Size(), info.ModTime()}, verdict, err); err != nil {
		return &told{exitStopped, fmt.Sprintf("moving %s: %v", name, err), "nothing is lost: the journal knows what was sent; check who may write in the folders, then watch again", err}
	}
	d.tell(w.tell, path, err)
	if codeOf(err) > 0 {
		w.worst = worse(w.worst, err)
	}
	return nil
}

// file runs one file, and says to which folder it belongs; "" if it must stay
// where it is.
func (w *watcher) file(ctx context.Context, d *desk, path string) (verdict string, err error) {
	if err := d.address(); err != nil {
		return "", err
	}
	if err := d.wire(); err != nil {
		return "", err
	}
	if err := d.openJournal(true); err != nil {
		return "", err
	}
	err = d.read(path)
	if err == nil {
		err = d.tooManyInvalid()
	}
	if err != nil {
		if ofTheFile(err) {
			return toLook, err
		}
		return "", err
	}
	files, err := d.outputs(path)
	if err != nil {
		return "", err
	}
	err = d.post(ctx, files)
	var stop *batch.Stop
	code := codeOf(err)
	if left := d.refused(); left > 0 && (code == exitFailures || code == exitDoubts) {
		return "", &told{code: code, message: fmt.Sprintf("the API asked to slow down, %s unsent", many(left, "update")), hint: "watch again later"}
	}
	switch {
	case code == exitDone:
		return toDone, nil
	case code == exitFailures:
		return toMend, err
	case code == exitDoubts:
		return toLook, err
	case errors.As(err, &stop) && (stop.Reason == batch.StopFailures || stop.Reason == batch.StopRefused || stop.Reason == batch.StopUnverified):
		return toLook, err // it is about these rows: another try would only go on failing
	}
	return "", err
}

// ofTheFile reports whether a refusal is about the file itself.
func ofTheFile(err error) bool {
	t := inWords(err)
	var path *fs.PathError
	return t.code == exitStopped && t.err == nil && !errors.As(err, &path) && !errors.Is(err, batch.ErrDamaged)
}

// trouble tells why a file stays where it is, and lets everything rest for a
// while. What no rest can mend ends the watch.
func (w *watcher) trouble(d *desk, path string, err error) error {
	t := inWords(err)
	var inUse *journal.InUse
	var stop *batch.Stop
	first, most := time.Minute, 30*time.Minute
	switch {
	case t.code == exitInterrupted:
		return err
	case t.code == exitUsage, errors.Is(err, batch.ErrDamaged), errors.Is(err, journal.ErrForeign), errors.Is(err, journal.ErrNotJournal):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return nil // it has gone again
	case w.s.once && (t.code == exitFailures || t.code == exitDoubts): // of a few rows of this file
		d.tell(w.tell, path, err)
		fmt.Fprintf(w.c.err, "billmark: %s stays where it is: %s; %s\n", path, t.message, t.hint)
		w.later[filepath.Base(path)], w.worst = true, worse(w.worst, finished(t.code))
		return nil
	case w.s.once:
		d.tell(w.tell, path, err)
		return err
	case errors.As(err, &inUse):
		first, most = w.s.every, w.s.every
	case errors.As(err, &stop) && stop.Reason == batch.StopAccount:
		// The service may block an account whose program keeps knocking.
		first, most = 30*time.Minute, 6*time.Hour
	}
	if d.summary != nil {
		d.summary.Next = nil // nobody need do anything
	}
	w.resting = min(max(first, 2*w.resting), most)
	w.rest = w.now().Add(w.resting)
	if w.said != t.message {
		w.said = t.message
		fmt.Fprintf(w.c.err, "billmark: %s stays where it is: %s; trying again, the next time in %s\n", path, t.message, duration(w.resting))
		if t.code != exitInUse {
			d.tell(w.tell, path, err)
		}
	}
	return nil
}

func sleepFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// worse is the one of two endings that the contract names first.
func worse(a, b error) error {
	rank := map[int]int{exitDone: 0, exitFailures: 1, exitDoubts: 2, exitStopped: 3}
	if a == nil || rank[codeOf(b)] > rank[codeOf(a)] {
		return b
	}
	return a
}
