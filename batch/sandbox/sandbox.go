// Package sandbox is a stand-in for the API: it checks hash, fields, order and
// status as the API is documented to, with its codes and signed replies, and
// remembers what became of each order. It can misbehave on request, in the ways
// in which servers and networks do.
//
// It is not the API: it knows one account, every order exists unless its number
// ends in 404, and nothing that happens here has any effect. It serves
// rehearsals, the demo and tests, and stands where the real server would be, at
// the other end of the network.
package sandbox

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"billmark/signer"
)

// DefaultSlow is how long a slow reply takes if Config says nothing.
const DefaultSlow = 90 * time.Second

// Config says who may ask, and how well the sandbox behaves.
type Config struct {
	// Account is the only one there is.
	Account signer.Account
	// Latency is how long every request takes; Jitter is how much more or
	// less, evenly spread.
	Latency, Jitter time.Duration
	// Faults is the share of requests, 0 to 1, that meet each kind of fault.
	// It must be as ParseFaults gives it.
	Faults map[string]float64
	// Slow is how long the reply to a slow request takes in addition; 0
	// means DefaultSlow.
	Slow time.Duration
	// Seed decides which requests meet a fault: with the same seed the nth
	// request meets the same one.
	Seed uint64
	// Log gets one JSON line a request, in one Write each; nil for none.
	Log io.Writer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Keep has every request and every order remembered for ever. Otherwise
	// the sandbox remembers the orders changed first only until 100,000 others
	// have been.
	Keep bool
}

// Sandbox is an http.Handler. It may be used by many goroutines at once.
type Sandbox struct {
	cfg    Config
	faults []faultShare
	refuse float64

	requests atomic.Uint64 // numbers the requests, for the faults
	arrivals atomic.Uint64 // the same below HTTP, for refusals
	bodies   sync.Pool     // of *bytes.Buffer
	replies  [len(texts)]reply
	sleep    func(d time.Duration, stop <-chan struct{})

	mu      sync.Mutex
	store   store
	kept    []Request
	counts  Counts
	line    []byte
	logging error
}

// New makes a sandbox. It panics if the faults are not as ParseFaults gives
// them.
func New(cfg Config) *Sandbox {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Slow == 0 {
		cfg.Slow = DefaultSlow
	}
	if err := checkFaults(cfg.Faults); err != nil {
		panic("sandbox: " + err.Error())
	}
	s := &Sandbox{cfg: cfg, faults: shares(cfg.Faults), refuse: cfg.Faults[refuse], sleep: sleep}
	s.store = newStore(cfg.Keep)
	s.counts.Faults = make(map[string]int)
	for i := range s.replies {
		s.replies[i] = newReply(cfg.Account, verdict(i))
	}
	return s
}

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/api/"+update:
		s.serve(w, r, update)
	case r.Method == http.MethodPost && r.URL.Path == "/api/"+details:
		s.serve(w, r, details)
	case r.Method == http.MethodGet && r.URL.Path == "/orders":
		s.serveOrders(w)
	default:
		s.record(&Request{Function: cutShort(r.Method + " " + r.URL.Path), Status: http.StatusNotFound})
		servePage(w, http.StatusNotFound)
	}
}

// serve answers a request to a function of the API. It is on record before the
// reply leaves: who has read the reply finds it there.
func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request, function string) {
	n := s.requests.Add(1)
	f := s.pick(n)
	s.linger(n)
	req := Request{Function: function, Fault: f.name, Status: f.status}
	form, bare, err := s.read(r)
	if err != nil {
		s.record(&Request{Function: function, Verdict: "the request broke off"})
		panic(http.ErrAbortHandler)
	}
	out := &s.replies[accepted]
	if f.reaches(s.toss(n)) {
		out = s.decide(&req, form, bare)
	} else {
		req.Form = s.text(&form)
		s.record(&req)
	}
	f.play(s, w, r, out)
}

// linger takes the time that a request takes.
func (s *Sandbox) linger(n uint64) {
	d := s.cfg.Latency
	if s.cfg.Jitter > 0 {
		d += time.Duration((2*uniform(s.cfg.Seed, n, saltJitter) - 1) * float64(s.cfg.Jitter))
	}
	if d > 0 {
		s.sleep(d, nil)
	}
}

// sleep waits, but not longer than until stop.
func sleep(d time.Duration, stop <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-stop:
	}
}
