package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// peer is a program that sends requests.
type peer struct {
	name, does string
	// goal is the most that billmark's CPU time a request may be, as a
	// multiple of this program's; 0 if there is none.
	goal float64
	// fixed says that it stops by the clock, so that only the server knows
	// how many requests there were.
	fixed   bool
	command func(l *lab) (*exec.Cmd, error)
}

// peers are all that a run is compared with; billmark is the first.
var peers = []peer{
	{"billmark", "the whole job: journal flushed, replies verified, report", 0, false, (*lab).billmarkRun},
	{"wrk", "one body over and over, nothing looked at: the floor", 2.5, true, func(l *lab) (*exec.Cmd, error) {
		script, err := l.script()
		return exec.Command(l.tools["wrk"], "-t1", fmt.Sprint("-c", l.workers), "-d4s", "-s", script, l.server.url()), err
	}},
	{"hey", "one body over and over", 0.75, false, func(l *lab) (*exec.Cmd, error) {
		signed, err := body(0)
		return exec.Command(l.tools["hey"], "-n", fmt.Sprint(l.rows/l.workers*l.workers), "-c", fmt.Sprint(l.workers), "-m", "POST",
			"-T", "application/x-www-form-urlencoded", "-d", signed, l.server.url()), err
	}},
	{"vegeta", "ready-signed bodies, replies not looked at", 0.5, false, func(l *lab) (*exec.Cmd, error) {
		targets, err := l.targets()
		return exec.Command(l.tools["vegeta"], "attack", "-rate", "0", "-workers", fmt.Sprint(l.workers), "-max-workers", fmt.Sprint(l.workers),
			"-connections", fmt.Sprint(l.workers), "-duration", "0", "-lazy", "-format", "json", "-targets", targets, "-output", os.DevNull), err
	}},
	{"curl_multi", "PHP, the whole job without a journal", 0.7, false, func(l *lab) (*exec.Cmd, error) {
		manifest, err := l.manifest(l.rows)
		return exec.Command(l.tools["php"], source("curl_multi.php"), manifest, filepath.Join(l.dir, "php.csv"), l.server.url(), login, key, fmt.Sprint(l.workers)), err
	}},
	{"benthos", "Redpanda Connect's engine, the whole job without a journal", 0.16, false, func(l *lab) (*exec.Cmd, error) {
		manifest, err := l.manifest(l.rows)
		c := exec.Command(l.tools["benthos"], "run", source("benthos.yaml"))
		c.Env = append(os.Environ(), "MANIFEST="+manifest, "REPORT="+filepath.Join(l.dir, "benthos.csv"),
			fmt.Sprint("THREADS=", l.workers), "LOGIN="+login, "KEY="+key, "URL="+l.server.url())
		return c, err
	}},
}

// lab is what all measurements share.
type lab struct {
	options
	tools  map[string]string // what could be had
	server *server
	runs   int
}

// used is what one run of a program took.
type used struct {
	user, system, wall time.Duration
	memory             int64 // bytes, at its peak
	seen               counts
	output             string
}

func (u used) cpu() time.Duration { return u.user + u.system }

// each is the CPU time of a request, in microseconds.
func (u used) each() float64 { return float64(u.cpu().Nanoseconds()) / 1e3 / float64(u.seen.Requests) }

// mebibytes is the memory at its peak.
func (u used) mebibytes() float64 { return float64(u.memory) / (1 << 20) }

// measure runs a command to its end.
func (l *lab) measure(c *exec.Cmd) (u used, err error) {
	if l.pin {
		c.Args = append([]string{"taskset", "-c", fmt.Sprint(runtime.NumCPU() - 1), c.Path}, c.Args[1:]...)
		if c.Path, err = exec.LookPath("taskset"); err != nil {
			return u, err
		}
	}
	if _, err := l.server.counts(); err != nil {
		return u, err
	}
	started := time.Now()
	out, err := c.CombinedOutput()
	u.wall, u.output = time.Since(started), string(out)
	if err != nil {
		return u, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	u.user, u.system = c.ProcessState.UserTime(), c.ProcessState.SystemTime()
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = int64(usage.Maxrss) << 10
	}
	u.seen, err = l.server.counts()
	return u, err
}

// peers runs the rounds and prints the table.
func (l *lab) peers() error {
	var here []peer
	for _, p := range peers {
		if l.tools[p.name] != "" {
			here = append(here, p)
		}
	}
	if len(here) < 2 {
		return errors.New("there is nobody to compare with")
	}
	results := map[string][]used{}
	err := inTurns(l.rounds, here, func(round int, p peer) error {
		u, err := l.one(p)
		if err != nil {
			return err
		}
		results[p.name] = append(results[p.name], u)
		fmt.Fprintf(os.Stderr, "round %d: %-10s %6.1f us, load %s\n", round, p.name, u.each(), load())
		return nil
	})
	if err != nil {
		return err
	}
	return l.table(here, results)
}

// inTurns runs all programs in each round, forwards and backwards in turn.
func inTurns[T any](rounds int, programs []T, run func(round int, of T) error) error {
	for round := 1; round <= rounds; round++ {
		for _, p := range programs {
			if err := run(round, p); err != nil {
				return err
			}
		}
		programs = slices.Clone(programs)
		slices.Reverse(programs)
	}
	return nil
}

// one runs one peer once, and holds what it did against what arrived.
func (l *lab) one(p peer) (used, error) {
	c, err := p.command(l)
	if err != nil {
		return used{}, err
	}
	u, err := l.measure(c)
	if err != nil {
		return u, err
	}
	least, most := l.rows, l.rows
	switch {
	case p.fixed:
		least, most = 1, math.MaxInt
	case p.name == "hey": // it cannot divide, and sends some bodies twice when it stops
		least, most = l.rows/l.workers*l.workers, l.rows+l.workers
	}
	if n := u.seen.Requests; u.seen.Applied != n || n < least || n > most {
		return u, fmt.Errorf("%s: %d requests arrived and %d of them were right, of %d\n%s", p.name, n, u.seen.Applied, l.rows, u.output)
	}
	return u, nil
}

func (l *lab) table(here []peer, results map[string][]used) error {
	fmt.Printf("CPU time of the client for one request, %d rows, %d rounds, median (least to most); load at end %s\n\n", l.rows, l.rounds, load())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "program\tus\tuser/sys\trequests/s\tMiB\tconnections\tbillmark is\tgoal\t\tdoes")
	for _, p := range here {
		all := results[p.name]
		ratios := make([]float64, len(all))
		for i := range all {
			ratios[i] = results["billmark"][i].each() / all[i].each()
		}
		ratio := ""
		if p.name != "billmark" {
			ratio = spread(ratios, "%.2f")
		}
		goal, verdict := judged(p.goal, ratios)
		fmt.Fprintf(w, "%s\t%s\t%.1f/%.1f\t%.0f\t%.1f\t%.0f\t%s\t%s\t%s\t%s\n", p.name, spread(values(all, used.each), "%.1f"),
			median(values(all, func(u used) float64 { return u.user.Seconds() * 1e6 / float64(u.seen.Requests) })),
			median(values(all, func(u used) float64 { return u.system.Seconds() * 1e6 / float64(u.seen.Requests) })),
			median(values(all, func(u used) float64 { return float64(u.seen.Requests) / u.wall.Seconds() })),
			median(values(all, used.mebibytes)),
			median(values(all, func(u used) float64 { return float64(u.seen.Connections) })), ratio, goal, verdict, p.does)
	}
	return w.Flush()
}

// judged says in words whether a goal was met, if there is one.
func judged(goal float64, ratios []float64) (words, verdict string) {
	switch {
	case goal == 0:
		return "", ""
	case median(ratios) > goal:
		return fmt.Sprint("<= ", goal), "MISSED"
	default:
		return fmt.Sprint("<= ", goal), "met"
	}
}

func values[T any](all []T, of func(T) float64) []float64 {
	list := make([]float64, len(all))
	for i, v := range all {
		list[i] = of(v)
	}
	return list
}

func median(list []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(list), cmp.Compare)
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func spread(list []float64, format string) string {
	return fmt.Sprintf(format+" ("+format+" to "+format+")", median(list), slices.Min(list), slices.Max(list))
}
