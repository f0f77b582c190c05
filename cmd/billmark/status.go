package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"billmark/batch"
)

// status is what --status-file tells other programs of a run. done, total and
// the counts are of the updates that this run sends, until it has finished:
// then summary tells of all rows.
type status struct {
	State       string       `json:"state"` // running, waiting, finished or stopped
	File        string       `json:"file"`
	Account     string       `json:"account"`
	Run         int64        `json:"run"`
	PID         int          `json:"pid"`
	Done        int          `json:"done"`
	Total       int          `json:"total"`
	Confirmed   int          `json:"confirmed"`
	Rejected    int          `json:"rejected"`
	Unsent      int          `json:"unsent"`
	Unverified  int          `json:"unverified"`
	Unknown     int          `json:"unknown"`
	Rate        float64      `json:"rate"`         // updates a second
	SecondsLeft *float64     `json:"seconds_left"` // null if nobody can say
	WaitingFor  string       `json:"waiting_for"`  // pace, retry, reply, network, api, or empty
	StartedAt   string       `json:"started_at"`
	UpdatedAt   string       `json:"updated_at"`
	Exit        *int         `json:"exit"`    // null until it ended
	Summary     *summaryJSON `json:"summary"` // null until it ended, or if there is none
}

// snapshot is the status now, but for what never changes.
func (p *progress) snapshot() status {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	s := status{
		State: "running", Done: p.done, Total: p.total, Confirmed: p.counts[batch.Confirmed], Rejected: p.counts[batch.Rejected],
		Unsent: p.counts[batch.Unsent], Unverified: p.counts[batch.Unverified], Unknown: p.counts[batch.Unknown],
		Rate: p.tempo.rate(now, p.done), WaitingFor: p.waitingFor(now),
	}
	if s.WaitingFor == waitNetwork || s.WaitingFor == waitAPI {
		s.State = "waiting"
	} else if left, ok := p.tempo.left(now, p.done, p.total); ok {
		seconds := left.Round(time.Second).Seconds()
		s.SecondsLeft = &seconds
	}
	return s
}

// statusFile writes the status of one run. That it cannot be written is warned of
// once and changes nothing. It may be used by many goroutines at once.
type statusFile struct {
	path string
	err  io.Writer
	base status

	mu            sync.Mutex
	last          status
	warned, ended bool
}

func (d *desk) newStatus(run int64, total int) *statusFile {
	return &statusFile{path: d.s.statusFile, err: d.c.err, base: status{
		File: d.copy.name, Account: d.s.account, Run: run, PID: os.Getpid(), StartedAt: d.started.UTC().Format(time.RFC3339),
	}, last: status{Total: total}}
}

// keep notes a status to be written at the end.
func (f *statusFile) keep(s status) {
	f.put(func() bool {
		f.last = s
		return false
	})
}

// write replaces the file with a new status, unless the last one stands there.
func (f *statusFile) write(s status) {
	f.put(func() bool {
		if !f.ended {
			f.last = s
		}
		return !f.ended
	})
}

// end writes the last status.
func (f *statusFile) end(code int, summary *summaryJSON) {
	f.put(func() bool {
		f.last.State, f.last.WaitingFor, f.last.SecondsLeft, f.last.Exit, f.last.Summary = "finished", "", nil, &code, summary
		if code != exitDone && code != exitFailures && code != exitDoubts {
			f.last.State = "stopped"
		}
		f.ended = true
		return true
	})
}

// put writes what change has made of the status, if that says so.
func (f *statusFile) put(change func() bool) {
	f.mu.Lock()
	var err error
	if change() {
		s := f.last
		s.File, s.Account, s.Run, s.PID, s.StartedAt = f.base.File, f.base.Account, f.base.Run, f.base.PID, f.base.StartedAt
		s.UpdatedAt = time.Now().UTC().Format(time.RFC3339)
		err = replaceFile(f.path, s)
	}
	warn := err != nil && !f.warned
	f.warned = f.warned || warn
	f.mu.Unlock()
	if warn { // who writes it may get stuck
		fmt.Fprintf(f.err, "billmark: warning: --status-file: %v; the run is not affected\n", err)
	}
}

// replaceFile writes a small file that readers find whole, old or new. It does
// not outlive a power cut, and need not.
func replaceFile(path string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".billmark-part")
	if err := os.WriteFile(part, append(text, '\n'), 0o666); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		os.Remove(part)
		return err
	}
	return nil
}
