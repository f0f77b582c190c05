package journal

import (
	"context"
	"fmt"
	"time"

	"billmark/batch"
)

// StartRun implements batch.Journal.
func (j *Journal) StartRun(r batch.Run) (int64, error) {
	res, err := j.conn.ExecContext(context.Background(),
		"INSERT INTO runs (file, digest, version, again, started, rows) VALUES (?, ?, ?, ?, ?, ?)",
		r.File, r.Digest[:], r.Version, r.Again, r.Started.Unix(), r.Summary.Rows)
	if err != nil {
		return 0, fmt.Errorf("writing to the journal: %w", understood(err))
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	// The commit is noted beside the journal: should the log be removed that
	// holds the run, it will be missed.
	return id, j.submit(entry{kind: mark})
}

// FinishRun implements batch.Journal.
func (j *Journal) FinishRun(run int64, s batch.Summary) error {
	_, err := j.conn.ExecContext(context.Background(), `UPDATE runs SET finished = ?, rows = ?, confirmed = ?, rejected = ?,
		invalid = ?, unsent = ?, unverified = ?, unknown = ?, skipped = ?, requests = ?, stopped = ? WHERE id = ?`,
		s.Finished.Unix(), s.Rows, s.Counts[batch.Confirmed], s.Counts[batch.Rejected], s.Counts[batch.Invalid],
		s.Counts[batch.Unsent], s.Counts[batch.Unverified], s.Counts[batch.Unknown], s.Counts[batch.Skipped],
		s.Requests, s.Stopped, run)
	if err != nil {
		return fmt.Errorf("writing to the journal: %w", understood(err))
	}
	return nil
}

// Runs gives the runs that the journal knows, oldest first. A run without
// Finished was killed, or is still going on.
func (j *Journal) Runs() ([]batch.Run, error) {
	rows, err := j.conn.QueryContext(context.Background(), `SELECT id, file, digest, version, again, started, finished, rows,
		confirmed, rejected, invalid, unsent, unverified, unknown, skipped, requests, stopped FROM runs ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", understood(err))
	}
	defer rows.Close()
	var runs []batch.Run
	for rows.Next() {
		var r batch.Run
		var digest []byte
		var started, finished int64
		s := &r.Summary
		if err := rows.Scan(&r.ID, &r.File, &digest, &r.Version, &r.Again, &started, &finished, &s.Rows,
			&s.Counts[batch.Confirmed], &s.Counts[batch.Rejected], &s.Counts[batch.Invalid], &s.Counts[batch.Unsent],
			&s.Counts[batch.Unverified], &s.Counts[batch.Unknown], &s.Counts[batch.Skipped], &s.Requests, &s.Stopped); err != nil {
			return nil, fmt.Errorf("reading the journal: %w", understood(err))
		}
		copy(r.Digest[:], digest)
		r.Started = time.Unix(started, 0).UTC()
		if finished != 0 {
			r.Finished = time.Unix(finished, 0).UTC()
		}
		s.Run, s.Started, s.Finished = r.ID, r.Started, r.Finished
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// Note is what was decided on an update by a person, or by reading its order
// back.
type Note struct {
	At   time.Time
	Bill uint64
	Text string // which update, what was decided, and who or what says so
}

// Notes gives all of them, oldest first.
func (j *Journal) Notes() ([]Note, error) {
	rows, err := j.conn.QueryContext(context.Background(), "SELECT at, bill, text FROM notes ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", understood(err))
	}
	defer rows.Close()
	var notes []Note
	for rows.Next() {
		var n Note
		var at, bill int64
		if err := rows.Scan(&at, &bill, &n.Text); err != nil {
			return nil, fmt.Errorf("reading the journal: %w", understood(err))
		}
		n.At, n.Bill = time.Unix(at, 0).UTC(), uint64(bill)
		notes = append(notes, n)
	}
	return notes, rows.Err()
}
