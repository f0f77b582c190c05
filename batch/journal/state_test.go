package journal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"billmark/batch"
)

var anyRow = rapid.Custom(func(t *rapid.T) row {
	number := rapid.Int64()
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("\"\\u00\x00\x1f\n\x7f],[é"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	return row{
		open: rapid.Bool().Draw(t, "open"), posted: rapid.Bool().Draw(t, "posted"),
		class: batch.Class(rapid.Byte().Draw(t, "class")), reason: batch.Reason(rapid.Byte().Draw(t, "reason")),
		code: text.Draw(t, "code"), text: text.Draw(t, "text"),
		seq: number.Draw(t, "seq"), attempts: number.Draw(t, "attempts"),
		begun: number.Draw(t, "begun"), finished: number.Draw(t, "finished"),
		run: number.Draw(t, "run"), line: number.Draw(t, "line"),
	}
})

// TestState: every state can be read back, by this package and, where it is
// text at all, by SQLite; one that is cut is no state.
func TestState(t *testing.T) {
	j := made(t)
	rapid.Check(t, func(t *rapid.T) {
		want, got := anyRow.Draw(t, "row"), anyRow.Draw(t, "the row before")
		state := string(want.appendState(nil))
		if err := got.parseState(state); err != nil {
			t.Fatalf("%q: %v", state, err)
		}
		if got != want {
			t.Fatalf("%q is read as %+v, want %+v", state, got, want)
		}
		cut := rapid.IntRange(0, len(state)-1).Draw(t, "cut")
		if err := got.parseState(state[:cut]); !errors.Is(err, batch.ErrDamaged) {
			t.Fatalf("%q: %v", state[:cut], err)
		}
		if err := got.parseState(state + "]"); !errors.Is(err, batch.ErrDamaged) {
			t.Fatalf("with something behind it: %v", err)
		}
		var attempts, line int64
		var text string
		if err := j.conn.QueryRowContext(context.Background(), "SELECT ?1 ->> 4, ?1 ->> 9, ?1 ->> 11", state).Scan(&attempts, &line, &text); err != nil {
			t.Fatalf("SQLite cannot read %q: %v", state, err)
		}
		if clean := strings.ToValidUTF8(want.text, "?"); attempts != want.attempts || line != want.line || clean == want.text && text != want.text {
			t.Fatalf("SQLite reads %q as %d, %d, %q", state, attempts, line, text)
		}
	})
}

// TestRows: what is written to the tail can be read back; cut, it is fewer rows
// or none at all.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		var want []row
		var ends []int
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			r := anyRow.Draw(t, "row")
			r.update = batch.Update{
				Bill: rapid.Uint64().Draw(t, "bill"), Status: batch.Status(rapid.Byte().Draw(t, "status")), Date: rapid.Int64().Draw(t, "date"),
				RPO: string(rapid.SliceOf(rapid.Byte()).Draw(t, "rpo")), Occurrence: rapid.Int().Draw(t, "occurrence"),
			}
			want, b = append(want, r), appendRow(b, &r)
			ends = append(ends, len(b))
		}
		got, err := parseRows(b)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d rows of %d: %v", len(got), len(want), err)
		}
		for i := range got {
			if *got[i] != want[i] {
				t.Fatalf("%+v is read as %+v", want[i], *got[i])
			}
		}
		if cut := rapid.IntRange(0, len(b)).Draw(t, "cut"); cut > 0 && !slices.Contains(ends, cut) {
			if _, err := parseRows(b[:cut]); !errors.Is(err, batch.ErrDamaged) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
	})
}

// TestView: people can read the journal.
func TestView(t *testing.T) {
	j := made(t)
	at := time.Unix(1_700_000_100, 0)
	sent := batch.Task{Update: batch.Update{Bill: 7, Status: batch.Sent, Date: 1362254400, RPO: "RA1"}, Line: 3}
	cancel := batch.Task{Update: batch.Update{Bill: 8, Status: batch.Cancel, Occurrence: 2}, Line: 4}
	for _, err := range []error{
		j.Begin(5, sent), j.End(5, sent, batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200", Text: `нет "7"`, Finished: at}),
		j.End(5, cancel, batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonConnect, Finished: at}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Fold(); err != nil {
		t.Fatal(err)
	}
	rows, err := j.conn.QueryContext(context.Background(), `SELECT bill_id || '|' || status || '|' || date || '|' || rpo || '|' || occurrence || '|' || outcome
		|| '|' || code || '|' || text || '|' || attempts || '|' || finished_at || '|' || run || '|' || line FROM journal`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := []string{
		`7|sent|2013-03-02 20:00:00|RA1|0|rejected|200|нет "7"|1|2023-11-14 22:15:00|5|3`,
		"8|cancel|||2|unsent|||0|2023-11-14 22:15:00|5|4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestVersion: a journal of another version is refused, and says so.
func TestVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop7.journal")
	j, err := Open(path, Identity{DefaultZone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.mark(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion-1)); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(path, Identity{DefaultZone: "UTC"}); !errors.Is(err, ErrNotJournal) {
		t.Fatalf("a journal of an older version: %v", err)
	}
	t.Log(err)
}
