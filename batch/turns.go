package batch

import (
	"io"
	"sync"
)

// window is how many tasks may wait for their bill. It bounds the memory of a
// run; within it, neighbours of one bill do not stop everybody else.
const window = 4096

// trust is how many updates may be started before one was accepted.
const trust = 5

// turns hands the tasks of a queue to the workers: those of one bill in queue
// order and one at a time, and none behind one that was not confirmed. It may
// be used by many goroutines at once.
type turns struct {
	mu    sync.Mutex
	moved sync.Cond
	queue Queue

	// All below is guarded by mu.
	ended   bool  // the queue has no more tasks
	stopped bool  // nothing more is to be started
	err     error // the queue's error

	ready  []Task            // their bill is free, and they are next
	busy   map[uint64][]Task // bills in work, and who waits behind each
	parked int               // tasks in busy and in ready
	failed map[uint64]bool   // bills in which an update was not confirmed

	started, finished int
	accepted          bool
}

func newTurns(q Queue) *turns {
	t := &turns{queue: q, busy: map[uint64][]Task{}, failed: map[uint64]bool{}}
	t.moved.L = &t.mu
	return t
}

// next waits for a task that may go now; false means that there is none left,
// or that the run is stopped.
func (t *turns) next() (Task, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		if t.stopped {
			return Task{}, false
		}
		if t.open() {
			if task, ok := t.take(); ok {
				t.started++
				return task, true
			}
			if t.ended && t.parked == 0 {
				return Task{}, false
			}
		}
		t.moved.Wait()
	}
}

// open reports whether one more may start: the first goes alone, and until
// one was accepted only a few do.
func (t *turns) open() bool {
	return t.accepted || t.started == 0 || t.finished > 0 && t.started < trust
}

// take gives a task whose bill is free, reading on in the queue if need be.
func (t *turns) take() (Task, bool) {
	if n := len(t.ready); n > 0 {
		task := t.ready[0]
		t.ready = t.ready[1:]
		t.parked--
		return task, true
	}
	for !t.ended && t.parked < window {
		task, err := t.queue.Next()
		if err != nil {
			t.end(err)
			break
		}
		if behind, busy := t.busy[task.Update.Bill]; busy {
			t.busy[task.Update.Bill] = append(behind, task)
			t.parked++
			continue
		}
		if t.held(task) {
			continue
		}
		t.busy[task.Update.Bill] = nil
		return task, true
	}
	return Task{}, false
}

func (t *turns) end(err error) {
	t.ended = true
	if err != io.EOF {
		t.err = err
		t.stopped = true
	}
	t.moved.Broadcast()
}

// held reports whether an earlier task of the bill was not confirmed. The note
// of that is dropped with the bill's last task.
func (t *turns) held(task Task) bool {
	if !t.failed[task.Update.Bill] {
		return false
	}
	if !task.More {
		delete(t.failed, task.Update.Bill)
	}
	return true
}

// done gives the turn of a task's bill on, or drops all who wait for it.
func (t *turns) done(task Task, confirmed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished++
	t.accepted = t.accepted || confirmed
	bill := task.Update.Bill
	behind := t.busy[bill]
	if !confirmed && task.More {
		t.failed[bill] = true
		for _, b := range behind {
			t.held(b)
		}
		t.parked -= len(behind)
		behind = nil
	}
	if len(behind) == 0 {
		delete(t.busy, bill)
	} else {
		t.ready = append(t.ready, behind[0])
		t.busy[bill] = behind[1:]
	}
	t.moved.Broadcast()
}

// stop makes next say no from now on.
func (t *turns) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.moved.Broadcast()
}
