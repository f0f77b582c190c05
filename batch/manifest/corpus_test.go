package manifest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

var update = flag.Bool("update", false, "write the expected results anew")

// The corpus holds files as people have them. Beside each, NAME.want says what
// becomes of it, row by row, and NAME.args the options it is read with, one to
// a line. A wrong expectation is a defect: read each that -update has written.
func TestCorpus(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range names {
		if ext := filepath.Ext(name); ext == ".want" || ext == ".args" || ext == ".gitattributes" {
			continue
		}
		count++
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, data, corpusOptions(t, name))
			want := name + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(expected), got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if count < 150 {
		t.Errorf("the corpus has only %d files", count)
	}
}

// corpusOptions reads NAME.args.
func corpusOptions(t *testing.T, name string) Options {
	o := Options{Name: "FILE", Columns: map[string]string{}, Set: map[string]string{}, Words: map[string]string{}, Now: now}
	args, err := os.ReadFile(name + ".args")
	if errors.Is(err, os.ErrNotExist) {
		return o
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(args)) {
		flag, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		left, right, _ := strings.Cut(value, "=")
		switch flag {
		case "--column":
			o.Columns[left] = right
		case "--set":
			o.Set[left] = right
		case "--word":
			o.Words[right] = left
		case "--where":
			o.Where = append(o.Where, Condition{left, right})
		case "--delimiter":
			o.Delimiter = value
		case "--encoding":
			o.Encoding = value
		case "--multiline":
			o.Multiline = true
		case "--date-format":
			o.DateFormat = value
		case "--timezone":
			o.Location = zone(value)
		case "skip":
			if _, err := fmt.Sscan(value, &o.Skip); err != nil {
				t.Fatal(err)
			}
		case "before":
			o.Before = value
		case "footer":
			o.Footer = value
		default:
			t.Fatalf("%s.args: %q", name, line)
		}
	}
	return o
}

// told is all that the room tells of a file, in lines.
func told(t *testing.T, data []byte, o Options) string {
	f, err := opened(data, o)
	var rows []kept
	if err == nil {
		if rows, err = from(f, batch.Mark{}); err == nil {
			if err := consistent(f, data, rows); err != nil {
				t.Error(err)
			}
		}
	}
	var refusal *FileError
	var wrong *OptionError
	switch {
	case errors.As(err, &refusal):
		return fmt.Sprintf("refused: %s\nhint: %s\n", refusal.Message, refusal.Hint)
	case errors.As(err, &wrong):
		return fmt.Sprintf("wrong: %s\nhint: %s\n", wrong.Message, wrong.Hint)
	case err != nil:
		t.Fatal(err)
	}
	return toldFile(f, rows)
}

func toldFile(f *File, rows []kept) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n", f.Encoding(), f.Delimiter())
	for _, m := range f.Mapping() {
		if m.Header == "" {
			fmt.Fprintf(&b, "%s is %q\n", m.Field, m.Value)
		} else {
			fmt.Fprintf(&b, "%s in %q\n", m.Field, m.Header)
		}
	}
	if dates := f.DatesInWords(); dates != "" {
		fmt.Fprintf(&b, "dates: %s\n", dates)
	}
	counts, trimmed, unused := map[string]int{}, 0, 0
	for _, r := range rows {
		trimmed += r.Trimmed
		unused += r.Unused
		switch {
		case r.Skipped:
			counts["skipped"]++
		case len(r.Faults) > 0:
			counts["invalid"]++
		default:
			counts[r.Update.Status.String()]++
		}
	}
	fmt.Fprintf(&b, "%s", many(len(rows), "row"))
	for _, kind := range []string{"sent", "paid", "return", "cancel", "invalid", "skipped"} {
		if counts[kind] > 0 {
			fmt.Fprintf(&b, ", %d %s", counts[kind], kind)
		}
	}
	for _, n := range []struct {
		count int
		what  string
	}{{trimmed, "trimmed"}, {unused, "not taken by the status"}} {
		if n.count > 0 {
			fmt.Fprintf(&b, "; %s %s", many(n.count, "cell"), n.what)
		}
	}
	b.WriteString("\n")
	for _, r := range rows {
		toldRow(&b, r)
	}
	return b.String()
}

func toldRow(b *strings.Builder, r kept) {
	fmt.Fprintf(b, "line %d: ", r.Line)
	switch {
	case r.Skipped:
		b.WriteString("skipped\n")
	case len(r.Faults) > 0:
		b.WriteString("invalid")
		if r.Update.Bill > 0 {
			fmt.Fprintf(b, ", holds bill %d", r.Update.Bill)
		}
		b.WriteString("\n")
	default:
		b.WriteString(r.Update.String())
		if r.Update.Date != 0 {
			fmt.Fprintf(b, " on %s", time.Unix(r.Update.Date, 0).UTC().Format("2006-01-02 15:04:05Z"))
		}
		if r.Update.RPO != "" {
			fmt.Fprintf(b, " with %q", r.Update.RPO)
		}
		b.WriteString("\n")
	}
	for kind, list := range [][]batch.Fault{r.Faults, r.Warnings} {
		for _, f := range list {
			fmt.Fprintf(b, "  %s%q %q: %s\n", []string{"", "doubt: "}[kind], f.Column, f.Value, f.Message)
		}
	}
}
