package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"billmark/batch"
)

// statements are the writer's, prepared once.
type statements struct {
	begin, commit, rollback *sql.Stmt
	insert, update, find    *sql.Stmt
	setTally, addNote       *sql.Stmt
}

const columns = "bill, status, date, rpo, occurrence, open, class, reason, code, text, seq, attempts, posted, begun, finished, run, line"

const byKey = " WHERE bill = ? AND status = ? AND date = ? AND rpo = ? AND occurrence = ?"

func (j *Journal) prepare() error {
	for _, p := range []struct {
		stmt  **sql.Stmt
		query string
	}{
		{&j.begin, "BEGIN IMMEDIATE"},
		{&j.commit, "COMMIT"},
		{&j.rollback, "ROLLBACK"},
		{&j.insert, "INSERT INTO updates (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"},
		{&j.update, "UPDATE updates SET open = ?, class = ?, reason = ?, code = ?, text = ?, seq = ?, attempts = ?, posted = ?, begun = ?, finished = ?" + byKey},
		{&j.find, "SELECT " + columns + " FROM updates" + byKey},
		{&j.setTally, "UPDATE tally SET commits = ?, updates = ?, digest = ?, seq = ?"},
		{&j.addNote, "INSERT INTO notes (at, bill, text) VALUES (?, ?, ?)"},
	} {
		var err error
		if *p.stmt, err = j.conn.PrepareContext(context.Background(), p.query); err != nil {
			return err
		}
	}
	return nil
}

// close lets go of what was prepared; a statement left open would keep the
// file locked.
func (s *statements) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{s.begin, s.commit, s.rollback, s.insert, s.update, s.find, s.setTally, s.addNote} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

func (j *Journal) exec(s *sql.Stmt, args ...any) error {
	_, err := s.ExecContext(context.Background(), args...)
	return err
}

// changed runs a statement and counts the rows that it changed.
func changed(s *sql.Stmt, args ...any) (int64, error) {
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertRow adds a row and keeps the tally true; it reports false if there is
// one with this key already.
func (j *Journal) insertRow(r *row) (bool, error) {
	u := &r.update
	n, err := changed(j.insert, int64(u.Bill), int64(u.Status), u.Date, u.RPO, int64(u.Occurrence),
		flag(r.open), int64(r.class), int64(r.reason), r.code, r.text, r.seq, r.attempts, flag(r.posted),
		r.begun, r.finished, r.run, r.line)
	if err != nil || n == 0 {
		return false, err
	}
	r.stored = r.digest()
	j.tally.updates++
	j.tally.digest += r.stored
	return true, nil
}

// updateRow changes a row that is there and keeps the tally true.
func (j *Journal) updateRow(r *row) error {
	u := &r.update
	n, err := changed(j.update, flag(r.open), int64(r.class), int64(r.reason), r.code, r.text, r.seq, r.attempts, flag(r.posted),
		r.begun, r.finished, int64(u.Bill), int64(u.Status), u.Date, u.RPO, int64(u.Occurrence))
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: the record of %s vanished", batch.ErrDamaged, r.update)
	}
	d := r.digest()
	j.tally.digest += d - r.stored
	r.stored = d
	return nil
}

// findRow reads the row with r's key; sql.ErrNoRows if there is none.
func (j *Journal) findRow(r *row) error {
	u := &r.update
	err := r.scan(j.find.QueryRowContext(context.Background(), int64(u.Bill), int64(u.Status), u.Date, u.RPO, int64(u.Occurrence)))
	if err == nil {
		r.stored = r.digest()
	}
	return err
}

// scan fills r from a row of columns.
func (r *row) scan(from interface{ Scan(...any) error }) error {
	u := &r.update
	var open, posted int64
	err := from.Scan(&u.Bill, &u.Status, &u.Date, &u.RPO, &u.Occurrence, &open, &r.class, &r.reason, &r.code, &r.text,
		&r.seq, &r.attempts, &posted, &r.begun, &r.finished, &r.run, &r.line)
	r.open, r.posted = open != 0, posted != 0
	return err
}
