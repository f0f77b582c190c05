package main

import (
	"context"
	"net/http"
	"sync/atomic"

	"billmark/batch"
)

// traffic knows what the workers of a run are doing on the network, so that a
// quiet run can say what it waits for. It may be used by many goroutines at
// once.
type traffic struct {
	connecting atomic.Int64
	posting    atomic.Int64
	again      atomic.Bool // the last exchange has to be made once more
}

// watch gives a Poster that is watched.
func (t *traffic) watch(p batch.Poster) batch.Poster { return &watched{p, t} }

// waitingFor is what nothing but the network, the API or the clock can end, if
// nothing has happened for a while.
func (t *traffic) waitingFor() string {
	switch {
	case t.posting.Load() > 0:
		return waitReply
	case t.connecting.Load() > 0:
		return waitNetwork
	case t.again.Load():
		return waitRetry
	}
	return waitPace
}

// What a run can wait for, in the status file.
const (
	waitPace    = "pace"    // its turn, by --rate
	waitRetry   = "retry"   // the moment of the next try
	waitNetwork = "network" // a connection
	waitReply   = "reply"   // the API's answer to what is in flight
	waitAPI     = "api"     // the API asked to slow down
)

type watched struct {
	batch.Poster
	traffic *traffic
}

// Connect implements batch.Poster.
func (w *watched) Connect(ctx context.Context) error {
	w.traffic.connecting.Add(1)
	defer w.traffic.connecting.Add(-1)
	err := w.Poster.Connect(ctx)
	w.traffic.again.Store(err != nil)
	return err
}

// Post implements batch.Poster.
func (w *watched) Post(ctx context.Context, function string, body []byte) (batch.Answer, error) {
	w.traffic.posting.Add(1)
	defer w.traffic.posting.Add(-1)
	answer, err := w.Poster.Post(ctx, function, body)
	w.traffic.again.Store(err == nil && answer.Status == http.StatusTooManyRequests)
	return answer, err
}
