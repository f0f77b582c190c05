package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/journal"
	"billmark/report"
)

func historyCommand(c *console) *cobra.Command {
	s := defaults()
	cmd := &cobra.Command{
		Use:     "history",
		Short:   "the runs that the journal knows",
		Long:    `history lists the runs that the account's journal knows, oldest first: when, which file, its digest, the counts, and how each ended; then what was settled, and who or what said so.`,
		Example: "  billmark history --account shop7",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return history(c, s)
		},
	}
	s.accountFlags(cmd.Flags())
	s.commonFlags(cmd.Flags())
	return cmd
}

// runJSON is one run of the history. What only its end would tell is null if it
// did not come to that.
type runJSON struct {
	Run        int64   `json:"run"`
	File       string  `json:"file"`
	Digest     *string `json:"digest"`
	Version    string  `json:"version"`
	Again      string  `json:"again,omitempty"`
	Rows       int     `json:"rows"`
	Confirmed  *int    `json:"confirmed"`
	Rejected   *int    `json:"rejected"`
	Invalid    *int    `json:"invalid"`
	Unsent     *int    `json:"unsent"`
	Unverified *int    `json:"unverified"`
	Unknown    *int    `json:"unknown"`
	Skipped    *int    `json:"skipped"`
	Requests   *int    `json:"requests"`
	StartedAt  *string `json:"started_at"`
	FinishedAt *string `json:"finished_at"`
	Ended      string  `json:"ended"`
}

func history(c *console, s *settings) (err error) {
	d := newDesk(c, s)
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.address(); err != nil {
		return err
	}
	if err := d.openJournal(false); err != nil {
		return err
	}
	var runs []batch.Run
	var notes []journal.Note
	if d.journal != nil {
		if runs, err = d.journal.Runs(); err != nil {
			return err
		}
		if notes, err = d.journal.Notes(); err != nil {
			return err
		}
	}
	if s.json {
		return d.historyJSON(runs, notes)
	}
	return d.historyText(runs, notes)
}

// noteJSON is one update that was settled.
type noteJSON struct {
	At   *string `json:"at"`
	Bill uint64  `json:"bill_id"`
	Text string  `json:"text"`
}

func (d *desk) historyJSON(runs []batch.Run, notes []journal.Note) error {
	list := make([]runJSON, 0, len(runs))
	for _, r := range runs {
		j := runJSON{
			Run: r.ID, File: r.File, Digest: orNull(digestOf(r)), Version: r.Version, Again: r.Again, Rows: r.Summary.Rows,
			StartedAt: moment(r.Started), FinishedAt: moment(r.Finished), Ended: endedInWords(r),
		}
		if n := &r.Summary.Counts; !r.Finished.IsZero() {
			j.Confirmed, j.Rejected, j.Invalid, j.Unsent = &n[batch.Confirmed], &n[batch.Rejected], &n[batch.Invalid], &n[batch.Unsent]
			j.Unverified, j.Unknown, j.Skipped, j.Requests = &n[batch.Unverified], &n[batch.Unknown], &n[batch.Skipped], &r.Summary.Requests
		}
		list = append(list, j)
	}
	settled := make([]noteJSON, 0, len(notes))
	for _, n := range notes {
		settled = append(settled, noteJSON{moment(n.At), n.Bill, n.Text})
	}
	return json.NewEncoder(d.c.out).Encode(map[string]any{"account": d.s.account, "api": d.base.String(), "runs": list, "settled": settled})
}

func (d *desk) historyText(runs []batch.Run, notes []journal.Note) error {
	fmt.Fprintf(d.c.out, "Account %s at %s\n", d.s.account, d.base)
	if d.journal == nil {
		_, err := fmt.Fprintf(d.c.out, "No journal yet at %s: as far as is known here, nothing was ever sent.\n", d.path)
		return err
	}
	fmt.Fprintf(d.c.out, "Journal %s\n\n", d.journal.Path())
	w := tabwriter.NewWriter(d.c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tstarted\tfile\tdigest\trows\tconfirmed\trejected\tinvalid\tunsent\tunverified\tunknown\tskipped\trequests\tended")
	for _, r := range runs {
		fmt.Fprintf(w, "%d\t%s\t%s\t%.12s\t%d\t", r.ID, r.Started.Local().Format("2006-01-02 15:04"), r.File, cmp.Or(digestOf(r), "-"), r.Summary.Rows)
		if n := r.Summary.Counts; r.Finished.IsZero() { // what it did is in the journal, but not how often
			fmt.Fprint(w, "-\t-\t-\t-\t-\t-\t-\t-")
		} else {
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d", n[batch.Confirmed], n[batch.Rejected], n[batch.Invalid], n[batch.Unsent],
				n[batch.Unverified], n[batch.Unknown], n[batch.Skipped], r.Summary.Requests)
		}
		fmt.Fprintf(w, "\t%s\n", endedInWords(r))
	}
	if err := w.Flush(); err != nil || len(notes) == 0 {
		return err
	}
	fmt.Fprintln(d.c.out, "\nSettled")
	for _, n := range notes {
		fmt.Fprintf(d.c.out, "  %s  %s\n", n.At.Local().Format("2006-01-02 15:04"), report.Clean(n.Text))
	}
	return nil
}

// digestOf is a manifest's digest; "" where updates were sent again that no
// manifest asked for.
func digestOf(r batch.Run) string {
	if r.Digest == [len(r.Digest)]byte{} {
		return ""
	}
	return fmt.Sprintf("%x", r.Digest)
}

func endedInWords(r batch.Run) string {
	switch {
	case r.Finished.IsZero():
		return "killed"
	case r.Summary.Stopped != "":
		return r.Summary.Stopped
	}
	return "finished"
}
