package journal

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"

	"billmark/batch"
)

// Scan implements batch.Journal. It must not be called during a run. The
// record is valid until the callback returns. That every record came, and
// unchanged, is known only when Scan returns nil.
func (j *Journal) Scan(give func(*batch.Record) error) error {
	if err := j.scanAll(give); err != nil {
		return fmt.Errorf("reading the journal %s: %w", j.path, understood(err))
	}
	return nil
}

func (j *Journal) scanAll(give func(*batch.Record) error) error {
	manifests, err := j.manifests()
	if err != nil {
		return err
	}
	var seen tally
	var rec batch.Record
	known := newHeard()
	err = j.eachRow(func(r *row) error {
		known.add(&r.update)
		seen.updates++
		seen.digest += r.digest()
		r.record(&rec)
		rec.Manifest = manifests[r.run]
		return give(&rec)
	})
	if err != nil {
		return err
	}
	if seen.updates != j.tally.updates || seen.digest != j.tally.digest {
		return fmt.Errorf("%w: %d records were written, and what is there now (%d) is not the same",
			batch.ErrDamaged, j.tally.updates, seen.updates)
	}
	j.heard = known
	return nil
}

// eachRow reads the table past database/sql, whose conversions would take
// longer than all else: a journal may hold millions of records, and each
// command reads all of them.
func (j *Journal) eachRow(give func(*row) error) error {
	return j.conn.Raw(func(c any) error {
		rows, err := c.(driver.QueryerContext).QueryContext(context.Background(), "SELECT "+columns+" FROM updates", nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		var r row
		for {
			if err := rows.Next(values); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := r.take(values); err != nil {
				return err
			}
			if err := give(&r); err != nil {
				return err
			}
		}
	})
}

// take fills r from a row of columns.
func (r *row) take(values []driver.Value) error {
	t := taker{values: values}
	u := &r.update
	u.Bill, u.Status, u.Date, u.RPO, u.Occurrence = uint64(t.number()), batch.Status(t.number()), t.number(), t.text(), int(t.number())
	state := t.text()
	if t.err != nil {
		return t.err
	}
	return r.parseState(state)
}

// taker takes typed values off a row; a value of another type is damage.
type taker struct {
	values []driver.Value
	err    error
}

func (t *taker) number() int64 {
	n, ok := t.next().(int64)
	if !ok {
		t.err = errState
	}
	return n
}

func (t *taker) text() string {
	s, ok := t.next().(string)
	if !ok {
		t.err = errState
	}
	return s
}

func (t *taker) next() driver.Value {
	v := t.values[0]
	t.values = t.values[1:]
	return v
}

// manifests gives the digest of every run's manifest.
func (j *Journal) manifests() (map[int64][32]byte, error) {
	rows, err := j.conn.QueryContext(context.Background(), "SELECT id, digest FROM runs")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64][32]byte{}
	for rows.Next() {
		var id int64
		var digest []byte
		if err := rows.Scan(&id, &digest); err != nil {
			return nil, err
		}
		all[id] = [32]byte(append(digest, make([]byte, 32)...))
	}
	return all, rows.Err()
}
