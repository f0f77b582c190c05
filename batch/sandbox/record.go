package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Request is what became of one request.
type Request struct {
	Time time.Time
	// Function is the function of the API; method and path if it was asked
	// for something else; empty if the request was not read.
	Function string
	// Form is what was posted, in its order, without the hash.
	Form string
	// Code and Verdict are error_code and error_text; empty if the request
	// was not judged.
	Code, Verdict string
	// Status is the HTTP status of the reply, 0 if there was none.
	Status int
	// Applied says that the request changed an order.
	Applied bool
	// Fault is the fault that it met, if any.
	Fault string
}

// Counts says what has happened so far.
type Counts struct {
	// Requests counts all but those for the list of orders; Applied those
	// that changed an order.
	Requests, Applied int
	// Faults counts the faults of each kind.
	Faults map[string]int
}

// Counts says what has happened so far.
func (s *Sandbox) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.Faults = maps.Clone(c.Faults)
	return c
}

// Requests lists all requests in the order in which they were judged; it needs
// Config.Keep.
func (s *Sandbox) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept)
}

// Err is the first error of writing the log.
func (s *Sandbox) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logging
}

func (s *Sandbox) record(r *Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordLocked(r)
}

// recordLocked counts, keeps and logs a request. The caller holds s.mu.
func (s *Sandbox) recordLocked(r *Request) {
	r.Time = s.cfg.Now()
	s.counts.Requests++
	if r.Applied {
		s.counts.Applied++
	}
	if r.Fault != "" {
		s.counts.Faults[r.Fault]++
	}
	if s.cfg.Keep {
		s.kept = append(s.kept, *r)
	}
	if s.cfg.Log == nil {
		return
	}
	s.line = r.appendJSON(s.line[:0])
	if _, err := s.cfg.Log.Write(s.line); err != nil && s.logging == nil {
		s.logging = fmt.Errorf("writing the sandbox's log: %w", err)
	}
}

// appendJSON appends the line of the log.
func (r *Request) appendJSON(b []byte) []byte {
	b = append(b, `{"time":"`...)
	b = r.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, `","function":`...)
	b = appendText(b, r.Function)
	b = append(b, `,"form":`...)
	b = appendText(b, r.Form)
	code := r.Code
	if code == "" {
		code = "null"
	}
	b = fmt.Appendf(b, `,"code":%s,"verdict":%q,"status":%d,"applied":%t,"fault":%q}`+"\n",
		code, r.Verdict, r.Status, r.Applied, r.Fault)
	return b
}

// appendText appends text as JSON. An encoded form needs no escapes but that
// of its ampersands, which JSON does not ask for.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // text can be marshalled
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// cutShort keeps what strangers ask for from filling the log.
func cutShort(text string) string { return text[:min(len(text), 200)] }
