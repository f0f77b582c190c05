package batch_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"billmark/batch"
)

// event is one row of a model manifest: a bill has only one number here, for
// bills do not touch each other.
type event struct {
	status batch.Status
	date   int64
}

func (e event) String() string {
	if e.status == 0 {
		return "invalid"
	}
	if e.date != 0 {
		return fmt.Sprintf("%s%d", e.status, e.date)
	}
	return e.status.String()
}

// service is a model of journal and API: what was sent, in order, and what
// became of it. It restates the rules in the plainest way, one send at a time,
// looking everything up anew: the executable form of the contract's words.
type service struct {
	class map[batch.Ask]batch.Class
	seq   map[batch.Ask]int64
	clock int64
	sends []batch.Ask
}

func newService() *service {
	return &service{class: map[batch.Ask]batch.Class{}, seq: map[batch.Ask]int64{}}
}

func (s *service) known() []batch.Known {
	var known []batch.Known
	for ask, class := range s.class {
		known = append(known, batch.Known{Ask: ask, Class: class, Seq: s.seq[ask]})
	}
	slices.SortFunc(known, func(a, b batch.Known) int { return int(a.Seq - b.Seq) })
	return known
}

// post sends an update; answer says what becomes of it.
func (s *service) post(ask batch.Ask, answer batch.Class) {
	s.sends = append(s.sends, ask)
	s.class[ask] = answer
	if answer == batch.Confirmed {
		s.clock++
		s.seq[ask] = s.clock
	}
}

// updates gives the distinct updates of a manifest in the order of their
// places, and the line of each.
func updates(manifest []event) (asks []batch.Ask, lines []int) {
	count := map[batch.Status]int{}
	for i, e := range manifest {
		if e.status == 0 {
			asks, lines = append(asks, batch.Ask{}), append(lines, i+1)
			continue
		}
		ask := batch.Ask{Status: e.status, Date: e.date}
		if !e.status.Dated() {
			ask.Occurrence = count[e.status]
			if last := lastOfPair(asks, e.status.Pair()); last.Status != e.status {
				count[e.status]++
				ask.Occurrence = count[e.status]
			}
		}
		if !slices.Contains(asks, ask) {
			asks, lines = append(asks, ask), append(lines, i+1)
		}
	}
	return asks, lines
}

func lastOfPair(asks []batch.Ask, pair batch.Pair) batch.Ask {
	for i := len(asks) - 1; i >= 0; i-- {
		if asks[i].Status != 0 && asks[i].Status.Pair() == pair {
			return asks[i]
		}
	}
	return batch.Ask{}
}

// newest gives the newest confirmed update of a pair, or the zero Ask.
func (s *service) newest(pair batch.Pair) (newest batch.Ask) {
	for ask, class := range s.class {
		if class == batch.Confirmed && ask.Status.Pair() == pair && s.seq[ask] > s.seq[newest] {
			newest = ask
		}
	}
	return newest
}

// what says what is to be done now with update i of the manifest, by the words
// of the contract: "send", or why not.
func (s *service) what(asks []batch.Ask, i int, again batch.Again) string {
	ask := asks[i]
	if ask.Status == 0 {
		return "invalid"
	}
	pair := ask.Status.Pair()
	class, known := s.class[ask]
	if known && (class == batch.Unknown || class == batch.Unverified) {
		return class.String()
	}
	want := func(word string, a batch.Again) string {
		if again&a == 0 {
			return word
		}
		return "send"
	}
	verdict := "send"
	switch {
	case known && class == batch.Confirmed:
		verdict = "confirmed"
		if !ask.Status.Dated() && s.newest(pair) != ask {
			listed := slices.ContainsFunc(asks[i+1:], func(a batch.Ask) bool {
				return a.Status != 0 && a.Status.Pair() == pair && s.class[a] == batch.Confirmed && s.seq[a] > s.seq[ask]
			})
			if !listed {
				verdict = want("superseded", batch.AgainSuperseded)
			}
		}
	case known && class == batch.Rejected:
		verdict = want("rejected", batch.AgainRejected)
	default:
		for _, c := range s.class {
			if c == batch.Unknown || c == batch.Unverified {
				return "held"
			}
		}
		var before batch.Ask
		for _, a := range asks[:i] {
			if a.Status != 0 && a.Status.Pair() == pair && s.class[a] == batch.Confirmed {
				before = a
			}
		}
		after := slices.ContainsFunc(asks[i+1:], func(a batch.Ask) bool {
			return a.Status != 0 && a.Status.Pair() == pair && s.class[a] == batch.Confirmed
		})
		switch {
		case after:
			verdict = want("late", batch.AgainLate)
		case before.Status != 0 && s.newest(pair) != before:
			verdict = want("stale", batch.AgainStale)
		}
	}
	if verdict != "send" {
		return verdict
	}
	for _, c := range s.class {
		if c == batch.Unknown || c == batch.Unverified {
			return held(class)
		}
	}
	for j := range i { // whatever did not get its way holds the later ones
		switch s.what(asks, j, again) {
		case "confirmed", "send", "unknown", "unverified":
		default:
			return held(class)
		}
	}
	return "send"
}

// held is the word for an update that must wait: the API's no stays a no.
func held(class batch.Class) string {
	if class == batch.Rejected {
		return "rejected"
	}
	return "held"
}

// word puts a verdict of Decide into the model's words.
func word(v batch.Verdict, known []batch.Known) string {
	switch {
	case v.Send:
		return "send"
	case v.Class != batch.Unsent:
		return v.Class.String()
	}
	switch v.Reason {
	case batch.ReasonLate:
		return "late"
	case batch.ReasonStale:
		return "stale"
	case batch.ReasonSuperseded:
		return "superseded"
	}
	return "held"
}

// decide runs Decide over a model manifest and gives a verdict per distinct
// update.
func (s *service) decide(manifest []event, again batch.Again) ([]batch.Verdict, []batch.Ask) {
	items := make([]batch.Item, len(manifest))
	for i, e := range manifest {
		items[i] = batch.Item{Line: i + 1, Ask: batch.Ask{Status: e.status, Date: e.date}}
	}
	all := (&batch.Decider{Again: again}).Decide(items, s.known())
	var verdicts []batch.Verdict
	var asks []batch.Ask
	for i, v := range all {
		if v.First == i {
			ask := items[i].Ask
			ask.Occurrence = v.Occurrence
			verdicts, asks = append(verdicts, v), append(asks, ask)
		}
	}
	return verdicts, asks
}

// run carries out what Decide says, in order, and stops after limit sends; the
// answers come from reply. It reports whether it was cut.
func (s *service) run(manifest []event, again batch.Again, limit int, reply func(batch.Ask) batch.Class) bool {
	verdicts, asks := s.decide(manifest, again)
	for i, v := range verdicts {
		if !v.Send {
			continue
		}
		if limit == 0 {
			return true
		}
		limit--
		answer := reply(asks[i])
		s.post(asks[i], answer)
		if answer != batch.Confirmed {
			return false // the rest of the bill is held
		}
	}
	return false
}

var alphabet = []event{
	{batch.Paid, 1}, {batch.Paid, 2}, {batch.Cancel, 0}, {batch.Sent, 1}, {batch.Return, 0}, {},
}

func manifests(length int, alphabet []event) [][]event {
	all := [][]event{nil}
	for range length {
		var longer [][]event
		for _, m := range all {
			for _, e := range alphabet {
				longer = append(longer, append(slices.Clone(m), e))
			}
		}
		all = longer
	}
	return all
}

func yes(batch.Ask) batch.Class { return batch.Confirmed }

// TestDecideAgainstModel holds Decide against the plain restatement of the
// rules, over random histories of four manifests with every kind of reply and
// every choice of Again.
func TestDecideAgainstModel(t *testing.T) {
	rounds := 40_000
	if testing.Short() {
		rounds = 2_000
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		s := newService()
		var history [][]event
		for range 4 {
			m := randomManifest(rng, 6)
			history = append(history, m)
			again := batch.Again(0)
			if rng.IntN(3) == 0 {
				again = batch.Again(rng.IntN(16))
			}
			compareWithModel(t, seed, history, s, m, again)
			s.run(m, again, rng.IntN(8), func(batch.Ask) batch.Class {
				return []batch.Class{
					batch.Confirmed, batch.Confirmed, batch.Confirmed, batch.Confirmed,
					batch.Rejected, batch.Unsent, batch.Unknown, batch.Unverified,
				}[rng.IntN(8)]
			})
			if rng.IntN(2) == 0 {
				s.settle(rng)
			}
			compareWithModel(t, seed, history, s, m, again)
		}
	}
}

func randomManifest(rng *rand.Rand, longest int) []event {
	m := make([]event, rng.IntN(longest)+1)
	for i := range m {
		m[i] = alphabet[rng.IntN(len(alphabet))]
		if m[i].status == 0 && rng.IntN(3) > 0 {
			m[i] = alphabet[0]
		}
	}
	return m
}

func (s *service) settle(rng *rand.Rand) {
	for _, k := range s.known() {
		if k.Class == batch.Unknown || k.Class == batch.Unverified {
			s.class[k.Ask] = batch.Unsent
			if rng.IntN(2) == 0 {
				s.clock++
				s.class[k.Ask], s.seq[k.Ask] = batch.Confirmed, s.clock
			}
		}
	}
}

// compareWithModel walks through the manifest: at each update Decide must say
// what the model says once all earlier ones have been carried out.
func compareWithModel(t *testing.T, seed int, history [][]event, s *service, m []event, again batch.Again) {
	t.Helper()
	verdicts, asks := s.decide(m, again)
	modelAsks, lines := updates(m)
	if !slices.Equal(asks, modelAsks) {
		t.Fatalf("seed %d: %v: distinct updates %v, want %v", seed, m, asks, modelAsks)
	}
	trial := &service{class: map[batch.Ask]batch.Class{}, seq: map[batch.Ask]int64{}, clock: s.clock}
	for a, c := range s.class {
		trial.class[a], trial.seq[a] = c, s.seq[a]
	}
	for i, v := range verdicts {
		got, want := word(v, nil), trial.what(asks, i, again)
		if got != want {
			t.Fatalf("seed %d: history %v, again %q: %v at line %d of %v: got %s, want %s",
				seed, history, again, asks[i], lines[i], m, got, want)
		}
		if want == "send" {
			trial.post(asks[i], batch.Confirmed)
		}
	}
}

// TestDecideEveryHistory goes through every history of four manifests of up
// to two changes each in one pair, and every history of two manifests of up to
// three: nothing is sent twice, the same file again sends nothing, and a run
// that is cut after any send and resumed ends as the uncut one.
func TestDecideEveryHistory(t *testing.T) {
	small := alphabet[:3]
	one := append(manifests(1, small), manifests(2, small)...)
	three := append(slices.Clone(one), manifests(3, small)...)
	everyHistory(t, [][]event{}, one, 4)
	if !testing.Short() {
		everyHistory(t, [][]event{}, three, 2)
		everyHistory(t, [][]event{}, append(manifests(1, alphabet[:5]), manifests(2, alphabet[:5])...), 3)
	}
}

func everyHistory(t *testing.T, history, choices [][]event, depth int) {
	if depth == 0 {
		checkHistory(t, history)
		return
	}
	for _, m := range choices {
		everyHistory(t, append(slices.Clone(history), m), choices, depth-1)
	}
}

func checkHistory(t *testing.T, history [][]event) {
	t.Helper()
	s := newService()
	for _, m := range history {
		cut := newService()
		cut.sends = slices.Clone(s.sends)
		cut.clock = s.clock
		for a, c := range s.class {
			cut.class[a], cut.seq[a] = c, s.seq[a]
		}
		s.run(m, 0, -1, yes)
		for cut.run(m, 0, 1, yes) {
		}
		if !slices.Equal(cut.sends, s.sends) {
			t.Fatalf("history %v: cut after every send and resumed: sent %v, uncut %v", history, cut.sends, s.sends)
		}
		n := len(s.sends)
		if s.run(m, 0, -1, yes); len(s.sends) != n {
			t.Fatalf("history %v: the same file again sent %v", history, s.sends[n:])
		}
	}
	once := map[batch.Ask]bool{}
	for _, a := range s.sends {
		if once[a] {
			t.Fatalf("history %v: sent twice: %v in %v", history, a, s.sends)
		}
		once[a] = true
	}
}

// TestDecideLargeBill: one bill in a million rows must not take a million
// squared.
func TestDecideLargeBill(t *testing.T) {
	const n = 300_000
	items := make([]batch.Item, n)
	known := make([]batch.Known, n)
	for i := range items {
		ask := batch.Ask{Status: batch.Paid, Date: int64(i + 1)}
		items[i] = batch.Item{Line: i + 2, Ask: ask}
		known[i] = batch.Known{Ask: ask, Class: batch.Confirmed, Seq: int64(i + 1)}
	}
	for i, v := range new(batch.Decider).Decide(items, known) {
		if v.Class != batch.Confirmed || (v.Later == 0) != (i == n-1) {
			t.Fatalf("item %d: %+v", i, v)
		}
	}
}

func TestDecideWords(t *testing.T) {
	ask := func(status batch.Status, date int64) batch.Ask { return batch.Ask{Status: status, Date: date} }
	paid, cancel := ask(batch.Paid, 1), batch.Ask{Status: batch.Cancel, Occurrence: 1}
	tests := []struct {
		name  string
		items []batch.Item
		known []batch.Known
		at    int
		want  batch.Verdict
	}{
		{
			"held behind an invalid row",
			[]batch.Item{{Line: 5}, {Line: 9, Ask: paid}},
			nil, 1,
			batch.Verdict{Reason: batch.ReasonHeld, Line: 5, Known: -1, First: 1},
		},
		{
			"held behind a doubt of this manifest, also before it",
			[]batch.Item{{Line: 2, Ask: ask(batch.Sent, 4)}, {Line: 3, Ask: paid}},
			[]batch.Known{{Ask: paid, Class: batch.Unknown}},
			0,
			batch.Verdict{Reason: batch.ReasonHeld, Line: 3, Known: -1, First: 0},
		},
		{
			"held behind a doubt elsewhere",
			[]batch.Item{{Line: 2, Ask: ask(batch.Sent, 4)}},
			[]batch.Known{{Ask: paid, Class: batch.Unverified}},
			0,
			batch.Verdict{Reason: batch.ReasonHeldElsewhere, Known: -1, First: 0},
		},
		{
			"late names the confirmed line",
			[]batch.Item{{Line: 2, Ask: ask(batch.Paid, 7)}, {Line: 6, Ask: paid}},
			[]batch.Known{{Ask: paid, Class: batch.Confirmed, Seq: 3}},
			0,
			batch.Verdict{Reason: batch.ReasonLate, Line: 6, Known: -1, First: 0},
		},
		{
			"a confirmed payment names the later change",
			[]batch.Item{{Line: 2, Ask: paid}},
			[]batch.Known{{Ask: paid, Class: batch.Confirmed, Seq: 3}, {Ask: cancel, Class: batch.Confirmed, Seq: 8}},
			0,
			batch.Verdict{Class: batch.Confirmed, Later: batch.Cancel, Known: 0, First: 0},
		},
		{
			"a row that waits for one tried in vain",
			[]batch.Item{{Line: 2, Ask: paid}, {Line: 3, Ask: ask(batch.Cancel, 0)}},
			[]batch.Known{{Ask: paid, Class: batch.Unsent}},
			1,
			batch.Verdict{Send: true, Reason: batch.ReasonHeld, Line: 2, Known: -1, First: 1, Occurrence: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := new(batch.Decider).Decide(tt.items, tt.known)[tt.at]; got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestParseAgain(t *testing.T) {
	for _, list := range []string{"", "rejected", "late,stale", "rejected,late,stale,superseded"} {
		a, err := batch.ParseAgain(list)
		if err != nil || a.String() != list {
			t.Errorf("ParseAgain(%q) = %q, %v", list, a, err)
		}
	}
	if _, err := batch.ParseAgain("rejected,often"); err == nil {
		t.Error("ParseAgain accepted a word it does not know")
	}
}

func BenchmarkDecideOneRow(b *testing.B) {
	items := []batch.Item{{Line: 2, Ask: batch.Ask{Status: batch.Paid, Date: 1}}}
	known := []batch.Known{{Ask: items[0].Ask, Class: batch.Confirmed, Seq: 1}}
	var d batch.Decider
	b.ReportAllocs()
	for b.Loop() {
		d.Decide(items, known)
	}
}
