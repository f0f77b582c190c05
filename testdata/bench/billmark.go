package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// billmark makes a run of a manifest with a journal.
func (l *lab) billmark(manifest, journal string) *exec.Cmd {
	c := exec.Command(l.tools["billmark"], "run", "--yes", "--rate", "0", "--workers", fmt.Sprint(l.workers), "--journal", journal,
		"--report", filepath.Join(l.dir, "report.csv"), "--failed", filepath.Join(l.dir, "failed.csv"), manifest)
	c.Env = append(os.Environ(), "BILLMARK_ACCOUNT="+login, "BILLMARK_KEY="+key, "BILLMARK_API="+l.server.API)
	return c
}

// fresh is a folder for a journal that nobody has used.
func (l *lab) fresh() (string, error) {
	dir := filepath.Join(l.dir, "journal")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, "bench.journal"), nil
}

// billmarkRun is the command that is compared with the peers.
func (l *lab) billmarkRun() (*exec.Cmd, error) {
	manifest, err := l.manifest(l.rows)
	if err != nil {
		return nil, err
	}
	journal, err := l.fresh()
	return l.billmark(manifest, journal), err
}

// The goals that are absolute.
const (
	memoryGoal = 32 << 20
	growthGoal = 1.15
	resumeGoal = 1500 * time.Millisecond
)

// memory compares the peaks of a small and a large run. It leaves the journal
// of the large one.
func (l *lab) memory() error {
	var peaks []float64
	for _, rows := range []int{10_000, l.large} {
		u, err := l.whole(rows)
		if err != nil {
			return err
		}
		fmt.Printf("peak memory at %9d rows: %.1f MiB (goal: under %d); %.1f us of CPU and %.1f us of time a row, %d connections\n", rows,
			float64(u.memory)/(1<<20), memoryGoal>>20, u.each(), float64(u.wall.Microseconds())/float64(rows), u.seen.Connections)
		peaks = append(peaks, float64(u.memory))
	}
	fmt.Printf("the larger is %.2f of the smaller (goal: at most %.2f)\n", math.Max(peaks[0], peaks[1])/math.Min(peaks[0], peaks[1]), growthGoal)
	return nil
}

// whole runs a manifest of so many rows with a fresh journal.
func (l *lab) whole(rows int) (used, error) {
	manifest, err := l.manifest(rows)
	if err != nil {
		return used{}, err
	}
	journal, err := l.fresh()
	if err != nil {
		return used{}, err
	}
	u, err := l.measure(l.billmark(manifest, journal))
	if err == nil && u.seen.Applied != rows {
		err = fmt.Errorf("%d of %d rows were applied", u.seen.Applied, rows)
	}
	return u, err
}

// resume measures how long it takes to the first new request when a million
// rows are confirmed already: a manifest of these and a few new ones, each round
// one more.
func (l *lab) resume() error {
	journal := filepath.Join(l.dir, "journal", "bench.journal")
	if _, err := l.whole(l.large); err != nil {
		return err
	}
	var all []float64
	for round := 1; round <= l.rounds; round++ {
		manifest, err := l.grown(round)
		if err != nil {
			return err
		}
		started := time.Now()
		u, err := l.measure(l.billmark(manifest, journal))
		if err != nil {
			return err
		}
		if u.seen.Requests != 1 {
			return fmt.Errorf("%d requests for one new row", u.seen.Requests)
		}
		took := time.Unix(0, u.seen.First).Sub(started)
		all = append(all, took.Seconds())
		fmt.Fprintf(os.Stderr, "round %d: %.2f s, CPU of all %.2f s, %.1f MiB, load %s\n", round, took.Seconds(), u.cpu().Seconds(), float64(u.memory)/(1<<20), load())
	}
	fmt.Printf("first new request after start, %d rows confirmed: %s s (goal: at most %.1f)\n", l.large, spread(all, "%.2f"), resumeGoal.Seconds())
	return nil
}

// grown is the large manifest with new rows at its end.
func (l *lab) grown(more int) (string, error) {
	path, err := l.manifest(l.large)
	if err != nil {
		return "", err
	}
	old, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer old.Close()
	return l.write(fmt.Sprintf("orders-%d-and-%d.csv", l.large, more), func(w *bufio.Writer) {
		// Not all at once: what a process takes before it becomes another
		// program counts as that one's memory.
		io.Copy(w, old)
		for i := l.large; i < l.large+more; i++ {
			bill, date, rpo := order(i)
			fmt.Fprintf(w, "%d,sent,%d,%s\n", bill, date, rpo)
		}
	})
}
