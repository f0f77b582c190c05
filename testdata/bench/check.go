package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"text/tabwriter"

	"github.com/gocarina/gocsv"
)

// reader is a program that reads a manifest.
type reader struct {
	name, does string
	// goal is the most that billmark's CPU time may be, as a multiple of this
	// program's; 0 if there is none.
	goal    float64
	command func(l *lab, manifest string) *exec.Cmd
}

// readers are all that a check is compared with; billmark is the first.
var readers = []reader{
	{"billmark", "check: everything", 0, func(l *lab, manifest string) *exec.Cmd {
		c := exec.Command(l.tools["billmark"], "check", manifest)
		c.Env = append(os.Environ(), "BILLMARK_ACCOUNT=", "BILLMARK_TIMEZONE=UTC")
		return c
	}},
	{"mlr", "Miller: count, nothing else", 1, func(l *lab, manifest string) *exec.Cmd {
		return exec.Command(l.tools["mlr"], "--icsv", "--ojson", "count", manifest)
	}},
	{"gocsv", "its fastest door, UnmarshalToChan: no checks", 0, readBy("gocsv")},
	{"csv", "encoding/csv: rows taken apart, nothing else", 0, readBy("csv")},
}

// readBy has this program itself read the manifest, in a process of its own.
func readBy(door string) func(*lab, string) *exec.Cmd {
	return func(_ *lab, manifest string) *exec.Cmd { return exec.Command(os.Args[0], "read", door, manifest) }
}

// read is that process.
func read(door, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows := 0
	if door == "csv" {
		rows, err = readCSV(f)
	} else {
		rows, err = readChan(f)
	}
	fmt.Println(rows)
	return err
}

func readCSV(in io.Reader) (rows int, err error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	for {
		if _, err = r.Read(); err == io.EOF {
			return rows - 1, nil
		} else if err != nil {
			return rows, err
		}
		rows++
	}
}

func readChan(in io.Reader) (rows int, err error) {
	type row struct {
		Bill   string `csv:"bill_id"`
		Status string `csv:"status"`
		Date   string `csv:"date"`
		RPO    string `csv:"rpo"`
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	all, done := make(chan row, 1024), make(chan error, 1)
	go func() { done <- gocsv.UnmarshalDecoderToChan(gocsv.NewSimpleDecoderFromCSVReader(r), all) }()
	for range all {
		rows++
	}
	return rows, <-done
}

// check compares what reading the large manifest costs.
func (l *lab) check() error {
	manifest, err := l.manifest(l.large)
	if err != nil {
		return err
	}
	l.tools["gocsv"], l.tools["csv"] = os.Args[0], os.Args[0]
	here := slices.DeleteFunc(slices.Clone(readers), func(r reader) bool { return l.tools[r.name] == "" })
	results := map[string][]used{}
	err = inTurns(l.rounds, here, func(round int, r reader) error {
		u, err := l.measure(r.command(l, manifest))
		if err != nil {
			return err
		}
		if u.seen.Requests > 0 {
			return errors.New("a check sent something")
		}
		results[r.name] = append(results[r.name], u)
		fmt.Fprintf(os.Stderr, "round %d: %-10s %6.2f s, load %s\n", round, r.name, u.cpu().Seconds(), load())
		return nil
	})
	if err != nil {
		return err
	}
	return l.readersTable(here, results)
}

func (l *lab) readersTable(here []reader, results map[string][]used) error {
	fmt.Printf("CPU time of reading a manifest of %d rows, %d rounds, median (least to most); load at end %s\n\n", l.large, l.rounds, load())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "program\ts\tMiB\tbillmark is\tgoal\t\tdoes")
	for _, r := range here {
		all := results[r.name]
		ratios := make([]float64, len(all))
		for i := range all {
			ratios[i] = results["billmark"][i].cpu().Seconds() / all[i].cpu().Seconds()
		}
		ratio := ""
		if r.name != "billmark" {
			ratio = spread(ratios, "%.2f")
		}
		goal, verdict := judged(r.goal, ratios)
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\t%s\t%s\t%s\n", r.name, spread(values(all, func(u used) float64 { return u.cpu().Seconds() }), "%.2f"),
			median(values(all, used.mebibytes)), ratio, goal, verdict, r.does)
	}
	return w.Flush()
}
