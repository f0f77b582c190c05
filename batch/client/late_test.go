package client

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"billmark/batch"
)

// sleeper is a connection whose first reading after a request comes when both
// are so: all that the server has to say has come, and the deadline has passed.
// A process that was stopped meanwhile, or a machine that slept, finds it so.
type sleeper struct {
	*net.TCPConn
	said  chan struct{}
	armed bool
}

func (s *sleeper) Read(b []byte) (int, error) {
	if s.armed {
		s.armed = false
		<-s.said
		s.SetDeadline(time.Unix(1, 0))
	}
	return s.TCPConn.Read(b)
}

// TestReadAfterDeadline: a reply that had come before the deadline is read, even
// if nobody looked in time; what has not come is not waited for.
func TestReadAfterDeadline(t *testing.T) {
	const half = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"
	for _, test := range []struct {
		name, reply string
		closed      bool // by the server, after the reply
		reason      batch.Reason
		want        batch.Answer
	}{
		{"whole", ordinaryReply(good), false, 0, ok},
		{"whole and closed", ordinaryReply(good), true, 0, ok},
		{"as long as the connection", "HTTP/1.1 200 OK\r\n\r\n" + good, true, 0, ok},
		{"in chunks", chunked + chunk(good) + "0\r\n\r\n", false, 0, ok},
		{"refused at the door", "HTTP/1.1 429 Word\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbody", false, 0, batch.Answer{Status: 429, RetryAfter: 7 * time.Second, Body: []byte("body")}},
		{"half", half, false, batch.ReasonNoReply, batch.Answer{}},
		{"half, and closed", half, true, batch.ReasonBroken, batch.Answer{}},
		{"nothing", "", false, batch.ReasonNoReply, batch.Answer{}},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %v", test.name, secure), func(t *testing.T) {
				said := make(chan struct{})
				s := newServer(t, tlsIf(secure), func(c net.Conn, _ int) bool {
					io.WriteString(c, test.reply)
					if test.closed {
						c.Close()
					}
					close(said)
					return false
				})
				conn := &sleeper{said: said}
				c := open(t, Config{URL: s.url(secure), Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
					if err != nil {
						return nil, err
					}
					conn.TCPConn = raw.(*net.TCPConn)
					return conn, nil
				}})
				if err := c.Connect(context.Background()); err != nil {
					t.Fatal(err)
				}
				conn.armed = true
				a, err := post(c)
				if test.reason != batch.ReasonNone {
					wantReason(t, err, test.reason)
					return
				}
				if err != nil || a.Status != test.want.Status || string(a.Body) != string(test.want.Body) || a.RetryAfter != test.want.RetryAfter {
					t.Errorf("got %+v, %v", a, err)
				}
				if c.link != nil {
					t.Error("the connection is kept")
				}
			})
		}
	}
}
