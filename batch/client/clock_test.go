package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"billmark/batch"
)

// The tests of this file run on a clock of their own, over pipes instead of
// sockets, on which nobody can look: they are told what waits.

// piped opens a Conn whose connections take delay to be made and are served by
// serve.
func piped(t *testing.T, scheme string, delay time.Duration, serve func(net.Conn)) *Conn {
	var wait sync.WaitGroup
	t.Cleanup(wait.Wait) // after the Conn was closed
	c := open(t, Config{
		URL:     &url.URL{Scheme: scheme, Host: "localhost", Path: "/api/"},
		Timeout: time.Minute,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			near, far := net.Pipe()
			wait.Go(func() { serve(far); far.Close() })
			return near, nil
		},
	})
	c.client.newPeek = func(net.Conn) peekFunc { return func() peeked { return peekNothing } }
	return c
}

// answering replies to each request after a while, to all further ones after
// the last.
func answering(after ...time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			time.Sleep(after[0])
			after = after[min(1, len(after)-1):]
			io.WriteString(c, ordinaryReply(good))
		}
	}
}

func silentPeer(c net.Conn) { io.Copy(io.Discard, c) }

func TestIdleLimit(t *testing.T) {
	for _, test := range []struct {
		used  bool
		wait  time.Duration
		dials int64
	}{
		{true, idleLimit, 1},
		{true, idleLimit + 1, 2},
		{true, time.Hour, 2},
		{false, unusedLimit, 1},
		{false, unusedLimit + 1, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "http", 0, answering(0))
			if err := c.Connect(context.Background()); err != nil {
				t.Fatal(err)
			}
			if test.used {
				mustPost(t, c)
			}
			time.Sleep(test.wait)
			mustPost(t, c)
			if got := c.client.Dials(); got != test.dials {
				t.Errorf("used %v, after %v: %d connections, want %d", test.used, test.wait, got, test.dials)
			}
		})
	}
}

// TestTrial: after its first reply a connection has to stay open and silent for
// a while before it is used again; after that nothing is waited for.
func TestTrial(t *testing.T) {
	const moment = trial / 3
	for _, test := range []struct {
		name  string
		peek  func(since time.Duration) peeked
		dials int64
		waits time.Duration // in all, for three more exchanges
	}{
		{"silent", func(time.Duration) peeked { return peekNothing }, 1, trial},
		{"closed soon", func(since time.Duration) peeked {
			if since < moment {
				return peekNothing
			}
			return peekEnd
		}, 4, trial},
		{"a second reply soon", func(since time.Duration) peeked {
			if since < moment {
				return peekNothing
			}
			return peekBytes
		}, 4, trial},
		{"nobody can look", func(time.Duration) peeked { return peekUnknown }, 4, trial},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, "http", 0, answering(0))
				c.client.newPeek = func(net.Conn) peekFunc {
					return func() peeked {
						if !c.link.used {
							return peekNothing
						}
						return test.peek(time.Since(c.link.rested))
					}
				}
				mustPost(t, c)
				start := time.Now()
				for range 3 {
					if err := c.Connect(context.Background()); err != nil {
						t.Fatal(err)
					}
					mustPost(t, c)
				}
				wantCount(t, "connections", c.client.Dials(), test.dials)
				if took := time.Since(start); took != test.waits {
					t.Errorf("it took %v, want %v", took, test.waits)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // an interrupt does not wait for it
		c := piped(t, "http", 0, answering(0))
		mustPost(t, c)
		ctx, cancel := context.WithTimeout(context.Background(), moment)
		defer cancel()
		wantReason(t, c.Connect(ctx), batch.ReasonStopped)
	})
}

// TestAstray: what is left over on a connection that carried several exchanges
// shows in the end.
func TestAstray(t *testing.T) {
	for _, test := range []struct {
		exchanges int
		after     time.Duration // something comes behind the last one; 0: nothing
		want      bool
	}{{3, 0, false}, {3, trial / 2, true}, {3, trial + 1, false}, {1, trial / 2, false}} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "http", 0, answering(0))
			done := false
			c.client.newPeek = func(net.Conn) peekFunc {
				return func() peeked {
					if done && test.after > 0 && time.Since(c.link.rested) >= test.after {
						return peekBytes
					}
					return peekNothing
				}
			}
			for range test.exchanges {
				mustPost(t, c)
			}
			done = true
			c.Close()
			if got := c.client.Astray(); got != test.want {
				t.Errorf("%+v: got %v", test, got)
			}
		})
	}
}

// TestClockJumps: a machine that slept shows on the wall clock alone.
func TestClockJumps(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name  string
		since time.Time
		want  bool
	}{
		{"just now", now, true},
		{"slept", now.Round(0).Add(-time.Hour), false},
		{"clock set back", now.Round(0).Add(time.Hour), false},
	} {
		l := &link{used: true, rested: test.since}
		if got := l.fresh(now); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

// TestTimeout: a whole exchange ends in time, and a request that left has at
// least half of the time to be answered.
func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name   string
		scheme string
		delay  time.Duration
		serve  func(net.Conn)
		want   batch.Reason
		after  time.Duration
	}{
		{"no reply", "http", 0, silentPeer, batch.ReasonNoReply, time.Minute + grace},
		{"no reply on a slow network", "http", 20 * time.Second, silentPeer, batch.ReasonNoReply, time.Minute + grace},
		{"reply just in time", "http", 20 * time.Second, answering(40*time.Second - 1), batch.ReasonNone, time.Minute - 1},
		{"reply in the last moment", "http", 20 * time.Second, answering(40*time.Second + grace - 1), batch.ReasonNone, time.Minute + grace - 1},
		{"reply just too late", "http", 20 * time.Second, answering(40*time.Second + grace + 1), batch.ReasonNoReply, time.Minute + grace},
		{"no connection", "http", time.Hour, silentPeer, batch.ReasonConnect, 30 * time.Second},
		{"no handshake", "https", time.Second, silentPeer, batch.ReasonConnect, 30 * time.Second},
		{"bytes that trickle in", "http", 0, trickle, batch.ReasonNoReply, time.Minute + grace},
		{"nobody reads", "http", 0, func(net.Conn) { time.Sleep(time.Hour) }, batch.ReasonBroken, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, test.scheme, test.delay, test.serve)
				endsAfter(t, c, test.want, test.after)
			})
		})
	}
}

// endsAfter makes one exchange, which ends in a way and after a time.
func endsAfter(t *testing.T, c *Conn, want batch.Reason, after time.Duration) {
	t.Helper()
	start := time.Now()
	_, err := post(c)
	if want != batch.ReasonNone {
		wantReason(t, err, want)
	} else if err != nil {
		t.Error(err)
	}
	if got := time.Since(start); got != after {
		t.Errorf("it took %v, want %v", got, after)
	}
}

// trickle sends a byte a second of a reply without end.
func trickle(c net.Conn) {
	go io.Copy(io.Discard, c)
	reply := "HTTP/1.1 200 OK\r\nX: "
	for i := 0; ; i++ {
		b := []byte{'y'}
		if i < len(reply) {
			b[0] = reply[i]
		}
		if _, err := c.Write(b); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// TestNoFarewell: a server that takes nothing any more holds nobody up.
func TestNoFarewell(t *testing.T) {
	secure, now := goodTLS().Clone(), time.Now()
	secure.MaxVersion, secure.SessionTicketsDisabled = tls.VersionTLS12, true // in which both never speak at once, for which a pipe has no room
	for _, test := range []struct {
		name, reply string
		want        batch.Reason
		after       time.Duration
	}{
		{"silent", "", batch.ReasonNoReply, time.Minute + 2*grace},
		{"garbled", "garbage\r\n\r\n", batch.ReasonGarbled, grace},
		{"whole, and closed", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", batch.ReasonNone, grace},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				c := piped(t, "https", 0, func(far net.Conn) {
					s := tls.Server(far, secure)
					if _, err := http.ReadRequest(bufio.NewReader(s)); err != nil {
						t.Error(err)
					}
					io.WriteString(s, test.reply)
					<-over
				})
				c.client.tls.Time, c.client.tls.ServerName = func() time.Time { return now }, "shop.test"
				endsAfter(t, c, test.want, test.after)
			})
		})
	}
}

// TestLookIsNew: if the process is stopped between the look at a connection and
// the write, the look counts for nothing, nor does the deadline.
func TestLookIsNew(t *testing.T) {
	for _, stop := range []time.Duration{2 * staleLook, 2 * idleLimit, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "http", 0, answering(59*time.Second))
			looks := 0
			c.client.newPeek = func(net.Conn) peekFunc {
				return func() peeked {
					if looks++; looks == 1 || looks == 3 {
						time.Sleep(stop)
					}
					return peekNothing
				}
			}
			mustPost(t, c)
			mustPost(t, c)
			if looks < 4 { // one more, if the second connection is given up for a third
				t.Errorf("%d looks", looks)
			}
		})
	}
}

// TestBudgetIsForOneExchange: what the connection took counts for the first
// exchange on it alone, and waiting for the journal in between does not.
func TestBudgetIsForOneExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, "http", 20*time.Second, answering(39*time.Second, 59*time.Second))
		if err := c.Connect(context.Background()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		mustPost(t, c)
		mustPost(t, c)
		wantCount(t, "connections", c.client.Dials(), 1)
	})
}

// TestStopWhileConnecting ends at once, in every phase.
func TestStopWhileConnecting(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *Conn{
		"dialling":  func(t *testing.T) *Conn { return piped(t, "http", time.Hour, silentPeer) },
		"handshake": func(t *testing.T) *Conn { return piped(t, "https", 0, silentPeer) },
		"proxy": func(t *testing.T) *Conn {
			c := piped(t, "https", 0, silentPeer)
			c.client.proxy, c.client.connect = "localhost:3128", "CONNECT shop.test:443 HTTP/1.1\r\n\r\n"
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t)
				ctx, cancel := context.WithCancelCause(context.Background())
				cause := errors.New("interrupted")
				time.AfterFunc(time.Second, func() { cancel(cause) })
				start := time.Now()
				_, err := c.Post(ctx, "UpdateOrderStatus", []byte(form))
				wantReason(t, err, batch.ReasonStopped)
				if !errors.Is(err, cause) {
					t.Errorf("the cause is missing: %v", err)
				}
				if got := time.Since(start); got != time.Second {
					t.Errorf("it took %v", got)
				}
				if err := c.Connect(ctx); !errors.Is(err, cause) {
					t.Errorf("connecting again: %v", err)
				}
			})
		})
	}
}

func TestProxyTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, "https", 0, silentPeer)
		c.client.proxy, c.client.connect = "localhost:3128", "CONNECT shop.test:443 HTTP/1.1\r\n\r\n"
		start := time.Now()
		wantReason(t, c.Connect(context.Background()), batch.ReasonConnect)
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("it took %v", got)
		}
	})
}
