package batch_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"billmark/batch"
)

// stub is a service that answers requests as a test wants it: told the number of the request,
// from 1, it gives the reply. A request takes 100 ms.
type stub struct {
	w       *world
	connect func(n int) error
	answer  func(n int) (batch.Answer, error)

	mu       sync.Mutex
	dialled  int
	requests int
	at       []time.Duration // when each request came
	began    time.Time
	flying   int
	ended    batch.Ended
	most     []int // requests in flight when each came, itself included
}

type stubWire struct {
	s     *stub
	stand bool
}

func (p *stubWire) Close() error { return nil }

func (p *stubWire) Connect(ctx context.Context) error {
	if p.stand {
		return nil
	}
	p.s.mu.Lock()
	p.s.dialled++
	n := p.s.dialled
	p.s.mu.Unlock()
	if ctx.Err() != nil {
		return &batch.PostError{Reason: batch.ReasonStopped, Err: ctx.Err()}
	}
	if p.s.connect != nil {
		if err := p.s.connect(n); err != nil {
			return err
		}
	}
	p.stand = true
	return nil
}

func (p *stubWire) Post(context.Context, string, []byte) (batch.Answer, error) {
	s := p.s
	s.mu.Lock()
	s.requests++
	n := s.requests
	s.flying++
	s.at = append(s.at, time.Since(s.began))
	s.most = append(s.most, s.flying)
	s.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	a, err := s.answer(n)
	s.mu.Lock()
	s.flying--
	s.mu.Unlock()
	if err != nil {
		p.stand = false
	}
	return a, err
}

// bills are tasks of n different bills.
func bills(n int) []batch.Task {
	var tasks []batch.Task
	for i := range n {
		tasks = append(tasks, batch.Task{Row: i + 1, Line: i + 2, Update: batch.Update{Bill: uint64(i + 1), Status: batch.Paid, Date: 1_600_000_000}})
	}
	return tasks
}

// run runs tasks against the stub and counts the outcomes by class.
func (s *stub) run(ctx context.Context, tasks []batch.Task, change func(*batch.Job)) (map[batch.Class]int, error) {
	s.began = time.Now()
	job := s.w.job(tasks, 8)
	job.Open = func() batch.Poster { return &stubWire{s: s} }
	if change != nil {
		change(job)
	}
	ended, err := job.Run(ctx)
	s.ended = ended
	counts := map[batch.Class]int{}
	for _, r := range s.w.journal.records {
		counts[r.Outcome.Class]++
	}
	return counts, err
}

var (
	unverified = batch.Answer{Status: 200, Body: []byte(`{"error_code":0,"error_text":"ok","hash":"00000000000000000000000000000000"}`)}
	noReply    = &batch.PostError{Reason: batch.ReasonNoReply, Err: errors.New("no reply")}
	noWay      = &batch.PostError{Reason: batch.ReasonConnect, Err: errors.New("connection refused")}
)

// TestStops: when a run stops by itself, and what was sent until then.
func TestStops(t *testing.T) {
	tests := []struct {
		name     string
		tasks    int
		connect  func(n int) error
		answer   func(w *world, n int) (batch.Answer, error)
		change   func(*batch.Job)
		want     batch.StopReason // 0: none
		requests [2]int           // at least and at most
		counted  int              // by the job; 0: all of them, -1: none
		dials    int              // if not 0
		line     int              // of the stop, if not 0
		counts   map[batch.Class]int
	}{
		{
			name: "a wrong key stops at the first, which goes alone", tasks: 50,
			answer: func(*world, int) (batch.Answer, error) {
				return batch.Answer{Status: 200, Body: []byte(`{"error_code":5,"error_text":"no such login","hash":"00000000000000000000000000000000"}`)}, nil
			},
			want: batch.StopAccount, requests: [2]int{1, 1}, counts: map[batch.Class]int{batch.Unsent: 1},
		},
		{
			name: "an account that is disabled meanwhile", tasks: 50,
			answer: func(w *world, n int) (batch.Answer, error) {
				if n < 20 {
					return w.reply("0", "ok"), nil
				}
				return w.reply("7", "disabled"), nil
			},
			want: batch.StopAccount, requests: [2]int{20, 28},
		},
		{
			name: "another account-wide code needs a right hash", tasks: 3,
			answer: func(*world, int) (batch.Answer, error) {
				return batch.Answer{Status: 200, Body: []byte(`{"error_code":7,"error_text":"disabled","hash":"00000000000000000000000000000000"}`)}, nil
			},
			requests: [2]int{3, 3}, counts: map[batch.Class]int{batch.Unverified: 3},
		},
		{
			name: "none of the first five accepted", tasks: 50,
			answer: func(w *world, _ int) (batch.Answer, error) { return w.reply("200", "no such order"), nil },
			want:   batch.StopRefused, requests: [2]int{5, 5}, counts: map[batch.Class]int{batch.Rejected: 5},
		},
		{
			name: "four rejected are no reason to stop", tasks: 4,
			answer:   func(w *world, _ int) (batch.Answer, error) { return w.reply("200", "no such order"), nil },
			requests: [2]int{4, 4}, counts: map[batch.Class]int{batch.Rejected: 4},
		},
		{
			name: "five unverified in a row", tasks: 50,
			answer: func(w *world, n int) (batch.Answer, error) {
				if n <= 10 {
					return w.reply("0", "ok"), nil
				}
				return unverified, nil
			},
			change: func(j *batch.Job) { j.Workers = 1 },
			want:   batch.StopUnverified, requests: [2]int{15, 15}, counts: map[batch.Class]int{batch.Confirmed: 10, batch.Unverified: 5},
		},
		{
			name: "four unverified and a yes, again and again", tasks: 50,
			answer: func(w *world, n int) (batch.Answer, error) {
				if n%5 == 1 {
					return w.reply("0", "ok"), nil
				}
				return unverified, nil
			},
			change:   func(j *batch.Job) { j.Workers = 1 },
			requests: [2]int{50, 50}, counts: map[batch.Class]int{batch.Confirmed: 10, batch.Unverified: 40},
		},
		{
			name: "too many failures", tasks: 50,
			answer: func(w *world, n int) (batch.Answer, error) {
				switch n % 3 {
				case 0:
					return w.reply("200", "no"), nil
				case 1:
					return w.reply("0", "ok"), nil
				}
				return batch.Answer{}, noReply
			},
			change: func(j *batch.Job) { j.Workers, j.MaxFailures = 1, 6 },
			want:   batch.StopFailures, requests: [2]int{11, 11},
			counts: map[batch.Class]int{batch.Confirmed: 4, batch.Rejected: 3, batch.Unknown: 4},
		},
		{
			name: "asked to slow down, again and again", tasks: 50,
			answer: func(*world, int) (batch.Answer, error) {
				return batch.Answer{Status: 429, RetryAfter: time.Second}, nil
			},
			want: batch.StopTooMany, requests: [2]int{15, 15}, counts: map[batch.Class]int{batch.Unsent: 5},
		},
		{
			name: "asked to slow down, by an account that may not go on", tasks: 50,
			answer: func(w *world, n int) (batch.Answer, error) {
				if n < 3 {
					return w.reply("0", "ok"), nil
				}
				a := w.reply("7", "the account is disabled")
				a.Status = 429
				return a, nil
			},
			change: func(j *batch.Job) { j.Workers = 1 },
			want:   batch.StopAccount, requests: [2]int{3, 3}, counts: map[batch.Class]int{batch.Confirmed: 2, batch.Unsent: 1},
		},
		{
			name: "connections that turn out to be none", tasks: 9,
			answer: func(w *world, n int) (batch.Answer, error) {
				if n == 3 || n == 5 {
					return batch.Answer{}, noWay
				}
				return w.reply("0", "ok"), nil
			},
			change:   func(j *batch.Job) { j.Workers = 1 },
			requests: [2]int{11, 11}, counted: 9, counts: map[batch.Class]int{batch.Confirmed: 9},
		},
		{
			name: "never reached", tasks: 50,
			connect: func(int) error { return noWay },
			want:    batch.StopUnreachable, counts: map[batch.Class]int{batch.Unsent: 1}, dials: 3, line: 2,
		},
		{
			name: "never reached, though every connection is taken", tasks: 50,
			answer: func(*world, int) (batch.Answer, error) { return batch.Answer{}, noWay },
			want:   batch.StopUnreachable, requests: [2]int{3, 3}, counted: -1, counts: map[batch.Class]int{batch.Unsent: 1}, line: 2,
		},
		{
			name: "somebody else answers once the network is back", tasks: 50,
			connect: func(n int) error {
				switch {
				case n == 3:
					return noWay
				case n > 3:
					return &batch.PostError{Reason: batch.ReasonTLS, Err: errors.New("unknown authority")}
				}
				return nil
			},
			answer: func(w *world, n int) (batch.Answer, error) {
				if n == 1 {
					return w.reply("0", "ok"), nil
				}
				return batch.Answer{}, noReply
			},
			change: func(j *batch.Job) { j.Workers = 1 },
			want:   batch.StopTLS, requests: [2]int{3, 3}, counts: map[batch.Class]int{batch.Confirmed: 1, batch.Unknown: 2, batch.Unsent: 1}, line: 5,
		},
		{
			name: "the server is somebody else", tasks: 50,
			connect: func(int) error {
				return &batch.PostError{Reason: batch.ReasonTLS, Err: errors.New("unknown authority")}
			},
			want: batch.StopTLS, counts: map[batch.Class]int{batch.Unsent: 1},
		},
		{
			name: "what nobody classified is unknown, and never sent again", tasks: 1,
			answer:   func(*world, int) (batch.Answer, error) { return batch.Answer{}, errors.New("what is this") },
			requests: [2]int{1, 1}, counts: map[batch.Class]int{batch.Unknown: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				s := &stub{w: w, connect: tt.connect, answer: func(n int) (batch.Answer, error) { return tt.answer(w, n) }}
				counts, err := s.run(t.Context(), bills(tt.tasks), tt.change)
				var stop *batch.Stop
				errors.As(err, &stop)
				switch {
				case tt.want == 0 && err != nil:
					t.Errorf("stopped: %v", err)
				case tt.want != 0 && (stop == nil || stop.Reason != tt.want):
					t.Errorf("ended with %v", err)
				}
				if s.requests < tt.requests[0] || s.requests > tt.requests[1] {
					t.Errorf("%d requests, not %v", s.requests, tt.requests)
				}
				if stop != nil && tt.line != 0 && stop.Line != tt.line || tt.dials != 0 && s.dialled != tt.dials {
					t.Errorf("%d connections, stopped at line %d", s.dialled, stop.Line)
				}
				if n := max(0, cmp.Or(tt.counted, s.requests)); s.ended.Requests != n {
					t.Errorf("%d requests are counted, not %d", s.ended.Requests, n)
				}
				if tt.counts != nil && fmt.Sprint(counts) != fmt.Sprint(tt.counts) {
					t.Errorf("counts %v, not %v", counts, tt.counts)
				}
			})
		})
	}
}

// TestLongText: of what the service says so much is kept as can be read.
func TestLongText(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("я", 1000): strings.Repeat("я", 1000),
		strings.Repeat("я", 1007): strings.Repeat("я", 1000) + "... (and 7 more)",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			s := &stub{w: w, answer: func(int) (batch.Answer, error) { return w.reply("200", text), nil }}
			if _, err := s.run(t.Context(), bills(1), nil); err != nil {
				t.Fatal(err)
			}
			for _, r := range w.journal.records {
				if r.Outcome.Text != want {
					t.Errorf("%d bytes are kept, not %d", len(r.Outcome.Text), len(want))
				}
			}
		})
	}
}

// TestFirstAlone: the first update goes alone, and until one was accepted no
// more than five are started.
func TestFirstAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
			if n < 4 {
				return w.reply("200", "no"), nil
			}
			return w.reply("0", "ok"), nil
		}}
		if _, err := s.run(t.Context(), bills(60), nil); err != nil {
			t.Fatal(err)
		}
		if s.most[0] != 1 || slices.Max(s.most[:5]) > 4 || slices.Max(s.most) != 8 {
			t.Errorf("in flight: %v", s.most)
		}
		if s.at[1] < 100*time.Millisecond {
			t.Errorf("the second request came after %v, before the first was answered", s.at[1])
		}
		if s.at[5] < 200*time.Millisecond {
			t.Errorf("the sixth came after %v, before one was accepted", s.at[5])
		}
	})
}

// askingOnce is a service that refuses the tenth request, and asks for a rest.
func askingOnce(w *world, rest time.Duration) *stub {
	return &stub{w: w, answer: func(n int) (batch.Answer, error) {
		if n == 10 {
			return batch.Answer{Status: 429, RetryAfter: rest}, nil
		}
		return w.reply("0", "ok"), nil
	}}
}

// TestRetryAfter: all of the run waits as long as the API asks, within limits,
// and each try takes a permit.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := askingOnce(newWorld(t, 1), time.Hour)
		counts, err := s.run(t.Context(), bills(40), func(j *batch.Job) { j.Pace = batch.NewPace(rate.Limit(20)) })
		if err != nil || counts[batch.Confirmed] != 40 || s.requests != 41 {
			t.Fatalf("%v, %d requests, %v", counts, s.requests, err)
		}
		gap := time.Duration(0)
		for i := 1; i < len(s.at); i++ {
			gap = max(gap, s.at[i]-s.at[i-1])
		}
		if gap < 299*time.Second || gap > 301*time.Second { // the limit is five minutes
			t.Errorf("the longest wait was %v", gap)
		}
	})
}

// TestRetryAfterLastTry: the API is left alone for as long as it asked, also by
// the others when the update that it refused is not tried again.
func TestRetryAfterLastTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := askingOnce(newWorld(t, 1), time.Minute)
		counts, err := s.run(t.Context(), bills(20), func(j *batch.Job) { j.Workers, j.Attempts = 1, 1 })
		if err != nil || counts[batch.Confirmed] != 19 || counts[batch.Unsent] != 1 || s.requests != 20 {
			t.Fatalf("%v, %d requests, %v", counts, s.requests, err)
		}
		if gap := s.at[10] - s.at[9]; gap < 59*time.Second {
			t.Errorf("the next request came after %v", gap)
		}
	})
}

// TestRetryBudget: however many requests the API refuses, the retries of a run
// are no more than a hundred, and one for ten updates accepted; no update goes
// without while there are fewer.
func TestRetryBudget(t *testing.T) {
	for _, every := range []int{2, 3, 5, 7, 12, 30} { // which request is refused
		for _, workers := range []int{1, 8} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
					if n%every == 0 {
						return batch.Answer{Status: 429}, nil
					}
					return w.reply("0", "ok"), nil
				}}
				const rows = 3000
				counts, err := s.run(t.Context(), bills(rows), func(j *batch.Job) { j.Workers, j.Attempts = workers, 10 })
				if err != nil || counts[batch.Confirmed]+counts[batch.Unsent] != rows {
					t.Fatalf("every %d: %v, %v", every, counts, err)
				}
				retries, allowed := s.requests-rows, 100+counts[batch.Confirmed]/10
				if retries > allowed {
					t.Errorf("every %d: %d retries with %v", every, retries, counts)
				}
				if counts[batch.Unsent] > 0 && retries < allowed-workers-1 {
					t.Errorf("every %d: only %d retries with %v", every, retries, counts)
				}
				if enough := every > 10; enough != (counts[batch.Unsent] == 0) {
					t.Errorf("every %d: %v", every, counts)
				}
			})
		}
	}
}

// TestRetryBudgetFull: what the budget can hold is a hundred retries, however
// many updates were accepted before. A try that is not made takes nothing.
func TestRetryBudgetFull(t *testing.T) {
	for _, attempts := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
				if n > 2000 && n%2 == 0 {
					return batch.Answer{Status: 429}, nil
				}
				return w.reply("0", "ok"), nil
			}}
			const rows = 3000
			counts, err := s.run(t.Context(), bills(rows), func(j *batch.Job) { j.Workers, j.Attempts = 1, attempts })
			retries, allowed := s.requests-rows, 100+(counts[batch.Confirmed]-2000)/10
			switch {
			case err != nil || counts[batch.Confirmed]+counts[batch.Unsent] != rows:
				t.Fatalf("%v, %v", counts, err)
			case attempts == 1 && (retries > 0 || s.ended.Untried > 0):
				t.Errorf("%d retries, %d updates untried", retries, s.ended.Untried)
			case attempts > 1 && (retries > allowed || s.ended.Untried != counts[batch.Unsent]):
				t.Errorf("%d retries, %d are allowed; %d updates untried, %v", retries, allowed, s.ended.Untried, counts)
			}
		})
	}
}

// TestRefusedAtRandom: a service that refuses a third of all requests is worked
// through; the run does not stop because the budget is used up.
func TestRefusedAtRandom(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			w, rng := newWorld(t, 1), rand.New(rand.NewPCG(seed, 7))
			s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if rng.IntN(3) == 0 {
					return batch.Answer{Status: 429}, nil
				}
				return w.reply("0", "ok"), nil
			}}
			counts, err := s.run(t.Context(), bills(3000), nil)
			if err != nil || counts[batch.Confirmed]+counts[batch.Unsent] != 3000 || counts[batch.Confirmed] < 2000 {
				t.Errorf("seed %d: %v, %v", seed, counts, err)
			}
		})
	}
}

// TestWindow: a service that takes so many requests a second and has the rest
// wait for the next is worked through, though all that are in flight at the end
// of a second are refused at once.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s, taken := &stub{w: w}, map[int]int{}
		s.answer = func(int) (batch.Answer, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			second := int(time.Since(s.began) / time.Second)
			if taken[second]++; taken[second] > 100 {
				return batch.Answer{Status: 429, RetryAfter: time.Second}, nil
			}
			return w.reply("0", "ok"), nil
		}
		const rows = 1500
		counts, err := s.run(t.Context(), bills(rows), func(j *batch.Job) { j.Workers, j.Attempts = 64, 6 })
		if err != nil || counts[batch.Confirmed] != rows {
			t.Errorf("%v, %v, %d requests", counts, err, s.requests)
		}
	})
}

// TestRestWhileConnecting: who was still making a connection when the API asked
// for a rest keeps to it.
func TestRestWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s := &stub{w: w, connect: func(int) error { time.Sleep(800 * time.Millisecond); return nil }}
		s.answer = func(n int) (batch.Answer, error) {
			switch {
			case n == 100:
				return batch.Answer{Status: 429, RetryAfter: 4 * time.Second}, nil
			case n%2 == 0:
				return batch.Answer{}, noReply // which ends the connection
			}
			return w.reply("0", "ok"), nil
		}
		_, err := s.run(t.Context(), bills(300), func(j *batch.Job) { j.Workers, j.Pace = 64, batch.NewPace(200) })
		if err != nil {
			t.Fatal(err)
		}
		rest := s.at[99] + 100*time.Millisecond // when its reply came
		for i, at := range s.at {
			if at > rest && at < rest+4*time.Second {
				t.Errorf("request %d came %v after the API asked for 4 s", i+1, at-rest)
			}
		}
	})
}

// TestOneProbes: while the network is away, nobody else goes on making
// connections at the pace.
func TestOneProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s, failed := &stub{w: w}, new(atomic.Int64)
		gone := func() bool { d := time.Since(s.began); return d > 5*time.Second && d < 65*time.Second }
		s.connect = func(int) error {
			if gone() {
				failed.Add(1)
				return noWay
			}
			return nil
		}
		s.answer = func(n int) (batch.Answer, error) {
			if gone() || n%2 == 0 {
				return batch.Answer{}, noReply // which ends the connection
			}
			return w.reply("0", "ok"), nil
		}
		counts, err := s.run(t.Context(), bills(2000), func(j *batch.Job) { j.Workers, j.Pace = 200, batch.NewPace(20) })
		if err != nil || counts[batch.Confirmed]+counts[batch.Unknown] != 2000 {
			t.Errorf("%v, %v", counts, err)
		}
		if failed.Load() > 40 {
			t.Errorf("%d connections were tried", failed.Load())
		}
	})
}

// TestInterruptedPause: an interrupt while all wait for the API ends the run at
// once, and it is that which ended it; the sinks know what the journal knows.
func TestInterruptedPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
			if n > 20 {
				return batch.Answer{Status: 429, RetryAfter: time.Minute}, nil
			}
			return w.reply("0", "ok"), nil
		}}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(batch.ErrInterrupted) })
		var told sink
		counts, err := s.run(ctx, bills(100), func(j *batch.Job) { j.Sinks = []batch.Sink{&told} })
		if !errors.Is(err, batch.ErrInterrupted) || time.Since(s.began) != 10*time.Second {
			t.Errorf("ended with %v after %v", err, time.Since(s.began))
		}
		if len(w.journal.records) != told.done || counts[batch.Unsent] < 5 {
			t.Errorf("the sinks were told of %d, the journal has %v", told.done, counts)
		}
		if told.now != "" || told.said != 1 {
			t.Errorf("said %d times what is waited for, at last %q", told.said, told.now)
		}
	})
}

// TestSlowPaceLosses: single connections that cannot be made, with a long time
// between, are no network that is away for ten minutes.
func TestSlowPaceLosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s := &stub{w: w, answer: func(n int) (batch.Answer, error) {
			if n == 1 {
				return w.reply("0", "ok"), nil
			}
			return batch.Answer{}, noReply
		}}
		s.connect = func(n int) error {
			if n%2 == 0 {
				return noWay
			}
			return nil
		}
		counts, err := s.run(t.Context(), bills(6), func(j *batch.Job) { j.Pace = batch.NewPace(rate.Every(15 * time.Minute)) })
		if err != nil || counts[batch.Confirmed] != 1 || counts[batch.Unknown] != 5 {
			t.Errorf("%v, %v", counts, err)
		}
	})
}

// TestNetworkAway: a network that goes away for minutes costs no row; one that
// stays away for more than ten stops the run. It is the same with a server that
// takes connections and closes them.
func TestNetworkAway(t *testing.T) {
	for _, how := range []string{"refused", "closed"} {
		for _, away := range []time.Duration{3 * time.Minute, 9 * time.Minute, 15 * time.Minute} {
			t.Run(fmt.Sprintf("%s for %v", how, away), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { networkAway(t, how, away) })
			})
		}
	}
}

func networkAway(t *testing.T, how string, away time.Duration) {
	w := newWorld(t, 1)
	start := time.Now()
	gone := func() bool { d := time.Since(start); return d > 2*time.Second && d < 2*time.Second+away }
	s := &stub{w: w}
	s.connect = func(int) error {
		if gone() && how == "refused" {
			return noWay
		}
		return nil
	}
	s.answer = func(n int) (batch.Answer, error) {
		switch {
		case gone() && how == "refused":
			return batch.Answer{}, noReply
		case gone():
			return batch.Answer{}, noWay
		}
		return w.reply("0", "ok"), nil
	}
	var waits sink
	counts, err := s.run(t.Context(), bills(100), func(j *batch.Job) {
		j.Pace, j.Sinks = batch.NewPace(20), []batch.Sink{&waits}
	})
	var stop *batch.Stop
	switch {
	case away < 10*time.Minute && (err != nil || counts[batch.Unknown] > 8 || counts[batch.Confirmed]+counts[batch.Unknown] != 100):
		t.Errorf("%v, %v", counts, err)
	case away > 10*time.Minute && (!errors.As(err, &stop) || stop.Reason != batch.StopUnreachable):
		t.Errorf("%v, %v", counts, err)
	}
	if how == "closed" && counts[batch.Unknown] > 0 {
		t.Errorf("%v though nothing was written", counts)
	}
	if stop == nil && waits.now != "" {
		t.Errorf("the run ended without a word that it goes on: %q", waits.now)
	}
	if waits.said > 2 {
		t.Errorf("it was said %d times what is waited for", waits.said)
	}
	if took := time.Since(start); took > 11*time.Minute {
		t.Errorf("it took %v", took)
	}
	if !strings.Contains(waits.why, "the network") {
		t.Errorf("the run did not say what it waits for: %q", waits.why)
	}
	most := 250
	if how == "closed" { // each time that one stands, all workers try
		most *= 8
	}
	if dials := s.dialled; dials > most {
		t.Errorf("%d connections were tried", dials)
	}
}

// TestConnectionsFail: single connections that cannot be made cost neither a
// row nor much time, however many they are.
func TestConnectionsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var answers int
		s := &stub{w: w}
		s.connect = func(n int) error {
			if n%3 != 1 {
				return noWay
			}
			return nil
		}
		s.answer = func(int) (batch.Answer, error) {
			if answers++; answers%2 == 0 {
				return batch.Answer{}, noReply // which ends the connection
			}
			return w.reply("0", "ok"), nil
		}
		var told sink
		counts, err := s.run(t.Context(), bills(200), func(j *batch.Job) { j.Workers, j.Sinks = 1, []batch.Sink{&told} })
		if told.said > 100 { // the first loss after a reply is probed at once, the second is waited for
			t.Errorf("said %d times what is waited for", told.said)
		}
		if err != nil || counts[batch.Confirmed] != 100 || counts[batch.Unknown] != 100 {
			t.Errorf("%v, %v", counts, err)
		}
		if took := time.Since(s.began); took > 100*time.Second { // 20 s are the exchanges
			t.Errorf("it took %v", took)
		}
	})
}

// sink keeps what it is told of waiting, and counts.
type sink struct {
	why, now   string // the last reason, and what it is now
	said, done int
}

func (s *sink) Done(batch.Task, batch.Outcome) { s.done++ }

func (s *sink) Waiting(why string) {
	if s.now = why; why != "" {
		s.why = why
		s.said++
	}
}

// TestDrain: an interrupt starts nothing more, and finishes what is in flight.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		s := &stub{w: w, answer: func(int) (batch.Answer, error) { return w.reply("0", "ok"), nil }}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1050*time.Millisecond, func() { cancel(batch.ErrInterrupted) })
		counts, err := s.run(ctx, bills(1000), nil)
		if !errors.Is(err, batch.ErrInterrupted) || len(counts) != 1 || counts[batch.Confirmed] != s.requests {
			t.Errorf("%v after %d requests: %v", counts, s.requests, err)
		}
		if last := s.at[len(s.at)-1]; last > 1050*time.Millisecond || time.Since(s.began) > 1200*time.Millisecond {
			t.Errorf("the last request came after %v, the end after %v", last, time.Since(s.began))
		}
	})
}

// TestNeighbours: rows of one bill that stand side by side go one at a time,
// and do not slow down the others.
func TestNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var tasks []batch.Task
		for bill := range 200 {
			for n := range 5 {
				tasks = append(tasks, batch.Task{
					Row: len(tasks) + 1, Line: len(tasks) + 2, More: n < 4,
					Update: batch.Update{Bill: uint64(bill + 1), Status: batch.Paid, Date: int64(1_600_000_000 + n)},
				})
			}
		}
		s := &stub{w: w, answer: func(int) (batch.Answer, error) { return w.reply("0", "ok"), nil }}
		counts, err := s.run(t.Context(), tasks, nil)
		if err != nil || counts[batch.Confirmed] != 1000 {
			t.Fatalf("%v, %v", counts, err)
		}
		// 1,000 requests of 100 ms by 8 workers, the first of them alone.
		if took := time.Since(s.began); took > 13*time.Second {
			t.Errorf("took %v, the full pace is 12.6 s", took)
		}
	})
}
