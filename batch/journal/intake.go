package journal

import (
	"sync"
	"time"
)

// intake is where callers leave their changes for the writer. To wake it costs
// more than to take in a change, so it says how many are worth waking for.
type intake struct {
	wake chan struct{} // holds one

	mu     sync.Mutex
	list   []*entry
	enough int // wake the writer when so many wait; 0 while it is awake
	closed bool
}

func newIntake() *intake { return &intake{wake: make(chan struct{}, 1)} }

// add leaves a change.
func (q *intake) add(e *entry) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	q.list = append(q.list, e)
	q.rouse()
	return nil
}

// close lets the writer end once it has taken what is there.
func (q *intake) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.rouse()
}

func (q *intake) rouse() {
	if q.enough > 0 && (len(q.list) >= q.enough || q.closed) {
		q.enough = 0
		q.wake <- struct{}{}
	}
}

// wait waits until so many changes are there, or until the timeout if there is
// one. It is for the writer alone.
func (q *intake) wait(enough int, timeout <-chan time.Time) {
	q.mu.Lock()
	if len(q.list) >= enough || q.closed {
		q.mu.Unlock()
		return
	}
	q.enough = enough
	q.mu.Unlock()
	select {
	case <-q.wake:
		return
	case <-timeout:
	}
	q.mu.Lock()
	if q.enough == 0 { // it was woken all the same
		<-q.wake
	}
	q.enough = 0
	q.mu.Unlock()
}

// take swaps what is there for an empty list; false says that there will never
// be anything again. It is for the writer alone.
func (q *intake) take(empty []*entry) ([]*entry, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = empty
	return list, len(list) > 0 || !q.closed
}
