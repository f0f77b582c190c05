package journal

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"billmark/batch"
)

// statements are the writer's, prepared once. They are used at the driver's
// level, for what database/sql does with every value costs as much as SQLite
// itself; and only while nobody else has the connection.
type statements struct {
	begin, commitNow, rollback statement
	inserts                    [6]statement // of 1, 2, 4, 8, 16 and 32 rows
	update, look               statement
	setTally, addNote          statement
	found                      [1]driver.Value
	scratch                    []byte
}

// statement is a prepared statement and room for its values.
type statement struct {
	driver.Stmt
	args []driver.NamedValue
}

const columns = "ask, state"

func (j *Journal) prepare() error {
	return j.alone(func(c driver.Conn) error {
		for _, p := range []struct {
			into  *statement
			query string
		}{
			{&j.begin, "BEGIN IMMEDIATE"},
			{&j.commitNow, "COMMIT"},
			{&j.rollback, "ROLLBACK"},
			{&j.update, "UPDATE updates SET state = ? WHERE ask = ?"},
			{&j.look, "SELECT state FROM updates WHERE ask = ?"},
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
		rows := strings.Repeat(",(?,?)", 1<<i)
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
	all := []*statement{&s.begin, &s.commitNow, &s.rollback, &s.update, &s.look, &s.setTally, &s.addNote}
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

// storeFresh brings the fresh rows into the table, those of one bill side by
// side, and keeps the tally true.
func (j *Journal) storeFresh() error {
	slices.SortFunc(j.fresh, inOrder)
	var added []*row
	for _, r := range j.fresh {
		d := r.digest()
		j.tally.digest += d - r.stored
		if r.stored == 0 {
			added = append(added, r)
		} else if err := j.updateRow(r); err != nil {
			return err
		}
		r.stored = d
	}
	j.tally.updates += int64(len(added))
	return j.insertRows(added)
}

func inOrder(a, b *row) int {
	x, y := &a.update, &b.update
	return cmp.Or(cmp.Compare(x.Bill, y.Bill), cmp.Compare(x.Status, y.Status), cmp.Compare(x.Date, y.Date),
		cmp.Compare(x.RPO, y.RPO), cmp.Compare(x.Occurrence, y.Occurrence))
}

// insertRows adds rows. One that is there already fails the transaction.
func (j *Journal) insertRows(rows []*row) error {
	for len(rows) > 0 {
		size := min(bits.Len(uint(len(rows))), len(j.inserts)) - 1
		s, n := &j.inserts[size], 1<<size
		for i, r := range rows[:n] {
			s.set(i*2, j.ask(r), j.state(r))
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

// ask gives a row's key as the table holds it.
func (j *Journal) ask(r *row) string {
	j.scratch = appendAsk(j.scratch[:0], &r.update)
	return string(j.scratch)
}

// updateRow changes a row that is there.
func (j *Journal) updateRow(r *row) error {
	j.update.set(0, j.state(r), j.ask(r))
	n, err := j.update.exec()
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: the record of %s vanished", batch.ErrDamaged, r.update)
	}
	return nil
}

// findRow reads the row with r's key; sql.ErrNoRows if there is none.
func (j *Journal) findRow(r *row) error {
	j.look.set(0, j.ask(r))
	rows, err := j.look.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), j.look.args)
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
