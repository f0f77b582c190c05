// Command bench measures what billmark costs, side by side with other programs
// that send requests, on one machine and against one and the same sandbox. It
// is no part of billmark: it is started by make bench-peers, from the top of
// the repository.
//
// Every figure comes from pairs. In each round all programs run one after the
// other, in the order of the list and then backwards, so that a machine that
// grows busy meets all of them; a ratio is taken within a round, and the median
// of the rounds is what is shown, with the smallest and the largest beside it.
// CPU time and peak memory are those that the kernel gives for the ended
// process and what it waited for. What arrived is counted at the server: a
// program that sends less than it says, or something wrong, fails.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// options are the flags.
type options struct {
	rows, large, rounds, workers int
	dir, only, binary            string
	pin                          bool
}

func main() {
	var o options
	flag.IntVar(&o.rows, "rows", 50_000, "rows a run")
	flag.IntVar(&o.large, "large", 1_000_000, "rows of the large manifest of memory and resume")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.IntVar(&o.workers, "workers", 64, "requests in flight")
	flag.StringVar(&o.dir, "dir", filepath.Join("bin", "bench"), "`FOLDER` for everything that is made; on a real disk, for the journal is flushed")
	flag.StringVar(&o.only, "only", "", "comma-separated names of the `PEERS` to run; all that can be had if empty")
	flag.StringVar(&o.binary, "billmark", "", "a `PROGRAM` to measure instead of the one built from here")
	flag.BoolVar(&o.pin, "pin", false, "bind the clients to the last core and the server to the others (taskset)")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bench [flags] [check] [peers] [memory] [resume]")
		flag.PrintDefaults()
	}
	if len(os.Args) == 2 && os.Args[1] == "serve" { // the server, in a process of its own
		fail(serve())
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "read" { // a reader, likewise
		fail(read(os.Args[2], os.Args[3]))
		return
	}
	flag.Parse()
	fail(bench(o, flag.Args()))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench runs the parts that are asked for; all of them if none is named.
func bench(o options, parts []string) error {
	if len(parts) == 0 {
		parts = []string{"check", "peers", "memory", "resume"}
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return err
	}
	o.dir = dir
	if err := os.MkdirAll(filepath.Join(o.dir, "bin"), 0o755); err != nil {
		return err
	}
	l := &lab{options: o}
	if err := l.build(parts); err != nil {
		return err
	}
	if l.server, err = startServer(o.pin); err != nil {
		return err
	}
	defer l.server.stop()
	fmt.Printf("%s, %d cores, %s/%s; %d workers; load at start %s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.workers, load())
	for _, part := range parts {
		run, ok := map[string]func(*lab) error{"check": (*lab).check, "peers": (*lab).peers, "memory": (*lab).memory, "resume": (*lab).resume}[part]
		if !ok {
			return fmt.Errorf("there is no part %q", part)
		}
		fmt.Println()
		if err := run(l); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

// load is what the system says of its load.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
