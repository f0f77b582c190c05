package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/report"
)

func reportCommand(c *console) *cobra.Command {
	s := defaults()
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "write the report again from manifest and journal",
		Long: `report writes the report again from the manifest and the journal. It sends
nothing; the same input gives the same bytes. It takes the flags of run.

Exit status: as billmark run.`,
		Example: `  billmark report shipping.csv
  billmark report --report shipping.xlsx --report shipping.html shipping.csv`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.remember(cmd)
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return rewrite(c, s, args[0])
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	s.wireFlags(f)
	s.manifestFlags(f)
	s.outputFlags(f)
	s.commonFlags(f)
	return cmd
}

// rewrite is billmark report.
func rewrite(c *console, s *settings, file string) (err error) {
	d := newDesk(c, s)
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.address(); err != nil {
		return err
	}
	if err := d.openJournal(false); err != nil {
		return err
	}
	d.tellNoJournal()
	if err := d.read(file); err != nil {
		return err
	}
	if err := d.decideAfter(); err != nil {
		return err
	}
	files, err := d.outputs(file)
	if err != nil {
		return err
	}
	if err := d.writeReports(files); err != nil {
		return err
	}
	p := d.decided.Plan()
	if err := d.showSummary(batch.Summary{Rows: p.Rows, Counts: p.Counts}, files); err != nil {
		return err
	}
	return verdict(p.Counts)
}

// outputs are the files that a run or report writes.
type outputs struct {
	reports []string
	failed  *report.Failed
}

// outputs settles the names of all files to be written, and tests that they
// can be.
func (d *desk) outputs(file string) (*outputs, error) {
	o := &outputs{reports: d.s.reports}
	if len(o.reports) == 0 {
		o.reports = []string{beside(file, ".report.csv")}
	}
	failed := d.s.failed
	if failed == "" {
		failed = beside(file, ".failed"+filepath.Ext(file))
		if filepath.Ext(file) == "" || file == "-" || d.copy.workbook {
			failed = beside(file, ".failed.csv")
		}
	}
	for _, path := range o.reports {
		if !report.Formatted(path) {
			return nil, usage(fmt.Sprintf("--report %s: %v", path, report.ErrFormat), "the ending says the format, as in shipping.report.csv; nothing was sent")
		}
	}
	taken := map[string]string{}
	if d.s.logFile != "" {
		if err := d.apart(d.s.logFile, file, taken); err != nil {
			return nil, err
		}
	}
	for _, path := range append(d.s.otherOutputs(), append(o.reports, failed)...) {
		if err := d.writable(path, file, taken); err != nil {
			return nil, err
		}
	}
	var memory report.Memory
	if d.journal != nil {
		memory = d.journal
	}
	o.failed = report.NewFailed(failed, d.file.HeaderRaw(), memory)
	return o, nil
}

// writable refuses a path that cannot be written, or that must not be.
func (d *desk) writable(path, manifest string, taken map[string]string) error {
	if err := d.apart(path, manifest, taken); err != nil {
		return err
	}
	if err := report.Probe(path); err != nil {
		return refused(fmt.Sprintf("%s cannot be written: %v", path, err), "choose another place with --report and --failed")
	}
	return nil
}

// apart refuses an output that is some other file of this command's.
func (d *desk) apart(path, manifest string, taken map[string]string) error {
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if taken[full] != "" {
		return usage(fmt.Sprintf("%s is named twice as an output", path), "give each output a name of its own; nothing was sent")
	}
	taken[full] = path
	others := [][2]string{{manifest, "the manifest itself"}, {d.s.keyFile, "the key file"}, {d.s.caFile, "the file of certificates"}}
	if d.journal != nil {
		for _, ending := range []string{"", "-wal", "-shm", ".seen", ".tail", ".lock"} {
			others = append(others, [2]string{d.journal.Path() + ending, "the journal, or belongs to it"})
		}
	}
	for _, o := range others {
		if same(path, o[0]) {
			return usage(fmt.Sprintf("%s is %s", path, o[1]), "choose another name for the output; nothing was sent")
		}
	}
	return nil
}

// same reports whether two paths name one file that exists.
func same(a, b string) bool {
	if b == "-" {
		return false
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// head says what the reports are about.
func (d *desk) head() report.Head {
	l := string(d.language())
	return report.Head{
		File: d.copy.name, Digest: fmt.Sprintf("%x", d.copy.digest), Account: d.s.account, API: d.base.String(),
		Version: version(), Header: d.file.Header(), Rows: d.decided.Plan().Rows, Counts: d.decided.Plan().Counts,
		Lang: l, CodeWords: func(code string) string { return api.Words(code, l) },
	}
}

// reportHead is head with the runs over this very manifest. Its language is
// the one that was asked for: the locale of who runs it must not change what
// is written.
func (d *desk) reportHead() (report.Head, error) {
	head := d.head()
	if d.s.lang == "" {
		head.Lang, head.CodeWords = "en", func(code string) string { return api.Words(code, "en") }
	}
	if d.journal == nil {
		return head, nil
	}
	runs, err := d.journal.Runs()
	for _, r := range runs {
		if r.Digest == d.copy.digest {
			head.Runs = append(head.Runs, r)
		}
	}
	return head, err
}

// writeReports writes all files from the manifest and what was decided on it.
func (d *desk) writeReports(o *outputs) (err error) {
	head, err := d.reportHead()
	if err != nil {
		return err
	}
	var writers []report.Writer
	defer func() {
		if err != nil {
			for _, w := range writers {
				w.Abort()
			}
			o.failed.Abort()
		}
	}()
	for _, path := range o.reports {
		w, err := report.Create(path, head)
		if err != nil {
			return err
		}
		writers = append(writers, w)
	}
	seams.at("report begun")
	writers = append(writers, o.failed)
	var room [128]byte
	err = d.decided.Each(func(row *batch.Row, outcome batch.Outcome) error {
		line := report.Line{Row: row, Outcome: outcome}
		if outcome.Posted {
			line.Sent = string(api.AppendForm(room[:0], row.Update))
		}
		for _, w := range writers {
			if err := w.Row(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	seams.at("report written")
	for _, w := range writers {
		if err := w.Close(); err != nil {
			return err
		}
		seams.at("report in place")
	}
	return nil
}

// summaryJSON is the summary as one object.
type summaryJSON struct {
	File       string   `json:"file"`
	Digest     string   `json:"digest"`
	Account    string   `json:"account"`
	API        string   `json:"api"`
	Run        int64    `json:"run"`
	Rows       int      `json:"rows"`
	Confirmed  int      `json:"confirmed"`
	Rejected   int      `json:"rejected"`
	Invalid    int      `json:"invalid"`
	Unsent     int      `json:"unsent"`
	Unverified int      `json:"unverified"`
	Unknown    int      `json:"unknown"`
	Skipped    int      `json:"skipped"`
	Requests   int      `json:"requests"`
	StartedAt  *string  `json:"started_at"`
	FinishedAt *string  `json:"finished_at"`
	Stopped    *string  `json:"stopped"`
	Reports    []string `json:"reports"`
	Failed     *string  `json:"failed"`
	Next       *string  `json:"next"` // the command to be given next
}

func (d *desk) showSummary(s batch.Summary, o *outputs) error {
	d.summary = d.summaryJSON(s, o)
	if !d.s.json {
		_, err := fmt.Fprint(d.c.out, folded(d.c.out, d.summaryText(s, o)))
		return err
	}
	e := json.NewEncoder(d.c.out)
	e.SetEscapeHTML(false)
	return e.Encode(d.summary)
}

func (d *desk) summaryJSON(s batch.Summary, o *outputs) *summaryJSON {
	j := &summaryJSON{
		File: d.copy.name, Digest: fmt.Sprintf("%x", d.copy.digest), Account: d.s.account, API: d.base.String(), Run: s.Run,
		Rows: s.Rows, Confirmed: s.Counts[batch.Confirmed], Rejected: s.Counts[batch.Rejected], Invalid: s.Counts[batch.Invalid],
		Unsent: s.Counts[batch.Unsent], Unverified: s.Counts[batch.Unverified], Unknown: s.Counts[batch.Unknown],
		Skipped: s.Counts[batch.Skipped], Requests: s.Requests, StartedAt: moment(s.Started), FinishedAt: moment(s.Finished),
		Reports: o.reports, Stopped: orNull(s.Stopped), Failed: orNull(o.failed.Path()), Next: orNull(d.next(&s, o.failed.Path())),
	}
	return j
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}

// summaryText is the summary as a clerk reads it: counts that add up to the
// rows, the files, and what to do next.
func (d *desk) summaryText(s batch.Summary, o *outputs) string {
	text := report.SummaryText(s, d.head())
	for _, path := range o.reports {
		text += d.language().sayf("Report      %s\n", path)
	}
	if path := o.failed.Path(); path != "" {
		text += d.language().sayf("To mend     %s\n", path)
	}
	return text + d.nextText(&s) + d.slowText(&s)
}
