package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"billmark/batch"
	"billmark/batch/sandbox"
)

// audited is a run over a wire that goes wrong.
type audited struct {
	name          string
	rows, workers int
	secure        bool
	once          bool // every connection carries one exchange
	always        bool // also, on a small scale, in the ordinary tests
	timeout       time.Duration
	entry, wire   map[string]float64 // see badWire
	faults        map[string]float64 // the sandbox's own
}

// What goes wrong. A silence costs a worker the whole timeout, so it is rare;
// and a handshake that fails has all workers wait until a probe gets through.
var (
	usualFaults = map[string]float64{
		"500": .008, "502": .008, "503": .008, "429": .0002, "drop": .01, "refuse": .005, "slow": .0005,
		"badhash": .008, "html": .008, "cut": .008, "reset": .008,
	}
	usualWire = map[string]float64{
		"delayed": .01, "sliced": .02, "narrow": .005, "cut": .01, "torn": .01, "closed": .02, "closed late": .02, "reset late": .01,
		"reset before": .01, "reset after": .01, "ended after": .01, "half closed": .005, "silent": .001, "429": .004,
	}
	strayWire    = with(usualWire, "stray", .0001, "stray late", .0001, "doubled", .0001)
	freshWire    = with(usualWire, "stray", .01, "stray late", .01, "doubled", .01, "doubled late", .01)
	usualEntry   = map[string]float64{"refused": .02}
	secureEntry  = map[string]float64{"refused": .001, "torn handshake": .001, "deaf": .0005}
	foulWire     = with(freshWire, "cut", .05, "torn", .05, "reset before", .05, "reset after", .05, "ended after", .05, "429", .02)
	quickTimeout = 300 * time.Millisecond
)

func with(shares map[string]float64, more ...any) map[string]float64 {
	all := maps.Clone(shares)
	for i := 0; i < len(more); i += 2 {
		all[more[i].(string)] = more[i+1].(float64)
	}
	return all
}

// audits are what make audit runs.
var audits = []audited{
	{"plain, reused, 1 worker", 8_000, 1, false, false, false, quickTimeout, usualEntry, usualWire, usualFaults},
	{"plain, reused, 16 workers", 40_000, 16, false, false, true, quickTimeout, usualEntry, usualWire, usualFaults},
	{"plain, reused, 64 workers", 50_000, 64, false, false, false, time.Second, usualEntry, usualWire, usualFaults},
	{"plain, reused until strays come, 16 workers", 16_000, 16, false, false, true, quickTimeout, usualEntry, strayWire, usualFaults},
	{"plain, fresh, 1 worker", 4_000, 1, false, true, false, quickTimeout, usualEntry, freshWire, usualFaults},
	{"plain, fresh, 16 workers", 20_000, 16, false, true, false, quickTimeout, usualEntry, freshWire, usualFaults},
	{"plain, fresh, 64 workers, foul", 20_000, 64, false, true, true, time.Second, usualEntry, foulWire, usualFaults},
	{"TLS, reused, 1 worker", 3_000, 1, true, false, true, quickTimeout, secureEntry, usualWire, usualFaults},
	{"TLS, reused, 16 workers", 16_000, 16, true, false, false, time.Second, secureEntry, strayWire, usualFaults},
	{"TLS, reused, 64 workers", 16_000, 64, true, false, false, time.Second, secureEntry, usualWire, usualFaults},
	{"TLS, fresh, 16 workers", 6_000, 16, true, true, true, time.Second, secureEntry, freshWire, usualFaults},
	{"TLS, fresh, 64 workers, foul", 6_000, 64, true, true, false, 2 * time.Second, secureEntry, foulWire, usualFaults},
}

// TestAudit holds every row's verdict against what the server knows to be
// true, over a wire that goes wrong in every way: what is called unsent was not
// carried out, what is called confirmed was, nothing arrived twice but after a
// 429, and every row has one outcome.
func TestAudit(t *testing.T) {
	whole := os.Getenv("BILLMARK_AUDIT") != ""
	var all tally
	for i, a := range audits {
		if !whole {
			if !a.always {
				continue
			}
			a.rows = 500
		}
		t.Run(a.name, func(t *testing.T) {
			start := time.Now()
			found := a.run(t, uint64(i))
			t.Logf("%.1fs: %s", time.Since(start).Seconds(), &found)
			all.add(&found)
		})
	}
	t.Logf("in all: %s", &all)
	if all.appliedInDoubt == 0 || all.outcomes["unknown"] == 0 || all.outcomes["unverified"] == 0 || all.outcomes["rejected"] == 0 {
		t.Error("too little went wrong to show anything")
	}
}

// tally is what audits counted.
type tally struct {
	rows, requests, arrived, connections, runs, applied, appliedInDoubt int
	outcomes, appliedOf, played                                         map[string]int
}

func (a *tally) add(b *tally) {
	a.rows += b.rows
	a.requests += b.requests
	a.arrived += b.arrived
	a.connections += b.connections
	a.runs += b.runs
	a.applied += b.applied
	a.appliedInDoubt += b.appliedInDoubt
	for _, pair := range [][2]*map[string]int{{&a.outcomes, &b.outcomes}, {&a.appliedOf, &b.appliedOf}, {&a.played, &b.played}} {
		if *pair[0] == nil {
			*pair[0] = map[string]int{}
		}
		for k, n := range *pair[1] {
			(*pair[0])[k] += n
		}
	}
}

func (a *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, %d requests (%d came whole) on %d connections in %d runs:", a.rows, a.requests, a.arrived, a.connections, a.runs)
	for _, class := range batch.Classes {
		if n := a.outcomes[class.String()]; n > 0 {
			fmt.Fprintf(&b, " %d %s (%d carried out),", n, class, a.appliedOf[class.String()])
		}
	}
	went := 0
	for _, n := range a.played {
		went += n
	}
	fmt.Fprintf(&b, " %d times something went wrong in %d ways", went, len(a.played))
	return b.String()
}

// run runs one audit.
func (a *audited) run(t *testing.T, seed uint64) tally {
	s := newBadShop(t, 0, a.faults)
	back, rest := listenBehind(t, s.sandbox)
	var more []string
	w := (*badWire)(nil)
	if a.secure {
		roots := filepath.Join(s.folder, "roots.pem")
		w = newBadWire(t, back, ownCertificate(t, roots), a.entry, a.wire, 2*a.timeout)
		more = append(more, "--ca-file", roots)
	} else {
		w = newBadWire(t, back, nil, a.entry, a.wire, 2*a.timeout)
	}
	s.url = w.url()
	if a.once {
		old := seams.poster
		defer func() { seams.poster = old }()
		seams.poster = func(p batch.Poster) batch.Poster { return onceOnly{p} }
	}
	manifest, reported := filepath.Join(s.folder, "orders.csv"), filepath.Join(s.folder, "r.jsonl")
	rows := auditRows(rand.New(rand.NewPCG(seed, 12)), a.rows)
	write(t, manifest, "bill_id,status,date,rpo\n"+strings.Join(rows, "\n")+"\n")
	args := s.args("run", append(more, "--json", "--yes", "--timeout", a.timeout.String(), "--workers", fmt.Sprint(a.workers),
		"--max-failures", "100%", "--report", reported, manifest)...)
	var found tally
	for whole := 0; whole < 2; found.runs++ { // once more when all is done: it changes nothing but what is unsent
		code, out, text := s.here(nil, args...)
		if code != exitStopped && code != exitFailures && code != exitDoubts && code != exitDone || found.runs > 30 {
			t.Fatalf("exit code %d in run %d:\n%s", code, found.runs, text)
		}
		var sum summaryJSON
		if err := json.Unmarshal([]byte(out), &sum); err != nil {
			t.Fatalf("%v: %s%s", err, out, text)
		}
		found.requests += sum.Requests
		if code != exitStopped {
			whole++
		}
	}
	w.stop()
	rest()
	a.hold(t, &found, rows, readLines(t, reported), w, s.sandbox)
	return found
}

// onceOnly never uses a connection twice, as it is at an everyday pace.
type onceOnly struct{ batch.Poster }

func (o onceOnly) Post(ctx context.Context, function string, body []byte) (batch.Answer, error) {
	answer, err := o.Poster.Post(ctx, function, body)
	o.Poster.Close()
	return answer, err
}

// listenBehind serves a sandbox, until rest, after which it changes no more.
func listenBehind(t *testing.T, s *sandbox.Sandbox) (address string, rest func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sandbox.Serve(ctx, l, s) }()
	t.Cleanup(cancel)
	return l.Addr().String(), func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the sandbox: %v", err)
		}
	}
}

// auditRows invents orders of one to four rows, no two of which ask the same,
// but for a few that are repeated as they are. Some orders do not exist.
func auditRows(rng *rand.Rand, n int) []string {
	var rows []string
	for bill := 100_201; len(rows) < n; bill++ {
		templates := []string{"%d,paid,1362254400,", "%d,sent,1362254400,RB1HK", "%d,cancel,,", "%d,return,,", "%d,paid,1362340800,", "%d,sent,1362340800,RB2HK"}
		rng.Shuffle(len(templates), func(i, j int) { templates[i], templates[j] = templates[j], templates[i] })
		many := 1
		if rng.IntN(5) == 0 {
			many = 2 + rng.IntN(3)
		}
		for _, text := range templates[:many] {
			rows = append(rows, fmt.Sprintf(text, bill))
			if rng.IntN(50) == 0 && (strings.Contains(text, "paid") || strings.Contains(text, "sent")) {
				rows = append(rows, rows[len(rows)-1])
			}
		}
	}
	return rows[:n]
}

// formOf is what a row asks for, by the words of the contract.
func formOf(row string) string {
	f := strings.Split(row, ",")
	form := "bill_id=" + f[0] + "&status=" + f[1]
	switch f[1] {
	case "paid":
		form += "&date=" + f[2]
	case "sent":
		form += "&date=" + f[2] + "&rpo=" + f[3]
	}
	return form
}

// reportedRow is a line of a .jsonl report.
type reportedRow struct {
	Line                                 int
	Result, Outcome, Code, Message, Sent string
	Attempts                             int
	Cells                                [][2]string
}

func readLines(t *testing.T, path string) []reportedRow {
	t.Helper()
	var list []reportedRow
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var r reportedRow
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the first is about all
			list = append(list, r)
		}
	}
	return list
}

// hold holds the verdicts against the truth.
func (a *audited) hold(t *testing.T, found *tally, rows []string, report []reportedRow, w *badWire, s *sandbox.Sandbox) {
	t.Helper()
	applied := map[string]int{}
	for _, r := range s.Requests() {
		if r.Applied {
			applied[r.Form]++
			found.applied++
		}
	}
	found.rows, found.connections, found.played = len(rows), int(w.accepted), w.played
	for kind, n := range s.Counts().Faults {
		found.played["sandbox: "+kind] += n
	}
	found.outcomes, found.appliedOf = map[string]int{}, map[string]int{}
	if len(report) != len(rows) {
		t.Fatalf("%d rows and %d lines in the report", len(rows), len(report))
	}
	held := map[string]bool{}
	for i, row := range rows {
		r, form := report[i], formOf(row)
		found.outcomes[r.Outcome]++
		if applied[form] > 0 {
			found.appliedOf[r.Outcome]++
		}
		if r.Outcome == "unknown" || r.Outcome == "unverified" {
			found.appliedInDoubt += applied[form]
		}
		held[form] = true
		if wrong := wrongVerdict(r, i+2, form, applied[form], w.seen[form]); wrong != "" {
			t.Errorf("line %d, %s: %s: %+v; carried out %d times, came %v (true: told 429)", i+2, form, wrong, r, applied[form], w.seen[form])
		}
	}
	for form, came := range w.seen {
		found.arrived += len(came)
		if !held[form] {
			t.Errorf("%s was sent, and no row asks for it", form)
		}
	}
	if w.begun > found.requests {
		t.Errorf("%d requests were begun at the server, and %d by the program's account", w.begun, found.requests)
	}
	for _, kind := range slices.Sorted(maps.Keys(a.wire)) {
		if share := a.wire[kind]; share*float64(len(rows)) > 20 && w.played[kind] == 0 {
			t.Errorf("%q never happened", kind)
		}
	}
}

// wrongVerdict says what is wrong with the verdict on a row.
func wrongVerdict(r reportedRow, line int, form string, applied int, came []bool) string {
	last := len(came) - 1
	switch {
	case r.Line != line:
		return "another line is reported"
	case len(came) > 0 && slices.Contains(came[:last], false):
		return "sent again without a 429"
	case r.Attempts < len(came):
		return "more requests came than were counted"
	case applied > 1:
		return "carried out twice"
	case r.Sent != form && len(came) > 0:
		return "the report shows another form"
	}
	switch r.Outcome {
	case "confirmed":
		if applied != 1 {
			return "confirmed, and not carried out"
		}
	case "rejected":
		if applied != 0 || last < 0 || came[last] || r.Code != "200" {
			return "rejected, and nobody did so"
		}
	case "unsent":
		if applied != 0 || last >= 0 && !came[last] {
			return "unsent, and it came"
		}
	case "unknown", "unverified":
		if r.Attempts == 0 {
			return "in doubt without a request"
		}
	default:
		return "no outcome that it can have"
	}
	return ""
}
