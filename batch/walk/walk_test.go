package walk_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
	"billmark/batch/walk"
)

// rows is a batch.Manifest in memory.
type rows []batch.Row

func (m rows) Header() []string { return []string{"bill_id", "status", "date", "rpo"} }

func (m rows) OpenAt(at batch.Mark) (batch.Source, error) { return &pass{m, at.Rows}, nil }

type pass struct {
	m    rows
	next int
}

func (p *pass) Next() (*batch.Row, error) {
	if p.next == len(p.m) {
		return nil, io.EOF
	}
	p.next++
	r := p.m[p.next-1]
	return &r, nil
}

func (p *pass) Close() error { return nil }

// manifest makes rows of updates; a zero update is an invalid row.
func manifest(updates ...batch.Update) rows {
	m := make(rows, len(updates))
	for i, u := range updates {
		m[i] = batch.Row{Number: i + 1, Line: i + 2, Offset: int64(i), Update: u}
		if u.Status == 0 {
			m[i].Faults = []batch.Fault{{Row: i + 1, Line: i + 2, Message: "bad"}}
		}
	}
	return m
}

// records is a journal in memory.
type records []batch.Record

func (r records) Scan(give func(*batch.Record) error) error {
	for i := range r {
		if err := give(&r[i]); err != nil {
			return err
		}
	}
	return nil
}

var (
	paid   = batch.Update{Bill: 7, Status: batch.Paid, Date: 1_600_000_000}
	paid2  = batch.Update{Bill: 7, Status: batch.Paid, Date: 1_600_000_001}
	cancel = batch.Update{Bill: 7, Status: batch.Cancel}
	sent   = batch.Update{Bill: 8, Status: batch.Sent, Date: 1_600_000_000, RPO: "RR1"}
	bad7   = batch.Update{Bill: 7}
)

func decide(t *testing.T, c walk.Config, journal walk.Records) *walk.Decided {
	t.Helper()
	w, err := walk.Read(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	d, err := w.Decide(journal)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func tasks(t *testing.T, d *walk.Decided) []batch.Task {
	t.Helper()
	q := d.Tasks()
	var all []batch.Task
	for {
		task, err := q.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, task)
	}
}

func outcomes(t *testing.T, d *walk.Decided) []batch.Outcome {
	t.Helper()
	var all []batch.Outcome
	if err := d.Each(func(_ *batch.Row, o batch.Outcome) error { all = append(all, o); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWalk(t *testing.T) {
	cancel1 := cancel
	cancel1.Occurrence = 1
	confirmed := batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Text: "ok", Attempts: 1, Posted: true}
	tests := []struct {
		name     string
		manifest rows
		journal  records
		first    int
		own      bool
		tasks    []batch.Task
		outcomes []batch.Outcome
	}{
		{
			"new", manifest(paid, cancel, sent), nil, 0, false,
			[]batch.Task{{Update: paid, Row: 1, Line: 2, More: true}, {Update: cancel1, Row: 2, Line: 3}, {Update: sent, Row: 3, Line: 4}},
			[]batch.Outcome{{Reason: batch.ReasonNotReached}, {Reason: batch.ReasonNotReached}, {Reason: batch.ReasonNotReached}},
		},
		{
			"repeated", manifest(paid, paid, sent), nil, 0, false,
			[]batch.Task{{Update: paid, Row: 1, Line: 2}, {Update: sent, Row: 3, Line: 4}},
			[]batch.Outcome{{Reason: batch.ReasonNotReached}, {Reason: batch.ReasonNotReached, Same: 2}, {Reason: batch.ReasonNotReached}},
		},
		{
			"confirmed before, and one behind it", manifest(paid, cancel),
			records{{Update: paid, Seq: 1, Outcome: confirmed}},
			0, false,
			[]batch.Task{{Update: cancel1, Row: 2, Line: 3}},
			[]batch.Outcome{confirmed, {Reason: batch.ReasonNotReached}},
		},
		{
			"held behind an invalid row", manifest(bad7, cancel, sent), nil, 0, false,
			[]batch.Task{{Update: sent, Row: 3, Line: 4}},
			[]batch.Outcome{{Class: batch.Invalid}, {Reason: batch.ReasonHeld, Line: 2}, {Reason: batch.ReasonNotReached}},
		},
		{
			"a trial", manifest(paid, cancel, sent), nil, 1, false,
			[]batch.Task{{Update: paid, Row: 1, Line: 2, More: true}},
			[]batch.Outcome{{Reason: batch.ReasonNotReached}, {Class: batch.Skipped, Reason: batch.ReasonFirst}, {Class: batch.Skipped, Reason: batch.ReasonFirst}},
		},
		{
			"a trial, the same again", manifest(paid, cancel, sent),
			records{{Update: paid, Seq: 1, Outcome: confirmed}},
			1, true, nil,
			[]batch.Outcome{confirmed, {Class: batch.Skipped, Reason: batch.ReasonFirst}, {Class: batch.Skipped, Reason: batch.ReasonFirst}},
		},
		{
			"a trial with what another file confirmed", manifest(paid, cancel, sent),
			records{{Update: paid, Seq: 1, Outcome: confirmed}},
			1, false,
			[]batch.Task{{Update: cancel1, Row: 2, Line: 3}},
			[]batch.Outcome{confirmed, {Reason: batch.ReasonNotReached}, {Class: batch.Skipped, Reason: batch.ReasonFirst}},
		},
		{
			"a trial with a repetition beyond it", manifest(paid, sent, sent, paid), nil, 1, false,
			[]batch.Task{{Update: paid, Row: 1, Line: 2}},
			[]batch.Outcome{
				{Reason: batch.ReasonNotReached},
				{Class: batch.Skipped, Reason: batch.ReasonFirst},
				{Class: batch.Skipped, Reason: batch.ReasonFirst, Same: 3},
				{Reason: batch.ReasonNotReached, Same: 2},
			},
		},
		{"nothing at all", manifest(), records{{Update: paid, Seq: 1, Outcome: confirmed}}, 0, false, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := walk.Config{Manifest: tt.manifest, First: tt.first, Digest: [32]byte{1}, Scratch: t.TempDir()}
			for i := range tt.journal {
				if tt.own {
					tt.journal[i].Manifest = c.Digest
				}
			}
			d := decide(t, c, tt.journal)
			if diff := cmp.Diff(tt.tasks, tasks(t, d)); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.outcomes, outcomes(t, d)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if n := len(tt.tasks); d.Plan().Sending() != n {
				t.Errorf("the plan sends %d, want %d", d.Plan().Sending(), n)
			}
		})
	}
}

// TestWalkLarge: many rows, in parts that go to disk, with bills all over the
// file, give what deciding bill by bill in memory gives.
func TestWalkLarge(t *testing.T) {
	const n, bills = 150_000, 60_000
	rng := rand.New(rand.NewPCG(1, 1))
	m := make(rows, n)
	for i := range m {
		u := batch.Update{Bill: uint64(1 + rng.IntN(bills)), Status: batch.Statuses[rng.IntN(4)]}
		if u.Status.Dated() {
			u.Date = int64(1_600_000_000 + rng.IntN(3))
		}
		if u.Status == batch.Sent {
			u.RPO = fmt.Sprint(rng.IntN(1000))
		}
		m[i] = batch.Row{Number: i + 1, Line: i + 2, Offset: int64(i), Update: u}
		switch rng.IntN(20) {
		case 0:
			m[i].Faults, m[i].Update = []batch.Fault{{}}, batch.Update{Bill: u.Bill}
		case 1:
			m[i].Skipped, m[i].Update = true, batch.Update{}
		}
	}
	journal := randomRecords(rng, m)
	c := walk.Config{Manifest: m, Scratch: t.TempDir()}
	if rng.IntN(2) == 0 {
		c.Journal = journal
	}
	d := decide(t, c, journal)
	wantTasks, wantOutcomes := plainly(m, journal)
	if diff := cmp.Diff(wantTasks, tasks(t, d)); diff != "" {
		t.Errorf("tasks (-want +got):\n%.2000s", diff)
	}
	if diff := cmp.Diff(wantOutcomes, outcomes(t, d)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%.2000s", diff)
	}
	p := d.Plan()
	sum := 0
	for _, c := range p.Counts {
		sum += c
	}
	if p.Rows != n || sum != n || p.Sending() != len(wantTasks) {
		t.Errorf("plan of %d rows counts %d, sends %d of %d", p.Rows, sum, p.Sending(), len(wantTasks))
	}
}

// randomRecords knows a part of the updates, all of its own digest.
func randomRecords(rng *rand.Rand, m rows) records {
	var journal records
	seen := map[batch.Update]bool{}
	for i, r := range m {
		u := r.Update
		if !u.Status.Dated() {
			u.Occurrence = 1
		}
		if r.Skipped || len(r.Faults) > 0 || seen[u] || rng.IntN(3) > 0 {
			continue
		}
		seen[u] = true
		rec := batch.Record{Update: u, Outcome: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Attempts: 1, Text: "ok"}, Seq: int64(i + 1)}
		if rng.IntN(10) == 0 {
			rec.Seq, rec.Outcome.Class = 0, batch.Unknown
		}
		journal = append(journal, rec)
	}
	return journal
}

// plainly decides bill by bill with maps.
func plainly(m rows, journal records) (all []batch.Task, outcomes []batch.Outcome) {
	byBill := map[uint64][]int{}
	for i, r := range m {
		if !r.Skipped {
			byBill[r.Update.Bill] = append(byBill[r.Update.Bill], i)
		}
	}
	known := map[uint64][]batch.Record{}
	for _, r := range journal {
		known[r.Update.Bill] = append(known[r.Update.Bill], r)
	}
	outcomes = make([]batch.Outcome, len(m))
	number := map[string]uint64{"": 0}
	ask := func(u batch.Update) batch.Ask {
		if _, ok := number[u.RPO]; !ok {
			number[u.RPO] = uint64(len(number))
		}
		return batch.Ask{Status: u.Status, Date: u.Date, RPO: number[u.RPO], Occurrence: u.Occurrence}
	}
	for i := range m {
		if m[i].Skipped {
			outcomes[i] = batch.Outcome{Class: batch.Skipped, Reason: batch.ReasonFilter}
		}
	}
	for bill, at := range byBill {
		var items []batch.Item
		for _, i := range at {
			items = append(items, batch.Item{Line: m[i].Line, Ask: ask(m[i].Update)})
		}
		var facts []batch.Known
		for _, r := range known[bill] {
			facts = append(facts, batch.Known{Ask: ask(r.Update), Class: r.Outcome.Class, Seq: r.Seq})
		}
		for n, v := range new(batch.Decider).Decide(items, facts) {
			o := batch.Outcome{Class: v.Class, Reason: v.Reason, Line: v.Line, Later: v.Later}
			if v.Known >= 0 {
				r := known[bill][v.Known].Outcome
				o.Attempts, o.Posted = r.Attempts, r.Posted
				if o.Class == r.Class {
					o.Reason, o.Text = r.Reason, r.Text
				}
			}
			if v.First != n {
				o.Same = items[v.First].Line
			}
			row := m[at[n]]
			outcomes[at[n]] = o
			if v.Send {
				u := row.Update
				u.Occurrence = v.Occurrence
				all = append(all, batch.Task{Update: u, Row: row.Number, Line: row.Line, More: v.More})
			}
		}
	}
	slices.SortFunc(all, func(a, b batch.Task) int { return a.Row - b.Row })
	return all, outcomes
}

func TestWarnings(t *testing.T) {
	other := sent
	other.Bill = 9
	earlier := paid
	earlier.Date--
	newNumber := sent
	newNumber.RPO, newNumber.Date = "RR2", sent.Date+1
	warns(t, manifest(paid, paid2, earlier, sent, other, newNumber),
		"3: order 7 is also paid in line 2, with another date",
		"4: its date is before that of line 3, which is the same order",
		"4: order 7 is also paid in line 3, with another date",
		"6: its tracking number is also that of order 8 in line 5",
		"7: order 8 has another tracking number in line 5; the last one wins",
	)
}

// warns holds what a manifest is warned of, by line, against what it should.
func warns(t *testing.T, m rows, want ...string) {
	t.Helper()
	var got []string
	for _, w := range decide(t, walk.Config{Manifest: m}, nil).Plan().Warnings {
		got = append(got, fmt.Sprintf("%d: %s", w.Line, w.Message))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWarningsOfRepetition: what is asked twice goes once, in its first place,
// which is not where whoever wrote it twice may want it.
func TestWarningsOfRepetition(t *testing.T) {
	other := sent
	other.RPO = "RR2"
	warns(t, manifest(paid, paid, cancel, paid, cancel, cancel, sent, sent, other, sent),
		"5: it asks the same as line 2, so it is not sent after line 4, which changes that; if it is to stand last, give it a date of its own",
		"10: order 8 has another tracking number in line 8; the last one wins",
		"11: it asks the same as line 8, so it is not sent after line 10, which changes that; if it is to stand last, give it a date of its own",
	)
}

// failing is a manifest that breaks off.
type failing struct{ rows }

func (f failing) OpenAt(batch.Mark) (batch.Source, error) { return brokenOff{}, nil }

type brokenOff struct{}

var errBroken = errors.New("broken off")

func (brokenOff) Next() (*batch.Row, error) { return nil, errBroken }
func (brokenOff) Close() error              { return nil }

// endless is a journal that gives records for as long as somebody takes them.
type endless struct{}

func (endless) Scan(give func(*batch.Record) error) error {
	for n := uint64(1); ; n++ {
		if err := give(&batch.Record{Update: batch.Update{Bill: n, Status: batch.Cancel}}); err != nil {
			return err
		}
	}
}

// damaged is a journal that cannot vouch for its records.
type damaged struct{}

func (damaged) Scan(func(*batch.Record) error) error { return batch.ErrDamaged }

func TestJournalFails(t *testing.T) {
	for _, ahead := range []walk.Records{nil, damaged{}} {
		w, err := walk.Read(walk.Config{Manifest: manifest(paid), Journal: ahead, Scratch: t.TempDir()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(damaged{}); !errors.Is(err, batch.ErrDamaged) {
			t.Errorf("deciding with a damaged journal: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadFails(t *testing.T) {
	if _, err := walk.Read(walk.Config{Manifest: failing{}, Journal: endless{}}, nil); !errors.Is(err, errBroken) {
		t.Errorf("reading a manifest that breaks off: %v", err)
	}
	stop := errors.New("stop")
	if _, err := walk.Read(walk.Config{Manifest: manifest(paid)}, func(*batch.Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an observer that stops: %v", err)
	}
}

func BenchmarkDecide(b *testing.B) {
	const n = 1_000_000
	m := make(rows, n)
	journal := make(records, n)
	for i := range m {
		u := batch.Update{Bill: uint64(100_000 + i), Status: batch.Sent, Date: 1_600_000_000, RPO: fmt.Sprint(10_000_000_000_000 + i)}
		m[i] = batch.Row{Number: i + 1, Line: i + 2, Offset: int64(i), Update: u}
		journal[i] = batch.Record{Update: u, Seq: int64(i + 1), Outcome: batch.Outcome{Class: batch.Confirmed, Text: "ok", Attempts: 1}}
	}
	for b.Loop() {
		w, err := walk.Read(walk.Config{Manifest: m, Scratch: b.TempDir()}, nil)
		if err != nil {
			b.Fatal(err)
		}
		d, err := w.Decide(journal)
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
		w.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
