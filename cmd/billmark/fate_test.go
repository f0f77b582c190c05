package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"billmark/batch"
	"billmark/batch/api"
)

// TestFate gives commands in random order, as people and their machines do: runs
// of several files, with --again, killed, and while the API is away; updates sent
// again, or settled by word. Before and after each the journal is held against
// what arrived: nothing is sent that the journal or the command does not allow,
// and no outcome is other than what was answered. The seed names a failure.
func TestFate(t *testing.T) {
	t.Parallel()
	steps, arrived := 0, 0
	for seed := range uint64(scale(20)) {
		f := newFate(t, seed)
		for range 12 {
			f.step()
			if steps++; t.Failed() {
				return
			}
		}
		for _, replies := range f.arrived {
			arrived += len(replies)
		}
	}
	t.Logf("%d commands, %d requests", steps, arrived)
}

// fate is one journal, and what befalls it.
type fate struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	shop *shop
	l    *shy
	ca   string
	said []string // the commands so far
	held chan bool

	mu      sync.Mutex
	arrived map[string][]string // by form, how each was answered
	hold    int                 // how many requests are answered before one is held for ever; 0 for none
}

func newFate(t *testing.T, seed uint64) *fate {
	f := &fate{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), shop: newShop(t, 0), held: make(chan bool, 100), arrived: map[string][]string{}}
	f.l, f.ca = shyServer(t, f.shop, f.answer)
	return f
}

// answer answers an update by chance.
func (f *fate) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !strings.HasSuffix(r.URL.Path, "/UpdateOrderStatus") {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	form, _, _ := strings.Cut(string(body), "&hash=")
	f.mu.Lock()
	how := []string{"yes", "yes", "yes", "yes", "no", "429", "lost", "bad"}[f.rng.IntN(8)]
	if f.hold--; f.hold == 0 {
		how = "held"
	}
	f.arrived[form] = append(f.arrived[form], how)
	f.mu.Unlock()
	switch how {
	case "yes":
		io.WriteString(w, yes)
	case "no":
		io.WriteString(w, said("200", "no"))
	case "429":
		w.WriteHeader(http.StatusTooManyRequests)
	case "bad":
		io.WriteString(w, strings.Replace(yes, yesHash, strings.Repeat("0", 32), 1))
	case "held":
		f.held <- true
		<-r.Context().Done()
	default:
		panic(http.ErrAbortHandler)
	}
}

// manifest writes some updates of a few orders, each at most once.
func (f *fate) manifest() string {
	var rows []string
	for bill := 1; bill <= 4; bill++ {
		for day := 1; day <= 2; day++ {
			rows = append(rows, fmt.Sprintf("%d,paid,136225440%d,", bill, day), fmt.Sprintf("%d,sent,136225440%d,R%d", bill, day, bill))
		}
		rows = append(rows, fmt.Sprintf("%d,cancel,,", bill), fmt.Sprintf("%d,return,,", bill))
	}
	f.rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	path := filepath.Join(f.shop.folder, "m.csv")
	write(f.t, path, "bill_id,status,date,rpo\n"+strings.Join(rows[:1+f.rng.IntN(len(rows))], "\n")+"\n")
	return path
}

// records are the journal's, by form.
func (f *fate) records() map[string]batch.Record {
	all := map[string]batch.Record{}
	for _, r := range f.shop.records() {
		all[string(api.AppendForm(nil, r.Update))] = r
	}
	return all
}

func (f *fate) holdAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold = n
}

// step gives one command and looks at what came of it.
func (f *fate) step() {
	before, came := f.records(), map[string]int{}
	for form, replies := range f.arrived {
		came[form] = len(replies)
	}
	args := f.shop.args("run", "--ca-file", f.ca, "--workers", "3", "--max-failures", "100%", f.manifest())
	kind, killed := f.rng.IntN(10), false
	again := ""
	switch {
	case kind < 4: // a run
	case kind < 6:
		again = []string{"rejected", "superseded", "late,stale", "rejected,late,stale,superseded"}[f.rng.IntN(4)]
		args = append(args, "--again", again)
	case kind < 8:
		again = "resend"
		args = f.shop.args("settle", "--ca-file", f.ca, "--yes", "--resend")
	default:
		again = []string{"--confirm", "--unsent"}[f.rng.IntN(2)]
		args = f.shop.args("settle", "--ca-file", f.ca, again, fmt.Sprint(1+f.rng.IntN(4)), "--reason", "seen")
	}
	switch {
	case f.rng.IntN(5) == 0:
		f.l.closing.Store(true)
		f.shop.here(nil, append(args, "--attempts", "1")...)
		f.l.closing.Store(false)
		args = append(args, "(away)")
	case f.rng.IntN(3) == 0:
		f.holdAt(1 + f.rng.IntN(4))
		c := f.shop.start(args...)
		select {
		case <-f.held:
			c.kill()
			killed = true
		case <-c.ended:
		}
		within(f.t, "the server comes to rest", func() bool { return f.l.open.Load() == 0 })
		f.holdAt(0)
		args = append(args, "(killed)")
	default:
		f.shop.here(nil, args...)
	}
	f.said = append(f.said, strings.Join(args[7:], " "))
	f.mu.Lock()
	defer f.mu.Unlock()
	after := f.records()
	for form, replies := range f.arrived {
		f.look(form, before, after, replies[came[form]:], again, killed)
	}
	for form, r := range before { // what did not arrive is what it was, unless it was begun
		is := after[form].Outcome.Class
		if len(f.arrived[form]) == came[form] && is != r.Outcome.Class && !strings.HasPrefix(again, "--") && !(killed && is == batch.Unknown) {
			f.fail("%s was %s and is %s", form, r.Outcome.Class, is)
		}
	}
}

// look holds what arrived of an update by one command against the journal.
func (f *fate) look(form string, before, after map[string]batch.Record, replies []string, again string, killed bool) {
	if len(replies) == 0 {
		return
	}
	was, known := before[form]
	class, u := was.Outcome.Class, was.Update
	allowed := !known || class == batch.Unsent
	switch {
	case again == "resend":
		allowed = known && u.Status == batch.Sent && (class == batch.Unknown || class == batch.Unverified)
	case strings.HasPrefix(again, "--"):
		allowed = false
	case class == batch.Rejected:
		allowed = allowed || strings.Contains(again, "rejected")
	case class == batch.Confirmed:
		allowed = allowed || strings.Contains(again, "superseded") && !u.Status.Dated()
	}
	last := replies[len(replies)-1]
	refused := slices.ContainsFunc(replies[:len(replies)-1], func(how string) bool { return how != "429" })
	if !allowed || refused {
		f.fail("%s was %s and was sent: %v", form, class, replies)
	}
	is := after[form].Outcome.Class
	right := map[string]batch.Class{"yes": batch.Confirmed, "no": batch.Rejected, "429": class, "bad": batch.Unverified, "lost": batch.Unknown, "held": batch.Unknown}[last]
	if is != right && !(killed && is == batch.Unknown) {
		f.fail("%s was %s, was answered %v, and is %s", form, class, replies, is)
	}
	if n := after[form].Outcome.Attempts; n < len(f.arrived[form]) {
		f.fail("%s: %d attempts, and it came %d times", form, n, len(f.arrived[form]))
	}
}

func (f *fate) fail(format string, args ...any) {
	f.t.Helper()
	f.t.Errorf("seed %d: %s\n%s", f.seed, fmt.Sprintf(format, args...), strings.Join(f.said, "\n"))
}
