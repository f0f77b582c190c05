package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"billmark/batch"
)

// Scan implements batch.Journal. It must not be called during a run. The
// record is valid until the callback returns. That every record came, and
// unchanged, is known only when Scan returns nil. Once the journal has failed it
// gives what the next process will find.
func (j *Journal) Scan(give func(*batch.Record) error) error {
	outside, err := j.outside()
	if err == nil {
		err = j.scanAll(outside, give)
	}
	if err != nil {
		return fmt.Errorf("reading the journal %s: %w", j.path, understood(err))
	}
	return nil
}

// outside is what the table does not hold: what is in flight, and once the
// journal has failed all that can be read from what was written. While there is
// no run the writer rests, so that what is its own can be looked at from here.
func (j *Journal) outside() (map[batch.Update]*row, error) {
	err := j.Fold()
	if err == nil || errors.Is(err, errClosed) {
		return j.open, err
	}
	n, err := j.newest(new(tally))
	switch {
	case err != nil:
		return nil, err
	case n.commits < j.tally.commits:
		return nil, fmt.Errorf("%w: its last %d of %d entries are missing", batch.ErrDamaged, j.tally.commits-n.commits, j.tally.commits)
	}
	return n.rows, nil
}

// scanAll gives what the table holds, and instead of that what is known outside.
func (j *Journal) scanAll(outside map[batch.Update]*row, give func(*batch.Record) error) error {
	manifests, err := j.manifests()
	if err != nil {
		return err
	}
	var seen tally
	var rec batch.Record
	pass := func(r *row) error {
		r.record(&rec)
		rec.Manifest = manifests[r.run]
		return give(&rec)
	}
	known := newHeard()
	err = j.eachRow(func(r *row) error {
		known.add(&r.update)
		seen.updates++
		seen.digest += r.digest()
		if _, newer := outside[r.update]; newer {
			return nil
		}
		return pass(r)
	})
	if err != nil {
		return err
	}
	if seen.updates != j.tally.updates || seen.digest != j.tally.digest {
		return fmt.Errorf("%w: %d records were written, and what is there now (%d) is not the same",
			batch.ErrDamaged, j.tally.updates, seen.updates)
	}
	for _, r := range outside {
		known.add(&r.update)
		if err := pass(r); err != nil {
			return err
		}
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
	ask, ok := values[0].(string)
	state, is := values[1].(string)
	if !ok || !is {
		return errState
	}
	if err := parseAsk(ask, &r.update); err != nil {
		return err
	}
	return r.parseState(state)
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
