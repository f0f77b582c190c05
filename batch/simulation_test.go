package batch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"billmark/batch"
	"billmark/signer"
)

// world is a model of everything around a job: the service and its wire, the
// journal and its failures. It keeps the truth, to hold the job's words
// against.
type world struct {
	t    *testing.T
	seed int
	rng  *rand.Rand

	mu      sync.Mutex
	account signer.Account
	applied map[string][]string // the forms applied to each bill, in order
	seen    map[string]int      // how often each form arrived
	flying  map[string]bool     // bills with a request in flight
	most    int                 // requests in flight at once
	faults  map[string]float64
	journal *memoryJournal
}

// memoryJournal is a batch.Journal in memory. It survives the death of a job as
// a file would, and can fail on demand, in both ways.
type memoryJournal struct {
	mu      sync.Mutex
	records map[batch.Update]*batch.Record
	open    map[batch.Update]bool
	seq     int64
	// failAt is the write at which it begins to fail; 0 is never. persists
	// says that the failing write happened all the same.
	writes, failAt int
	persists       bool
	once           bool
	begun          map[batch.Update]int
	told           chan struct{} // closed when the last EndThen was told
}

func newMemoryJournal() *memoryJournal {
	return &memoryJournal{records: map[batch.Update]*batch.Record{}, open: map[batch.Update]bool{}, begun: map[batch.Update]int{}}
}

var errDisk = errors.New("no space left")

// write makes one change, or fails.
func (m *memoryJournal) write(change func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.failAt > 0 && m.writes >= m.failAt && (!m.once || m.writes == m.failAt) {
		if m.persists {
			return errors.Join(change(), errDisk)
		}
		return errDisk
	}
	return change()
}

func (m *memoryJournal) Scan(give func(*batch.Record) error) error {
	for _, r := range m.records {
		if err := give(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryJournal) StartRun(batch.Run) (int64, error)    { return 1, nil }
func (m *memoryJournal) FinishRun(int64, batch.Summary) error { return nil }
func (m *memoryJournal) record(u batch.Update) *batch.Record {
	if m.records[u] == nil {
		m.records[u] = &batch.Record{Update: u}
	}
	return m.records[u]
}

func (m *memoryJournal) Begin(_ int64, t batch.Task) error {
	return m.write(func() error {
		r := m.record(t.Update)
		if m.open[t.Update] || r.Outcome.Class != batch.Unsent && !t.Again {
			return batch.ErrSentBefore
		}
		m.open[t.Update] = true
		m.begun[t.Update]++
		r.Outcome.Class, r.Outcome.Reason = batch.Unknown, batch.ReasonKilled
		return nil
	})
}

func (m *memoryJournal) End(_ int64, t batch.Task, o batch.Outcome) error {
	return m.write(func() error {
		if !m.open[t.Update] && o.Class != batch.Unsent {
			return fmt.Errorf("%s was not begun", t.Update)
		}
		delete(m.open, t.Update)
		m.record(t.Update).Outcome = o
		if o.Class == batch.Confirmed {
			m.seq++
			m.record(t.Update).Seq = m.seq
		}
		return nil
	})
}

// EndThen tells late, as a journal does that flushes in groups.
func (m *memoryJournal) EndThen(run int64, t batch.Task, o batch.Outcome, then func(batch.Task, batch.Outcome, error)) {
	err := m.End(run, t, o)
	m.mu.Lock()
	told, tell := m.told, make(chan struct{})
	m.told = tell
	m.mu.Unlock()
	go func() {
		time.Sleep(5 * time.Millisecond)
		if told != nil {
			<-told
		}
		then(t, o, err)
		close(tell)
	}()
}

// wire is a batch.Poster into the world.
type wire struct {
	w         *world
	connected bool
}

func (p *wire) Close() error { return nil }

func (p *wire) Connect(ctx context.Context) error {
	if ctx.Err() != nil {
		return &batch.PostError{Reason: batch.ReasonStopped, Err: ctx.Err()}
	}
	if p.connected {
		return nil
	}
	time.Sleep(20 * time.Millisecond)
	if p.w.chance("refuse") {
		return &batch.PostError{Reason: batch.ReasonConnect, Err: errors.New("connection refused")}
	}
	p.connected = true
	return nil
}

func (p *wire) Post(_ context.Context, _ string, body []byte) (batch.Answer, error) {
	w := p.w
	form, err := signer.ParseForm(body)
	if err != nil || !p.connected {
		w.t.Errorf("seed %d: posted %q: %v", w.seed, body, err)
	}
	form = form[:len(form)-1] // the hash
	bill, text := form[0].Value, form.Encode()
	w.arrive(bill, text)
	defer w.leave(bill)
	time.Sleep(time.Duration(1+w.roll(300)) * time.Millisecond)
	switch {
	case w.chance("429"):
		return batch.Answer{Status: 429, RetryAfter: time.Duration(w.roll(3)) * time.Second}, nil
	case w.chance("lost"): // never arrived
		p.connected = false
		return batch.Answer{}, &batch.PostError{Reason: batch.ReasonBroken, Err: io.ErrUnexpectedEOF}
	case w.chance("no"):
		return w.reply("200", "no such order"), nil
	}
	w.apply(bill, text)
	switch {
	case w.chance("drop"):
		p.connected = false
		return batch.Answer{}, &batch.PostError{Reason: batch.ReasonNoReply, Err: os.ErrDeadlineExceeded}
	case w.chance("500"):
		return batch.Answer{Status: 500, Body: []byte("<html>")}, nil
	case w.chance("badhash"):
		return batch.Answer{Status: 200, Body: []byte(`{"error_code":0,"error_text":"ok","hash":"00000000000000000000000000000000"}`)}, nil
	}
	return w.reply("0", "ok"), nil
}

func (w *world) reply(code, text string) batch.Answer {
	return batch.Answer{Status: 200, Body: fmt.Appendf(nil, `{"error_code":%s,"error_text":%q,"hash":%q}`, code, text, w.account.SignReply(code, text))}
}

func (w *world) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

func (w *world) chance(fault string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.Float64() < w.faults[fault]
}

func (w *world) arrive(bill, form string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flying[bill] {
		w.t.Errorf("seed %d: two requests of bill %s at once", w.seed, bill)
	}
	w.flying[bill] = true
	w.seen[form]++
	w.most = max(w.most, len(w.flying))
}

func (w *world) leave(bill string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.flying, bill)
}

func (w *world) apply(bill, form string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.applied[bill] = append(w.applied[bill], form)
}

// list is a batch.Queue of tasks made beforehand.
type list struct{ tasks []batch.Task }

func (l *list) Next() (batch.Task, error) {
	if len(l.tasks) == 0 {
		return batch.Task{}, io.EOF
	}
	t := l.tasks[0]
	l.tasks = l.tasks[1:]
	return t, nil
}

func formOf(u batch.Update) signer.Form {
	return signer.Form{
		{Name: "bill_id", Value: fmt.Sprint(u.Bill)},
		{Name: "status", Value: u.Status.String()},
		{Name: "date", Value: fmt.Sprint(u.Date)},
		{Name: "n", Value: fmt.Sprint(u.Occurrence)},
	}
}

func appendForm(dst []byte, u batch.Update) []byte { return formOf(u).AppendEncode(dst) }

func meaningOf(code string) batch.Meaning {
	switch code {
	case "0":
		return batch.Meaning{Class: batch.Confirmed}
	case "7":
		return batch.Meaning{Class: batch.Unsent, Stop: true}
	}
	return batch.Meaning{Class: batch.Rejected}
}

func newWorld(t *testing.T, seed int) *world {
	account, err := signer.NewAccount("username", "a-key-for-tests")
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(uint64(seed), 2)), account: account,
		applied: map[string][]string{}, seen: map[string]int{}, flying: map[string]bool{}, faults: map[string]float64{}, journal: newMemoryJournal(),
	}
}

// job makes a job over the tasks that the journal does not know yet.
func (w *world) job(tasks []batch.Task, workers int) *batch.Job {
	return &batch.Job{
		Account: w.account, Tasks: &list{tasks}, Journal: w.journal, RunID: 1,
		Open: func() batch.Poster { return &wire{w: w} }, Function: "UpdateOrderStatus", Form: appendForm, Meaning: meaningOf,
		Pace: batch.NewPace(rate.Inf), Workers: workers, Attempts: 3, MaxFailures: 1 << 30,
	}
}

// manifest makes a random list of updates with several changes of some bills,
// and gives those that are still to be sent, in order.
func (w *world) manifest(rows int) []batch.Task {
	bills := 1 + w.rng.IntN(rows)
	var all []batch.Task
	for n := range rows {
		bill := uint64(1 + w.rng.IntN(bills))
		all = append(all, batch.Task{Row: n + 1, Line: n + 2, Update: batch.Update{Bill: bill, Status: batch.Paid, Date: int64(1_600_000_000 + n)}})
	}
	return all
}

// left is what a plan would send: nothing behind a row that is not confirmed.
func (w *world) left(all []batch.Task) []batch.Task {
	held := map[uint64]bool{}
	for _, t := range all {
		if r := w.journal.records[t.Update]; r != nil && r.Outcome.Class != batch.Confirmed && r.Outcome.Class != batch.Unsent {
			held[t.Update.Bill] = true
		}
	}
	var left []batch.Task
	for _, t := range all {
		if r := w.journal.records[t.Update]; !held[t.Update.Bill] && (r == nil || r.Outcome.Class == batch.Unsent) {
			left = append(left, t)
		}
	}
	for i := range left {
		left[i].More = slices.ContainsFunc(left[i+1:], func(t batch.Task) bool { return t.Update.Bill == left[i].Update.Bill })
	}
	return left
}

// check holds what the journal says against the truth.
func (w *world) check(all []batch.Task) {
	w.t.Helper()
	for _, t := range all {
		form := formOf(t.Update).Encode()
		var class batch.Class
		if r := w.journal.records[t.Update]; r != nil {
			class = r.Outcome.Class
		}
		times := 0
		for _, f := range w.applied[fmt.Sprint(t.Update.Bill)] {
			if f == form {
				times++
			}
		}
		switch {
		case times > 1:
			w.t.Errorf("seed %d: line %d was applied %d times", w.seed, t.Line, times)
		case class == batch.Confirmed && times != 1:
			w.t.Errorf("seed %d: line %d is confirmed and was never applied", w.seed, t.Line)
		case (class == batch.Unsent || class == batch.Rejected) && times != 0:
			w.t.Errorf("seed %d: line %d is %s and was applied", w.seed, t.Line, class)
		case w.seen[form] > w.journal.begun[t.Update]:
			w.t.Errorf("seed %d: line %d was sent %d times, the journal knows of %d", w.seed, t.Line, w.seen[form], w.journal.begun[t.Update])
		}
	}
	for bill, forms := range w.applied {
		if !slices.IsSorted(forms) { // the dates rise with the rows
			w.t.Errorf("seed %d: bill %s was changed out of order: %v", w.seed, bill, forms)
		}
	}
}

func scale(n int) int {
	switch {
	case os.Getenv("BILLMARK_TORTURE") != "":
		return 10 * n
	case testing.Short():
		return n / 20
	}
	return n
}

// TestSimulation runs random manifests against a random service on a random
// wire, with interrupts, journals that fail and resumed runs, in virtual time.
// The seed names a failure.
func TestSimulation(t *testing.T) {
	kinds := []string{"refuse", "429", "lost", "no", "drop", "500", "badhash"}
	for seed := range scale(10_000) {
		if t.Failed() {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			all := w.manifest(1 + w.rng.IntN(60))
			for _, kind := range kinds {
				if w.rng.IntN(3) == 0 {
					w.faults[kind] = w.rng.Float64() * 0.3
				}
			}
			workers := []int{1, 4, 16}[w.rng.IntN(3)]
			for range 1 + w.rng.IntN(3) {
				w.runOnce(all, workers)
				w.check(all)
			}
		})
	}
}

// runOnce runs what is left, perhaps interrupted, perhaps with a failing
// journal.
func (w *world) runOnce(all []batch.Task, workers int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if w.rng.IntN(3) == 0 {
		timer := time.AfterFunc(time.Duration(w.rng.IntN(4000))*time.Millisecond, func() { cancel(batch.ErrInterrupted) })
		defer timer.Stop()
	}
	w.journal.failAt = 0
	if w.rng.IntN(4) == 0 {
		w.journal.failAt = w.journal.writes + 1 + w.rng.IntN(60)
		w.journal.persists, w.journal.once = w.rng.IntN(2) == 0, w.rng.IntN(2) == 0
	}
	left := w.left(all)
	ended, err := w.job(left, workers).Run(ctx)
	w.journal.open = map[batch.Update]bool{}
	if w.most > workers {
		w.t.Errorf("seed %d: %d requests in flight with %d workers", w.seed, w.most, workers)
	}
	if err == nil {
		for _, t := range w.left(all) {
			if r := w.journal.records[t.Update]; r == nil && !w.heldIn(left, t) {
				w.t.Errorf("seed %d: the run ended without error, and line %d was never tried", w.seed, t.Line)
			}
		}
	}
	if len(ended.Unrecorded) > 0 && !errors.Is(err, errDisk) {
		w.t.Errorf("seed %d: outcomes were lost without an error: %v", w.seed, err)
	}
}

// heldIn reports whether a task stands behind one of its bill that was tried
// without success.
func (w *world) heldIn(tasks []batch.Task, held batch.Task) bool {
	for _, t := range tasks {
		if t.Update == held.Update {
			return false
		}
		if r := w.journal.records[t.Update]; t.Update.Bill == held.Update.Bill && (r == nil || r.Outcome.Class != batch.Confirmed) {
			return true
		}
	}
	return false
}
