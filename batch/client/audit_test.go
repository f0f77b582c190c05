package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"billmark/batch"
)

// TestUnsentIsTrue: over many exchanges with a server and a network that
// misbehave in every way at once, deadlines that strike anywhere and stops at
// any moment, what is called unsent was never received, and nothing was
// received twice.
func TestUnsentIsTrue(t *testing.T) {
	const workers, each = 8, 600
	var mu sync.Mutex
	received := make(map[string]int)
	srv := newServer(t, nil, misbehave)
	srv.see(func(body string) {
		mu.Lock()
		received[body]++
		mu.Unlock()
	})
	client := must(New(Config{URL: srv.url(false), Timeout: 10 * time.Millisecond}))
	client.trial = 0
	unsent := make(map[string]bool)
	var replies atomic.Int64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			c := client.Open()
			defer c.Close()
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				client.wary.Store(false) // what it would not do again is to be tried often
				body := fmt.Sprintf("bill_id=%d", w*each+i)
				_, err := postStopped(c, random, body)
				var pe *batch.PostError
				if errors.As(err, &pe) && pe.Unsent() {
					mu.Lock()
					unsent[body] = true
					mu.Unlock()
				} else if err == nil {
					replies.Add(1)
				}
			}
		})
	}
	wait.Wait()
	srv.stop() // what is on its way arrives, or never does
	for body, n := range received {
		if n > 1 || unsent[body] {
			t.Errorf("%s was received %d times; called unsent: %v", body, n, unsent[body])
		}
	}
	if len(unsent) < 10 || replies.Load() < 100 || len(received) == int(replies.Load()) {
		t.Errorf("the test shows little: %d unsent, %d received, %d replies", len(unsent), len(received), replies.Load())
	}
}

// postStopped posts with a context that may end at any moment.
func postStopped(c *Conn, random *rand.Rand, body string) (batch.Answer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if random.IntN(8) == 0 {
		defer time.AfterFunc(time.Duration(random.IntN(100))*time.Microsecond, cancel).Stop()
	}
	return c.Post(ctx, "UpdateOrderStatus", []byte(body))
}

// misbehave answers the nth request, more or less.
func misbehave(c net.Conn, n int) bool {
	switch reply := ordinaryReply(good); n % 16 {
	case 1:
		c.Close()
	case 3:
		below(c).SetLinger(0)
		c.Close()
	case 5:
		io.WriteString(c, reply[:n%len(reply)])
		c.Close()
	case 7:
		io.WriteString(c, reply)
		c.Close()
	case 9: // silence
	case 11:
		io.WriteString(c, strings.Replace(reply, "200", "500", 1))
	default:
		io.WriteString(c, reply)
	}
	return true
}
