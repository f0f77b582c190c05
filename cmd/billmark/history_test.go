package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"billmark/batch"
	"billmark/batch/journal"
)

// TestHistoryForeign: a journal is for one account, one API address and one
// time zone; with another one nothing is sent. Ways to write the same address
// are the same.
func TestHistoryForeign(t *testing.T) {
	s := newShop(t, 0)
	c := newCourse(rand.New(rand.NewPCG(1, 1)), 20)
	manifest := filepath.Join(s.folder, "orders.csv")
	c.manifest(t, manifest)
	s.run("0", s.args("run", manifest)...)
	c.bills = append(c.bills, "999999") // something to be sent
	c.rows["999999"], c.want["999999"] = []string{"999999,cancel,,"}, []string{"bill_id=999999&status=cancel"}
	c.manifest(t, manifest)
	before := s.arrived.Load()
	for _, x := range []struct {
		flag, value, words string
	}{
		{"--account", "shop8", `"shop8"`},
		{"--api", strings.Replace(s.url, "/api/", "/api2/", 1), "/api2/"},
		{"--api", strings.Replace(s.url, "127.0.0.1", "localhost", 1), "localhost"},
		{"--timezone", "Europe/Moscow", "Europe/Moscow"},
	} {
		for _, command := range []string{"run", "check", "report", "settle"} {
			args := append(s.args(command, manifest), x.flag, x.value)
			code, _, text := s.here(nil, args...)
			if code != exitStopped || !strings.Contains(text, x.words) || !strings.Contains(text, "nothing was sent") {
				t.Errorf("%s %s %s: code %d:\n%s", command, x.flag, x.value, code, text)
			}
		}
	}
	if n := s.arrived.Load() - before; n > 0 {
		t.Fatalf("%d requests were sent", n)
	}
	for _, same := range [][]string{{"--api", strings.TrimSuffix(s.url, "/")}, {"--timezone", "UTC"}} {
		if code, _, text := s.here(nil, append(s.args("run", manifest), same...)...); code != 0 {
			t.Errorf("%v: code %d:\n%s", same, code, text)
		}
	}
	if n := s.arrived.Load() - before; n != 1 {
		t.Errorf("%d requests were sent, not 1", n)
	}
}

// TestHistoryChanged gives the same command with a manifest that was changed
// since: only what is new is sent.
func TestHistoryChanged(t *testing.T) {
	const head, rows = "bill_id,status,date,rpo\n", "100001,paid,1362254400,\n100002,sent,1362254400,RB1HK\n100003,cancel,,\n100001,sent,1362340800,RB2HK\n"
	for _, x := range []struct {
		name, text string
		more       []string // flags
		sent       string
	}{
		{name: "the same", text: head + rows},
		{name: "turned round", text: head + "100001,sent,1362340800,RB2HK\n100003,cancel,,\n100002,sent,1362254400,RB1HK\n100001,paid,1362254400,\n"},
		{name: "a row taken out", text: head + strings.Replace(rows, "100003,cancel,,\n", "", 1)},
		{name: "each row twice", text: head + rows + rows},
		{name: "semicolons and CR LF", text: strings.NewReplacer(",", ";", "\n", "\r\n").Replace(head + rows)},
		{
			name: "other headers", text: "Nummer,Was,Wann,Wo\n" + rows,
			more: []string{"--column", "bill_id=Nummer", "--column", "status=Was", "--column", "date=Wann", "--column", "rpo=Wo"},
		},
		{name: "a column more, and dates as text", text: "note,bill_id,status,date,rpo\n" +
			"x,100001,paid,2013-03-02T20:00:00Z,\n,100002,sent,2013-03-02T20:00:00Z,RB1HK\n,100003,cancel,,\n,100001,sent,2013-03-03T20:00:00Z,RB2HK\n"},
		{name: "a row put on top", text: head + "100004,return,,\n" + rows, sent: "bill_id=100004&status=return"},
		{name: "another date", text: head + strings.Replace(rows, "paid,1362254400", "paid,1362254401", 1), sent: "bill_id=100001&status=paid&date=1362254401"},
		{name: "another number", text: head + strings.Replace(rows, "RB1", "RB3", 1), sent: "bill_id=100002&status=sent&date=1362254400&rpo=RB3HK"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newShop(t, 0)
			manifest := filepath.Join(s.folder, "orders.csv")
			for _, text := range []string{head + rows, x.text, x.text} {
				if err := os.WriteFile(manifest, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				var more []string
				if text == x.text {
					more = x.more
				}
				if code, _, words := s.here(nil, append(s.args("run", manifest), more...)...); code != 0 {
					t.Fatalf("code %d:\n%s", code, words)
				}
			}
			var sent []string
			for _, r := range s.sandbox.Requests()[4:] {
				sent = append(sent, r.Form)
			}
			if got := strings.Join(sent, " "); got != x.sent {
				t.Errorf("%q was sent, want %q", got, x.sent)
			}
		})
	}
}

// clockVariable names the folder of a shop for the process whose clock is wrong.
const clockVariable = "BILLMARK_TEST_CLOCK"

// TestHistoryClock sets the clock back by decades between two runs: what was
// sent is not sent again, what is new is sent, in its order, and an update in
// doubt is not called unsent because of it.
func TestHistoryClock(t *testing.T) {
	if command := os.Getenv(clockVariable); command != "" {
		wrongClock(t, strings.Fields(command))
		return
	}
	s := newShop(t, 0)
	manifest := filepath.Join(s.folder, "orders.csv")
	write := func(rows string) {
		if err := os.WriteFile(manifest, []byte("bill_id,status,date,rpo\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const first, second, doubtful = "100001,paid,1362254400,\n100002,cancel,,\n", "100001,cancel,,\n100003,return,,\n", "100004,paid,1362254400,\n"
	write(first)
	s.run("0", s.args("run", manifest)...)
	write(first + doubtful)
	s.startWrong("begun 1", s.args("run", manifest)...).expect("-1")
	s.quiet()
	write(first + second + doubtful)
	backThen := func(codes string, args ...string) *child {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, "-test.run=^TestHistoryClock$", "-test.v")
		cmd.Env = append(s.environment(), clockVariable+"="+strings.Join(args, " "))
		return s.begin(cmd).expect(codes)
	}
	backThen("4", s.args("settle", "--rate", "0")...)
	backThen("4", s.args("run", manifest)...)
	s.run("4", s.args("run", manifest)...)
	want := []string{
		"bill_id=100001&status=paid&date=1362254400", "bill_id=100002&status=cancel", "bill_id=100001&status=cancel", "bill_id=100003&status=return",
	}
	for _, bill := range []string{"100001", "100002", "100003", "100004"} {
		var due []string
		for _, form := range want {
			if strings.HasPrefix(form, "bill_id="+bill+"&") {
				due = append(due, form)
			}
		}
		if got := s.received()[bill]; strings.Join(got, " ") != strings.Join(due, " ") {
			t.Errorf("order %s was sent %q, want %q", bill, got, due)
		}
	}
	lines, err := readReport(filepath.Join(s.folder, "orders.report.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range []string{"confirmed", "confirmed", "confirmed", "confirmed", "unknown"} {
		finished := lines[i].cells[len(lines[i].cells)-1]
		if lines[i].outcome != outcome || strings.HasPrefix(finished, "2000-01-01T") != (i == 2 || i == 3) {
			t.Errorf("line %d of the report: %q", i+1, lines[i].cells)
		}
	}
}

// wrongClock runs the program in a bubble in which it is the year 2000.
func wrongClock(t *testing.T, args []string) {
	watch := make(chan os.Signal, 1)
	ossignal.Notify(watch, syscall.SIGTERM) // its goroutine must not be born in the bubble
	defer ossignal.Stop(watch)
	code := -1
	synctest.Test(t, func(*testing.T) {
		if time.Now().Year() != 2000 {
			t.Fatal("the clock is right")
		}
		code = run(&console{in: strings.NewReader(""), out: os.Stdout, err: os.Stderr, env: os.LookupEnv, leave: os.Exit}, args)
	})
	os.Exit(code)
}

// TestHistoryMemory measures the memory of check, and of a run that finds all
// confirmed, at 10,000 and at 1,000,000 rows: it must not grow with them. It
// takes minutes, so it is part of make torture only.
func TestHistoryMemory(t *testing.T) {
	if os.Getenv("BILLMARK_TORTURE") == "" {
		t.Skip("part of make torture")
	}
	const limit = 64 << 20
	program(t) // is built outside the time that is measured
	for _, rows := range []int{10_000, 1_000_000} {
		s := newShop(t, 0)
		manifest := filepath.Join(s.folder, "orders.csv")
		longHistory(t, s, manifest, rows)
		for _, command := range []string{"check", "run", "report"} {
			began := time.Now()
			c := s.start(s.args(command, "--json", manifest)...)
			peak := peakMemory(c)
			c.expect("0")
			took := time.Since(began).Round(10 * time.Millisecond)
			if !strings.Contains(c.out.String(), fmt.Sprintf(`"rows":%d,`, rows)) {
				t.Errorf("%s: %s", command, c.out.String())
			}
			t.Logf("billmark %s, %d rows, all confirmed: peak %.1f MiB, %v", command, rows, float64(peak)/(1<<20), took)
			if peak > limit {
				t.Errorf("%s took %d bytes for %d rows", command, peak, rows)
			}
		}
		if n := s.arrived.Load(); n > 0 {
			t.Errorf("%d requests were sent", n)
		}
	}
}

// longHistory writes a manifest and a journal that knows all of it.
func longHistory(t *testing.T, s *shop, manifest string, rows int) {
	j, err := journal.Open(s.journal, s.identity())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	run, err := j.StartRun(batch.Run{File: "orders.csv", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("bill_id,status,date,rpo\n")
	const workers = 512
	tasks := make(chan batch.Task)
	done := make(chan error, workers)
	for range workers {
		go func() {
			for task := range tasks {
				if err := j.Begin(run, task); err != nil {
					done <- err
					return
				}
				if err := j.End(run, task, batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Text: "ok", Finished: time.Now()}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for n := range rows {
		bill := uint64(100_000 + n)
		text = fmt.Appendf(text, "%d,paid,1362254400,\n", bill)
		select {
		case tasks <- batch.Task{Update: batch.Update{Bill: bill, Status: batch.Paid, Date: 1362254400}, Row: n + 1, Line: n + 2}:
		case err := <-done:
			t.Fatal(err)
		}
	}
	close(tasks)
	for range workers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(manifest, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
