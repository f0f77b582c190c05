package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"billmark/batch"
	"billmark/batch/journal"
	"billmark/batch/sandbox"
	"billmark/signer"
)

// What this file holds is shared by the tests that kill, cut and fail: the
// program as a process of its own, a sandbox that knows the truth, and
// manifests whose right course of events is known.

// built is the program as it is shipped. It is built without the race
// detector, under which it would start too slowly to be killed often.
var built struct {
	once   sync.Once
	folder string
	path   string
	err    error
}

func program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "billmark-test-*"); built.err != nil {
			return
		}
		built.path = filepath.Join(built.folder, "billmark.exe") // the name does no harm elsewhere
		out, err := exec.Command("go", "build", "-race=false", "-o", built.path, ".").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("building the program: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// scale makes a test ten times as large for make torture.
func scale(n int) int {
	switch {
	case os.Getenv("BILLMARK_TORTURE") != "":
		return 10 * n
	case testing.Short():
		return max(1, n/10)
	}
	return n
}

const (
	shopAccount = "shop7"
	shopKey     = "a-key-for-tests-0123456789"
)

// shop is a folder with a journal, and a sandbox on loopback that remembers
// everything: the truth to hold the program against.
type shop struct {
	t       testing.TB
	sandbox *sandbox.Sandbox
	url     string
	folder  string
	journal string

	arrived atomic.Int64 // requests so far
	trap    atomic.Pointer[trap]
	open    atomic.Int64 // connections
}

// trap is what happens when a request comes in.
type trap struct {
	at     int64 // the request's number, of all
	onward bool  // and all after it
	late   bool  // when it was carried out, not when it arrived
	spring func()
}

func newShop(t testing.TB, latency time.Duration) *shop {
	t.Helper()
	return newBadShop(t, latency, nil)
}

// newBadShop is a shop whose sandbox misbehaves.
func newBadShop(t testing.TB, latency time.Duration, faults map[string]float64) *shop {
	t.Helper()
	account, err := signer.NewAccount(shopAccount, shopKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, folder: folder(t)}
	s.journal = filepath.Join(s.folder, "state", "shop7.journal")
	s.sandbox = sandbox.New(sandbox.Config{Account: account, Latency: latency, Jitter: latency / 2, Faults: faults, Seed: 1, Keep: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String() + "/api/"
	server := &http.Server{Handler: s, ConnState: s.count, ErrorLog: log.New(discard{}, "", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the sandbox stopped: %v", err)
		}
	})
	return s
}

// folder gives a folder in memory if there is such a thing, so that thousands
// of flushes take no time: to a killed process it is as good as a disk.
func folder(t testing.TB) string {
	if os.Getenv("BILLMARK_TORTURE") == "" {
		if path, err := os.MkdirTemp("/dev/shm", "billmark-test-*"); err == nil {
			t.Cleanup(func() { os.RemoveAll(path) })
			return path
		}
	}
	return t.TempDir()
}

// discard is a writer to nowhere.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (s *shop) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// ServeHTTP is the sandbox's, with the trap around it.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		return // see quiet
	}
	n := s.arrived.Add(1)
	trap := s.trap.Load()
	hit := trap != nil && (n == trap.at || n > trap.at && trap.onward)
	if hit && !trap.late {
		trap.spring()
	}
	s.sandbox.ServeHTTP(w, r)
	if hit && trap.late {
		trap.spring()
	}
}

// quiet waits until all that processes now dead have sent has been dealt with:
// a connection of ours is accepted after theirs, and then they all come to
// their end.
func (s *shop) quiet() {
	s.t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := c.Get(strings.TrimSuffix(s.url, "api/"))
	if err != nil {
		s.t.Fatal(err)
	}
	reply.Body.Close()
	for deadline := time.Now().Add(20 * time.Second); s.open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the sandbox does not come to rest")
		}
	}
}

// received gives the updates that arrived, for each order as they came.
func (s *shop) received() map[string][]string {
	got := map[string][]string{}
	for _, r := range s.sandbox.Requests() {
		if r.Function != "UpdateOrderStatus" || r.Form == "" {
			continue
		}
		bill, _, _ := strings.Cut(strings.TrimPrefix(r.Form, "bill_id="), "&")
		got[bill] = append(got[bill], r.Form)
	}
	return got
}

// updates counts the updates that arrived.
func (s *shop) updates() int {
	n := 0
	for _, forms := range s.received() {
		n += len(forms)
	}
	return n
}

// faults counts what the sandbox did wrong.
func (s *shop) faults() int {
	n := 0
	for _, times := range s.sandbox.Counts().Faults {
		n += times
	}
	return n
}

// child is a billmark at work.
type child struct {
	t        testing.TB
	cmd      *exec.Cmd
	out, err safeBuffer
	ended    chan struct{}
	code     int // -1: killed
}

// safeBuffer can be read while it is written.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// environment is what a child gets: nothing of ours but the key.
func (s *shop) environment() []string {
	var list []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "BILLMARK_") && !strings.HasPrefix(v, "TZ=") {
			list = append(list, v)
		}
	}
	return append(list, "BILLMARK_KEY="+shopKey, "TZ=UTC", "HOME="+s.folder)
}

// args completes a command line for this shop.
func (s *shop) args(command string, more ...string) []string {
	args := []string{command, "--account", shopAccount, "--api", s.url, "--journal", s.journal}
	if command == "run" || command == "settle" {
		args = append(args, "--rate", "0", "--timeout", "10s")
	}
	return append(args, more...)
}

// start starts the program as it is shipped.
func (s *shop) start(args ...string) *child {
	s.t.Helper()
	return s.begin(exec.Command(program(s.t), args...))
}

// startWrong starts a program in which something goes wrong; see misfortune.
func (s *shop) startWrong(wrong string, args ...string) *child {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(s.environment(), childVariable+"="+wrong)
	return s.begin(cmd)
}

func (s *shop) begin(cmd *exec.Cmd) *child {
	s.t.Helper()
	c := &child{t: s.t, cmd: cmd, ended: make(chan struct{})}
	if cmd.Env == nil {
		cmd.Env = s.environment()
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.folder, &c.out, &c.err
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		c.cmd.Wait() // what it says is in ProcessState
		c.code = c.cmd.ProcessState.ExitCode()
	}()
	return c
}

// kill ends the process as if it had never been asked, and waits for that.
func (c *child) kill() {
	c.cmd.Process.Kill() // it may have ended by itself
	<-c.ended
}

// hears waits until words stand on standard error.
func (c *child) hears(words string) {
	c.t.Helper()
	for range 10_000 {
		if strings.Contains(c.err.String(), words) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	c.t.Fatalf("%v does not say %q:\n%s", c.cmd.Args[1:], words, c.err.String())
}

// wait waits for the process's own end.
func (c *child) wait() int {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(2 * time.Minute):
		c.kill()
		c.t.Fatalf("%v does not end:\n%s", c.cmd.Args, c.err.String())
	}
	return c.code
}

// run runs the program to its end and expects one of the codes.
func (s *shop) run(codes string, args ...string) *child {
	s.t.Helper()
	return s.start(args...).expect(codes)
}

// here runs the program within this process, with something around its journal
// if wrap is not nil.
func (s *shop) here(wrap func(batch.Journal) batch.Journal, args ...string) (code int, out, err string) {
	if wrap != nil {
		old := seams.journal
		defer func() { seams.journal = old }()
		seams.journal = wrap
	}
	var o, e bytes.Buffer
	code = run(&console{
		in: strings.NewReader(""), out: &o, err: &e, leave: func(int) { panic("left") },
		env: func(name string) (string, bool) {
			v, ok := map[string]string{"BILLMARK_KEY": shopKey, "TZ": "UTC", "HOME": s.folder}[name]
			return v, ok
		},
	}, args)
	return code, o.String(), e.String()
}

// expect waits and expects one of the codes, like "0 4".
func (c *child) expect(codes string) *child {
	c.t.Helper()
	code := c.wait()
	if !strings.Contains(" "+codes+" ", fmt.Sprintf(" %d ", code)) {
		c.t.Fatalf("%v: exit code %d, want %s\n%s%s", c.cmd.Args[1:], code, codes, c.out.String(), c.err.String())
	}
	return c
}

// says expects words on standard error.
func (c *child) says(words ...string) *child {
	c.t.Helper()
	for _, w := range words {
		if !strings.Contains(c.err.String(), w) {
			c.t.Errorf("%v: standard error does not say %q:\n%s", c.cmd.Args[1:], w, c.err.String())
		}
	}
	return c
}

// records reads a copy of the journal, so that the next process finds what the
// last one left.
func (s *shop) records() []batch.Record {
	s.t.Helper()
	folder, err := os.MkdirTemp(s.folder, "copy-*")
	if err != nil {
		s.t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "copy.journal")
	for _, ending := range []string{"", "-wal", ".seen", ".tail"} {
		data, err := os.ReadFile(s.journal + ending)
		if errors.Is(err, os.ErrNotExist) {
			if ending == "" {
				return nil
			}
			continue
		}
		if err == nil {
			err = os.WriteFile(path+ending, data, 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	j, err := journal.Open(path, s.identity())
	if err != nil {
		s.t.Fatalf("a copy of the journal: %v", err)
	}
	defer j.Close()
	var list []batch.Record
	if err := j.Scan(func(r *batch.Record) error { list = append(list, *r); return nil }); err != nil {
		s.t.Fatalf("a copy of the journal: %v", err)
	}
	return list
}

func (s *shop) identity() journal.Identity {
	return journal.Identity{Account: shopAccount, API: s.url, DefaultZone: "UTC"}
}

// course is a set of orders and what should happen to each of them.
type course struct {
	rng   *rand.Rand
	bills []string
	rows  map[string][]string // of each order, as they stand in a manifest
	want  map[string][]string // the forms to be sent for each order, in order
	upTo  map[string][]int    // how many of them have been sent after each row
	total int
}

// newCourse invents orders with one to eight rows each: changes to and fro,
// repetitions, second and third occurrences.
func newCourse(rng *rand.Rand, rows int) *course {
	c := &course{rng: rng, rows: map[string][]string{}, want: map[string][]string{}, upTo: map[string][]int{}}
	for c.total < rows {
		bill := fmt.Sprint(100_001 + 1000*len(c.bills) + rng.IntN(400))
		c.bills = append(c.bills, bill)
		c.invent(bill, min(1+rng.IntN(8), rows-c.total))
	}
	return c
}

// invent makes the rows of one order. Which of them are the same update is
// worked out here from the words of the contract, not by the program's code.
func (c *course) invent(bill string, rows int) {
	seen := map[string]bool{}
	var last [2]string // of each pair, what its last new update made of the order
	for range rows {
		status := []string{"sent", "paid", "return", "cancel"}[c.rng.IntN(4)]
		date := fmt.Sprint(1_362_254_400 + c.rng.IntN(3)*86_400)
		row, form, pair, dated := bill+","+status+",,", "bill_id="+bill+"&status="+status, 0, true
		switch status {
		case "sent":
			rpo := fmt.Sprintf("RB%s%dHK", bill, c.rng.IntN(2))
			row, form, pair = fmt.Sprintf("%s,sent,%s,%s", bill, date, rpo), form+"&date="+date+"&rpo="+rpo, 1
		case "paid":
			row, form = bill+",paid,"+date+",", form+"&date="+date
		case "return":
			pair, dated = 1, false
		case "cancel":
			dated = false
		}
		c.rows[bill] = append(c.rows[bill], row)
		c.total++
		if !(dated && seen[form] || !dated && last[pair] == status) {
			seen[form], last[pair] = true, status
			c.want[bill] = append(c.want[bill], form)
		}
		c.upTo[bill] = append(c.upTo[bill], len(c.want[bill]))
	}
}

// updates counts what is to be sent.
func (c *course) updates() int {
	n := 0
	for _, forms := range c.want {
		n += len(forms)
	}
	return n
}

// manifest writes the rows in a new order, in which only those of one and the
// same bill keep theirs, and gives them as written.
func (c *course) manifest(t testing.TB, path string) []string {
	t.Helper()
	var deck []string
	for _, bill := range c.bills {
		for range c.rows[bill] {
			deck = append(deck, bill)
		}
	}
	if c.rng.IntN(2) == 0 { // all mixed, or whole bills in another order
		c.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	} else {
		c.rng.Shuffle(len(c.bills), func(i, j int) { c.bills[i], c.bills[j] = c.bills[j], c.bills[i] })
		deck = deck[:0]
		for _, bill := range c.bills {
			for range c.rows[bill] {
				deck = append(deck, bill)
			}
		}
	}
	next, rows := map[string]int{}, []string(nil)
	for _, bill := range deck {
		rows = append(rows, c.rows[bill][next[bill]])
		next[bill]++
	}
	text := "bill_id,status,date,rpo\n" + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return rows
}

// heldAgainst fails the test if any order was sent what it should not, or out
// of turn: what arrived must be the beginning of what should.
func (c *course) heldAgainst(t testing.TB, got map[string][]string) {
	t.Helper()
	for bill, forms := range got {
		want := c.want[bill]
		if len(forms) > len(want) || strings.Join(forms, "\n") != strings.Join(want[:len(forms)], "\n") {
			t.Fatalf("order %s was sent\n  %s\nand should have been sent\n  %s", bill, strings.Join(forms, "\n  "), strings.Join(want, "\n  "))
		}
	}
}
