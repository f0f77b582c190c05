package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"billmark/batch"
)

// tempo is when requests started, from the start of the run on.
type tempo []time.Duration

// share is the achieved part of the allowed rate, between first and last.
func (at tempo) share(limit float64) float64 {
	return float64(len(at)-1) / (at[len(at)-1] - at[0]).Seconds() / limit
}

// most is the largest number of requests in any second, both its ends included.
func (at tempo) most() int {
	most, from := 0, 0
	for to := range at {
		for at[to]-at[from] > time.Second {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// allowance is how many requests any second may see.
func allowance(limit float64) int { return int(limit + max(2, 0.03*limit)) }

func (at tempo) check(t *testing.T, limit float64) {
	t.Helper()
	slices.Sort(at)
	if got := at.most(); got > allowance(limit) {
		t.Errorf("%d requests in one second, at most %d are allowed", got, allowance(limit))
	}
}

var errEnough = errors.New("the test has seen enough")

// TestPace runs a job at several paces and latencies for twenty seconds of
// virtual time: the full rate, and no second above it, the first one included.
func TestPace(t *testing.T) {
	for _, limit := range []float64{0.5, 1, 20, 100, 500, 3000} {
		for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
			t.Run(fmt.Sprintf("%v per second, %v", limit, latency), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at := paced(t, limit, 20*time.Second, func(int) (time.Duration, int) { return latency, 200 })
					at.check(t, limit)
					if got := at.share(limit); got < 0.99 || got > 1.001 {
						t.Errorf("%d requests, %.4f of the rate", len(at), got)
					}
				})
			})
		}
	}
}

// TestPaceRetries: tries again take permits like first tries. When the service
// asks for a pause nothing starts in it, and nothing is made up for after it.
func TestPaceRetries(t *testing.T) {
	for _, limit := range []float64{1, 20, 100, 500} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(5, uint64(limit)))
				var mu sync.Mutex
				var asked tempo
				start := time.Now()
				at := paced(t, limit, 30*time.Second, func(n int) (time.Duration, int) {
					mu.Lock()
					defer mu.Unlock()
					if n%max(7, int(2*limit)) == 0 {
						asked = append(asked, time.Since(start)+50*time.Millisecond)
						return 50 * time.Millisecond, 429
					}
					return time.Duration(20+rng.IntN(200)) * time.Millisecond, 200
				})
				at.check(t, limit)
				if len(asked) < 3 || len(at) < 10 {
					t.Errorf("%d requests, %d pauses", len(at), len(asked))
				}
				for _, when := range asked {
					if limit < 5 {
						break // what had begun may have to wait for most of a second
					}
					begun := when + 100*time.Millisecond // what has begun is finished
					if i, _ := slices.BinarySearch(at, begun); i < len(at) && at[i] < when+time.Second {
						t.Errorf("a request %v after the service asked to be left alone for a second", at[i]-when)
					}
				}
			})
		})
	}
}

// TestPaceIdle: what was not used is not made up for, however many wait.
func TestPaceIdle(t *testing.T) {
	for _, limit := range []float64{1, 20, 100, 500} {
		synctest.Test(t, func(t *testing.T) {
			p, start := batch.NewPace(rate.Limit(limit)), time.Now()
			var mu sync.Mutex
			var at tempo
			for range 3 {
				time.Sleep(10 * time.Second)
				var wg sync.WaitGroup
				for range int(2*limit) + 2 {
					wg.Go(func() {
						if err := p.Take(t.Context()); err != nil {
							t.Error(err)
						}
						p.Pass()
						mu.Lock()
						defer mu.Unlock()
						at = append(at, time.Since(start))
					})
				}
				wg.Wait()
			}
			at.check(t, limit)
		})
	}
}

// TestPaceLate: permits that came one by one and were held up together, by a
// slow disk or a slow handshake, do not make one second fuller than another.
func TestPaceLate(t *testing.T) {
	for _, limit := range []float64{1, 20, 100, 500, 10_000} {
		synctest.Test(t, func(t *testing.T) {
			p, start := batch.NewPace(rate.Limit(limit)), time.Now()
			var mu sync.Mutex
			var at tempo
			var wg sync.WaitGroup
			for range int(10 * limit) {
				if err := p.Take(t.Context()); err != nil {
					t.Fatal(err)
				}
				late := 400*time.Millisecond - time.Since(start)%(400*time.Millisecond)
				wg.Go(func() {
					time.Sleep(late)
					p.Pass()
					mu.Lock()
					defer mu.Unlock()
					at = append(at, time.Since(start))
				})
			}
			wg.Wait()
			at.check(t, limit)
			if last := at[len(at)-1]; last > 11500*time.Millisecond {
				t.Errorf("%v/s: the last of ten seconds' worth came after %v", limit, last)
			}
		})
	}
}

// TestPaceEnds: a wait ends with its context, at once, and takes nothing.
func TestPaceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := batch.NewPace(rate.Limit(1.0 / 3600))
		if err := p.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := p.Take(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		cancel()
		wg.Wait()
		if since := time.Since(start); since > 0 {
			t.Errorf("it took %v", since)
		}
		if err := p.Take(t.Context()); err != nil || time.Since(start) > time.Hour {
			t.Errorf("the next permit came after %v: %v", time.Since(start), err)
		}
	})
}

// paced runs a job for so long, against a service that answers the nth request
// after some time with some status, and gives when requests came.
func paced(t *testing.T, limit float64, long time.Duration, answer func(n int) (time.Duration, int)) tempo {
	w := newWorld(t, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	time.AfterFunc(long, func() { cancel(errEnough) })
	s := &metered{w: w, start: time.Now(), answer: answer}
	tasks := make([]batch.Task, 0, int(limit*long.Seconds())+100)
	for i := range cap(tasks) {
		tasks = append(tasks, batch.Task{Row: i + 1, Line: i + 2, Update: batch.Update{Bill: uint64(i + 1), Status: batch.Paid, Date: 1_600_000_000}})
	}
	j := w.job(tasks, max(8, int(limit/2)))
	j.Pace, j.Open = batch.NewPace(rate.Limit(limit)), func() batch.Poster { return s }
	if _, err := j.Run(ctx); !errors.Is(err, errEnough) {
		t.Fatalf("the run ended by itself: %v", err)
	}
	return s.at
}

// metered is a service that notes when requests come, and a way to reach it.
type metered struct {
	w      *world
	start  time.Time
	answer func(n int) (time.Duration, int)

	mu sync.Mutex
	at tempo
}

func (s *metered) Connect(context.Context) error { return nil }
func (s *metered) Close() error                  { return nil }

func (s *metered) Post(context.Context, string, []byte) (batch.Answer, error) {
	s.mu.Lock()
	s.at = append(s.at, time.Since(s.start))
	n := len(s.at)
	s.mu.Unlock()
	latency, status := s.answer(n)
	time.Sleep(latency)
	if status == 429 {
		return batch.Answer{Status: 429, RetryAfter: time.Second}, nil
	}
	return s.w.reply("0", "ok"), nil
}
