package batch

import (
	"context"
	"fmt"
	"net/http"

	"billmark/signer"
)

// ReadBack asks the API about orders, one at a time. Reading changes nothing,
// so it is not journalled; it takes its permits from the same Pace as all else.
type ReadBack struct {
	Account  signer.Account
	Poster   Poster
	Pace     *Pace
	Function string
	Form     func(bill uint64) signer.Form
}

// Read asks for one order. The reply's hash was right, but it does not cover
// the result: that rests on TLS alone.
func (r *ReadBack) Read(ctx context.Context, bill uint64) (signer.Reply, error) {
	if err := r.Pace.Take(ctx); err != nil {
		return signer.Reply{}, err
	}
	body := r.Account.Sign(nil, r.Form(bill))
	r.Pace.Pass()
	answer, err := r.Poster.Post(ctx, r.Function, body)
	switch {
	case err != nil:
		return signer.Reply{}, fmt.Errorf("reading order %d: %w", bill, err)
	case answer.Status != http.StatusOK:
		return signer.Reply{}, fmt.Errorf("reading order %d: HTTP status %d", bill, answer.Status)
	}
	reply, err := r.Account.Verify(answer.Body)
	if err != nil {
		return reply, fmt.Errorf("reading order %d: %w", bill, err)
	}
	reply.Result = append([]byte(nil), reply.Result...) // the body is the Poster's
	return reply, nil
}
