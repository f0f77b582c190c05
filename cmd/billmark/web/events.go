package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"billmark/batch"
	"billmark/report"
)

// How often a browser is told of progress at most, and at least (so that a
// dead connection is noticed).
const (
	tellEvery = 250 * time.Millisecond
	tellAfter = 15 * time.Second
)

// progress is a run as the script shows it: texts to be shown as they are.
type progress struct {
	Revision int               `json:"revision"`
	Upload   string            `json:"upload"`
	Phase    Phase             `json:"phase"`
	Status   string            `json:"status"`
	Done     int               `json:"done"`
	Total    int               `json:"total"`
	Text     string            `json:"text"`
	Pace     string            `json:"pace"`
	Left     string            `json:"left"`
	Counts   map[string]string `json:"counts"`
	Last     []shownOutcome    `json:"last"`
	Failures []shownOutcome    `json:"failures"`
}

// shownOutcome is one outcome in words.
type shownOutcome struct {
	Line    string `json:"line"`
	Update  string `json:"update"`
	Class   string `json:"class"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

// events streams the progress of the run, and tells of every other change.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	l, live := s.lang(r), s.Bench.Live()
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	for {
		v, changed := live.look()
		text, err := json.Marshal(s.progress(l, &v))
		if err != nil {
			return err
		}
		c.SetWriteDeadline(time.Now().Add(2 * tellAfter)) // an http.Server takes it; nothing is lost where not
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
			return nil
		}
		if err := c.Flush(); err != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-time.After(tellEvery):
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-changed:
		case <-time.After(tellAfter):
		}
	}
}

// progress puts a view into words.
func (s *Server) progress(l lang, v *view) progress {
	p := progress{
		Revision: v.Revision, Upload: v.Upload, Phase: v.Phase, Done: v.Done, Total: v.Total,
		Text: l.say("progress", l.number(v.Done), l.number(v.Total)), Left: l.span(v.left()),
		Counts: map[string]string{}, Last: s.outcomes(l, v.Last), Failures: s.outcomes(l, v.Failures),
	}
	if n := v.pace(); n > 0 {
		p.Pace = l.say("perSecond", n)
	}
	if v.Phase != Idle {
		p.Status = l.say("p." + string(v.Phase))
		if v.Waiting != "" && v.Phase == Sending {
			p.Status = l.say("waiting", v.Waiting)
		}
	}
	for _, c := range batch.Classes {
		p.Counts[c.String()] = l.number(v.Counts[c])
	}
	return p
}

func (s *Server) outcomes(l lang, list []Happened) []shownOutcome {
	h := report.Head{Lang: l.String(), CodeWords: func(code string) string { return s.CodeWords(code, l.String()) }}
	out := make([]shownOutcome, 0, len(list))
	for _, o := range list {
		out = append(out, shownOutcome{
			Line: l.say("line", o.Task.Line), Update: l.say("update", o.Task.Update.Status, o.Task.Update.Bill),
			Class: o.Outcome.Class.String(), Name: l.class(o.Outcome.Class),
			Message: h.Message(report.Line{Row: &batch.Row{Line: o.Task.Line}, Outcome: o.Outcome}),
		})
	}
	return out
}
