package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"

	"billmark/batch"
)

// statements are the writer's, prepared once. They are used at the driver's
// level, for what database/sql does with every value costs as much as SQLite
// itself; and only within a transaction, which has the connection for itself.
type statements struct {
	begin, commit, rollback statement
	inserts                 [6]statement // of 1, 2, 4, 8, 16 and 32 rows
	update, find            statement
	setTally, addNote       statement
	pending                 []*row // to be inserted
	free                    []*row // inserted, and of no more use
	found                   [1]driver.Value
	scratch                 []byte
}

// statement is a prepared statement and room for its values.
type statement struct {
	driver.Stmt
	args []driver.NamedValue
}

const columns = "bill, status, date, rpo, occurrence, state"

const byKey = " WHERE bill = ? AND status = ? AND date = ? AND rpo = ? AND occurrence = ?"

func (j *Journal) prepare() error {
	return j.alone(func(c driver.Conn) error {
		for _, p := range []struct {
			into  *statement
			query string
		}{
			{&j.begin, "BEGIN IMMEDIATE"},
			{&j.commit, "COMMIT"},
			{&j.rollback, "ROLLBACK"},
			{&j.update, "UPDATE updates SET state = ?" + byKey},
			{&j.find, "SELECT state FROM updates" + byKey},
			{&j.setTally, "UPDATE tally SET commits = ?, updates = ?, digest = ?, seq = ?, open = ?, seal = ?"},
			{&j.addNote, "INSERT INTO notes (at, bill, text) VALUES (?, ?, ?)"},
		} {
			if err := p.into.prepare(c, p.query); err != nil {
				return err
			}
		}
		return j.prepareInserts(c)
	})
}

// prepareInserts prepares for all numbers of rows: a statement costs as much as
// some rows do. A row that is there already undoes the transaction, which
// would not be committed in any case: so SQLite need not be able to undo the
// statement alone.
func (j *Journal) prepareInserts(c driver.Conn) error {
	for i := range j.inserts {
		rows := strings.Repeat(",(?,?,?,?,?,?)", 1<<i)
		if err := j.inserts[i].prepare(c, "INSERT OR ROLLBACK INTO updates ("+columns+") VALUES "+rows[1:]); err != nil {
			return err
		}
	}
	return nil
}

// alone gives the connection, which nobody else uses meanwhile.
func (j *Journal) alone(do func(driver.Conn) error) error {
	return j.conn.Raw(func(c any) error { return do(c.(driver.Conn)) })
}

func (s *statement) prepare(c driver.Conn, query string) error {
	stmt, err := c.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil { // the driver's nil is none that can be told from a statement
		return err
	}
	s.Stmt = stmt
	s.args = make([]driver.NamedValue, strings.Count(query, "?"))
	for i := range s.args {
		s.args[i].Ordinal = i + 1
	}
	return nil
}

// set puts values at a place among the statement's parameters.
func (s *statement) set(at int, values ...driver.Value) {
	for i, v := range values {
		s.args[at+i].Value = v
	}
}

// exec runs the statement and counts the rows that it changed.
func (s *statement) exec() (int64, error) {
	res, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// close lets go of what was prepared; a statement left open would keep the
// file locked.
func (s *statements) close() error {
	var errs []error
	all := []*statement{&s.begin, &s.commit, &s.rollback, &s.update, &s.find, &s.setTally, &s.addNote}
	for i := range s.inserts {
		all = append(all, &s.inserts[i])
	}
	for _, stmt := range all {
		if stmt.Stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(errs...)
}

// insertRow adds a row, at the latest before the next look or change, and
// keeps the tally true.
func (j *Journal) insertRow(r *row) error {
	r.stored = r.digest()
	j.tally.updates++
	j.tally.digest += r.stored
	j.heard.add(&r.update)
	j.pending = append(j.pending, r)
	return nil
}

// insertPending adds the rows that wait for it. One that is there already
// fails the transaction.
func (j *Journal) insertPending() error {
	rows := j.pending
	j.pending, j.free = j.pending[:0], append(j.free[:0], rows...)
	for len(rows) > 0 {
		size := min(bits.Len(uint(len(rows))), len(j.inserts)) - 1
		s, n := &j.inserts[size], 1<<size
		for i, r := range rows[:n] {
			r.setKey(s, i*6)
			s.set(i*6+5, j.state(r))
		}
		if _, err := s.exec(); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// state gives a row's state as the table holds it.
func (j *Journal) state(r *row) string {
	j.scratch = r.appendState(j.scratch[:0])
	return string(j.scratch)
}

// setKey fills in the key.
func (r *row) setKey(s *statement, at int) {
	u := &r.update
	s.set(at, int64(u.Bill), int64(u.Status), u.Date, u.RPO, int64(u.Occurrence))
}

// updateRow changes a row that is there and keeps the tally true.
func (j *Journal) updateRow(r *row) error {
	if err := j.insertPending(); err != nil {
		return err
	}
	j.update.set(0, j.state(r))
	r.setKey(&j.update, 1)
	n, err := j.update.exec()
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
	if err := j.insertPending(); err != nil {
		return err
	}
	r.setKey(&j.find, 0)
	rows, err := j.find.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), j.find.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := rows.Next(j.found[:]); err == io.EOF {
		return sql.ErrNoRows
	} else if err != nil {
		return err
	}
	state, ok := j.found[0].(string)
	if !ok {
		return errState
	}
	if err := r.parseState(state); err != nil {
		return err
	}
	r.stored = r.digest()
	return nil
}
