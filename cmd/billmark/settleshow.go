package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"billmark/batch"
)

// show tells what was decided, and what is left and why.
func (x *settling) show() error {
	if x.s.json {
		return json.NewEncoder(x.c.out).Encode(map[string]any{
			"account": x.s.account, "api": x.base.String(), "journal": x.path, "journal_is_new": x.begins,
			"settled": settledJSON(x.done), "left": settledJSON(x.left),
		})
	}
	if x.begins { // where it would be is told
		return nil
	}
	for _, d := range x.done {
		fmt.Fprintf(x.c.out, "%s: %s: %s\n", describe(d.record), d.class, d.words)
	}
	for _, d := range x.left {
		fmt.Fprintf(x.c.out, "%s: still %s: %s\n", describe(d.record), d.class, d.words)
	}
	if len(x.done)+len(x.left) == 0 {
		_, err := fmt.Fprintln(x.c.out, "nothing to settle: no update is unknown or unverified")
		return err
	}
	_, err := fmt.Fprintf(x.c.out, "%s settled, %d left\n%s", many(len(x.done), "update"), len(x.left), x.nextText())
	return err
}

// nextText says how what was decided comes into the report, and what was called
// unsent to the API.
func (x *settling) nextText() string {
	file := cmp.Or(x.file, "FILE")
	ofSettling := []string{"confirm", "unsent", "reason", "resend", "json", "yes"}
	switch {
	case len(x.done) == 0:
		return ""
	case slices.ContainsFunc(x.done, func(s settled) bool { return s.class == batch.Unsent }):
		return fmt.Sprintf("Next        what is unsent goes with the next run: %s\n", x.s.command("run", file, ofSettling...))
	}
	return fmt.Sprintf("Next        the report is to be written again: %s\n", x.s.command("report", file, ofSettling...))
}

func describe(r batch.Record) string {
	text := r.Update.String()
	if r.Update.Date != 0 {
		text += " of " + time.Unix(r.Update.Date, 0).UTC().Format(time.RFC3339)
	}
	if r.Update.RPO != "" {
		text += " (" + r.Update.RPO + ")"
	}
	return fmt.Sprintf("%s, run %d line %d", text, r.Run, r.Line)
}

func settledJSON(list []settled) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, d := range list {
		u := d.record.Update
		out = append(out, map[string]any{
			"bill_id": u.Bill, "status": u.Status.String(), "date": u.Date, "rpo": u.RPO,
			"run": d.record.Run, "line": d.record.Line, "outcome": d.class.String(), "message": d.words,
		})
	}
	return out
}
