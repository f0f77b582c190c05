package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

// progressOn begins a progress with a terminal of a width, or none if it is 0.
func progressOn(width, total int, change func(*settings)) (*progress, *glass, *strings.Builder) {
	g, b := newGlass(max(1, width)), &strings.Builder{}
	c := &console{err: b, env: func(string) (string, bool) { return "", false }}
	if width > 0 {
		c.err = &screen{out: g, width: func() int { return g.width }, moves: true}
	}
	d := newDesk(c, defaults())
	d.copy = &privateCopy{name: "shipping.csv"}
	if change != nil {
		change(d.s)
	}
	return d.progress(7, total), g, b
}

func (p *progress) did(n int, class batch.Class) {
	for range n {
		p.Done(batch.Task{}, batch.Outcome{Class: class})
	}
}

// TestProgressLine holds the line against its words at several widths.
func TestProgressLine(t *testing.T) {
	for _, tt := range []struct {
		width int
		lang  string
		want  string
	}{
		{120, "en", "10% [=>                  ]  20 of 200  18 confirmed  2 rejected  1.0/s  3 minutes left"},
		{80, "en", "20 of 200  18 confirmed  2 rejected  1.0/s  3 minutes left"},
		{58, "en", "20 of 200  18 confirmed  2 rejected  3 minutes left"},
		{50, "en", "20 of 200  2 rejected  3 minutes left"},
		{30, "en", "20 of 200  2 rejected"},
		{12, "en", "20 of 200"},
		{6, "en", "20 of"},
		{120, "ru", "10% [=>                  ]  20 из 200  18 выполнено  2 отказ  1.0/с  осталось 3 мин"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, g, _ := progressOn(tt.width, 200, func(s *settings) { s.lang = tt.lang })
			for range 18 {
				time.Sleep(time.Second)
				p.did(1, batch.Confirmed)
			}
			time.Sleep(2 * time.Second)
			p.did(2, batch.Rejected)
			time.Sleep(time.Millisecond)
			p.show(true)
			if got := g.text(); got != tt.want {
				t.Errorf("width %d:\n%s\nwant\n%s", tt.width, got, tt.want)
			}
			p.close()
		})
	}
}

// TestProgressWaits has the line say what it waits for, and go on.
func TestProgressWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, g, _ := progressOn(120, 100, nil)
		last := func() string {
			synctest.Wait()
			p.screen.mu.Lock()
			defer p.screen.mu.Unlock()
			return g.text()[strings.LastIndex(g.text(), "\n")+1:]
		}
		p.did(1, batch.Confirmed)
		time.Sleep(4500 * time.Millisecond)
		if !strings.Contains(last(), "waiting for its turn") {
			t.Errorf("after four quiet seconds: %q", last())
		}
		p.Waiting("the network: connection refused")
		if got := last(); !strings.HasSuffix(got, "waiting for the network  (connection refused)") || strings.Contains(got, "left") {
			t.Errorf("network away: %q", got)
		}
		p.Waiting("")
		p.did(1, batch.Confirmed)
		if strings.Contains(last(), "waiting") {
			t.Errorf("it goes on: %q", last())
		}
		p.Waiting("the API, which asked to slow down")
		if !strings.Contains(last(), "the API asks for a rest") {
			t.Errorf("slowed down: %q", last())
		}
		p.close()
	})
}

// TestProgressPiped has a line a minute where there is no terminal, and never
// a control character.
func TestProgressPiped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, b := progressOn(0, 1000, nil)
		time.Sleep(500 * time.Millisecond) // so that nothing is done on the minute
		for i := range 150 {
			time.Sleep(time.Second)
			p.did(1, batch.Confirmed)
			if i == 100 {
				p.Waiting("the network: it comes and goes")
				p.Waiting("")
				p.Waiting("the API, which asked to slow down")
				p.Waiting("")
				p.Waiting("the network: no route to host")
			}
			if i == 105 {
				p.Waiting("")
			}
		}
		p.close()
		want := "billmark: 59 of 1000 updates, 59 confirmed, 1.0/s, 16 minutes left\n" +
			"billmark: waiting for the network: no route to host\nbillmark: going on\n" +
			"billmark: 119 of 1000 updates, 119 confirmed, 1.0/s, 15 minutes left\n"
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestProgressStuck says after a minute that nothing is done yet, and why.
func TestProgressStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, b := progressOn(0, 10, nil)
		time.Sleep(61 * time.Second)
		p.close()
		if got, want := b.String(), "billmark: 0 of 10 updates, 0 confirmed, 10 seconds left, waiting for its turn\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestQuiet has nothing said.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, g, b := progressOn(100, 10, func(s *settings) { s.quiet = true })
		p.did(10, batch.Confirmed)
		p.Waiting("the network: gone")
		time.Sleep(2 * time.Minute)
		p.close()
		if g.text()+b.String() != "" {
			t.Errorf("got %q, %q", g.text(), b.String())
		}
	})
}

// TestTempo measures a steady pace, a resumed one and a stall.
func TestTempo(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	x := tempo{limit: 5}
	x.note(start, 0)
	if left, ok := x.left(start, 0, 300); !ok || left != time.Minute {
		t.Errorf("at the start the pace tells: %v, %v", left, ok)
	}
	for i := 1; i <= 300; i++ {
		x.note(at(float64(i)/4), i)
	}
	if rate := x.rate(at(75), 300); rate < 3.99 || rate > 4.01 {
		t.Errorf("steady: %v", rate)
	}
	if x.limit = 3; x.rate(at(75), 300) != 3 {
		t.Errorf("faster than the pace allows: %v", x.rate(at(75), 300))
	}
	x.limit = 5
	if left, ok := x.left(at(75), 300, 340); !ok || left.Round(time.Second) != 10*time.Second {
		t.Errorf("steady: %v left, %v", left, ok)
	}
	if rate := x.rate(at(135), 300); rate > 2.1 {
		t.Errorf("in a stall the rate sinks: %v", rate)
	}
	if _, ok := (&tempo{}).left(start, 0, 10); ok {
		t.Error("without limit and samples nobody can say")
	}
	if left, ok := x.left(at(76), 300, 300); !ok || left != 0 {
		t.Errorf("nothing left: %v, %v", left, ok)
	}
}

// TestPaceInWords uses the unit in which a pace is a handy number.
func TestPaceInWords(t *testing.T) {
	for rate, want := range map[float64]string{20000: "20000/s", 10: "10/s", 9.96: "10/s", 1: "1.0/s", 0.5: "0.5/s", 0.1: "6/min", 1.0 / 60: "1/min", 0.01: "36/h"} {
		if got := language("en").pace(rate); got != want {
			t.Errorf("%v: got %s, want %s", rate, got, want)
		}
	}
}

// TestStatusFile follows a status file through a run.
func TestStatusFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "status.json")
	read := func() (s status) {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return s
	}
	synctest.Test(t, func(t *testing.T) {
		p, _, _ := progressOn(0, 4, func(s *settings) { s.statusFile, s.account = path, "shop7" })
		first := read()
		want := status{
			State: "running", File: "shipping.csv", Account: "shop7", Run: 7, PID: os.Getpid(), Total: 4, SecondsLeft: new(4.0),
			StartedAt: first.UpdatedAt, UpdatedAt: first.UpdatedAt,
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("at the start: %s", diff)
		}
		p.did(1, batch.Confirmed)
		p.did(1, batch.Unknown)
		if got := read(); got.Done != 0 {
			t.Errorf("written more than once a second: %+v", got)
		}
		time.Sleep(1100 * time.Millisecond)
		if got := read(); got.Done != 2 || got.Confirmed != 1 || got.Unknown != 1 || got.WaitingFor != "" {
			t.Errorf("after a second: %+v", got)
		}
		p.Waiting("the network: gone")
		time.Sleep(time.Second)
		if got := read(); got.State != "waiting" || got.WaitingFor != waitNetwork || got.SecondsLeft != nil {
			t.Errorf("waiting: %+v", got)
		}
		p.close()
		p.status.end(exitDoubts, &summaryJSON{Rows: 4})
		if got := read(); got.State != "finished" || *got.Exit != exitDoubts || got.Summary.Rows != 4 || got.Done != 2 {
			t.Errorf("at the end: %+v", got)
		}
		p.status.end(exitInterrupted, nil)
		if got := read(); got.State != "stopped" || got.Summary != nil {
			t.Errorf("interrupted: %+v", got)
		}
	})
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something was left: %v", entries)
	}
}

// TestStatusFileLost warns once when the status can be written no more.
func TestStatusFileLost(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	var b strings.Builder
	f := &statusFile{path: filepath.Join(folder, "status.json"), err: &b}
	f.write(status{})
	f.write(status{})
	if got := b.String(); strings.Count(got, "warning: --status-file") != 1 {
		t.Errorf("got %q", got)
	}
}

// answering is a Poster that answers as told.
type answering struct {
	connect error
	status  int
	during  func()
}

func (a *answering) Connect(context.Context) error { a.during(); return a.connect }
func (a *answering) Close() error                  { return nil }
func (a *answering) Post(context.Context, string, []byte) (batch.Answer, error) {
	a.during()
	return batch.Answer{Status: a.status}, nil
}

// TestTraffic knows what nothing but time or the network can end.
func TestTraffic(t *testing.T) {
	var x traffic
	check := func(want string) func() {
		return func() {
			t.Helper()
			if got := x.waitingFor(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	check(waitPace)()
	for _, tt := range []struct {
		poster answering
		during string
		after  string
	}{
		{answering{connect: errors.New("refused")}, waitNetwork, waitRetry},
		{answering{}, waitNetwork, waitPace},
	} {
		tt.poster.during = check(tt.during)
		x.watch(&tt.poster).Connect(t.Context())
		check(tt.after)()
	}
	for _, tt := range []struct {
		status int
		after  string
	}{{http.StatusTooManyRequests, waitRetry}, {http.StatusOK, waitPace}} {
		x.watch(&answering{status: tt.status, during: check(waitReply)}).Post(t.Context(), "", nil)
		check(tt.after)()
	}
}
