package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// fault is one way to misbehave.
type fault struct {
	name   string
	status int // of the reply; 0 if none comes
	// reach says whether the request reaches the application, which then
	// judges it and carries it out: with a fault as without.
	reach reach
	play  func(s *Sandbox, w http.ResponseWriter, r *http.Request, out *reply)
}

type reach uint8

const (
	always reach = iota
	never
	half // by the seed: nobody outside can tell which
)

// reaches decides; toss is even for one half of the requests.
func (f *fault) reaches(toss bool) bool {
	return f.reach == always || f.reach == half && toss
}

// refuse is the fault that happens before a request is read; see Listener.
const refuse = "refuse"

// well is how a request is answered that meets no fault.
var well = fault{"", 200, always, func(_ *Sandbox, w http.ResponseWriter, _ *http.Request, out *reply) {
	out.send(w, out.body)
}}

// faults are the kinds, in the order in which they are shown and drawn.
var faults = [...]fault{
	{"500", 500, half, page(500)},
	{"502", 502, half, page(502)},
	{"503", 503, never, page(503)},
	{"429", 429, never, tooMany},
	{"drop", 0, always, drop},
	{refuse, 0, never, nil},
	{"slow", 200, always, slow},
	{"badhash", 200, always, func(_ *Sandbox, w http.ResponseWriter, _ *http.Request, out *reply) {
		out.send(w, out.forged)
	}},
	{"html", 200, never, page(200)},
	{"cut", 200, always, cut},
	{"reset", 0, always, reset},
}

// Kinds lists the kinds of faults.
//
//   - 500 and 502: an error page; half of the requests were applied.
//   - 503 and html (status 200): a page; not applied.
//   - 429: with a Retry-After of one second; not applied.
//   - drop, reset: applied; the connection ends, politely or not, without a
//     reply.
//   - cut: applied; the reply breaks off in the middle.
//   - slow: applied; the reply comes late.
//   - badhash: applied; the reply's hash is wrong.
//   - refuse: the connection is closed before the request is read.
func Kinds() []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// ParseFaults reads a list like "500=0.01,drop=2%".
func ParseFaults(list string) (map[string]float64, error) {
	found := make(map[string]float64)
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		kind, text, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("reading the faults: %q is not like drop=0.01 or drop=1%%", item)
		}
		if _, twice := found[kind]; twice {
			return nil, fmt.Errorf("reading the faults: %q stands twice", kind)
		}
		number, percent := strings.CutSuffix(text, "%")
		share, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("reading the faults: the share %q of %s is no number", text, kind)
		}
		if percent {
			share /= 100
		}
		found[kind] = share
	}
	if err := checkFaults(found); err != nil {
		return nil, fmt.Errorf("reading the faults: %w", err)
	}
	return found, nil
}

func checkFaults(shares map[string]float64) error {
	sum := 0.0
	for _, kind := range slices.Sorted(maps.Keys(shares)) {
		share := shares[kind]
		switch {
		case !slices.Contains(Kinds(), kind):
			return fmt.Errorf("%q is no kind of fault; there are %s", kind, strings.Join(Kinds(), ", "))
		case !(share >= 0 && share <= 1): // NaN is neither
			return fmt.Errorf("the share of %s is not between 0 and 1 (100%%)", kind)
		}
		sum += share
	}
	if sum > 1+1e-9 {
		return fmt.Errorf("the shares add up to %.4g, which is more than 1 (100%%)", sum)
	}
	return nil
}
