package journal

import (
	"context"
	"fmt"

	"billmark/batch"
)

// Scan implements batch.Journal. It must not be called during a run. The
// record is valid until the callback returns. That every record came, and
// unchanged, is known only when Scan returns nil.
func (j *Journal) Scan(give func(*batch.Record) error) error {
	if err := j.scanAll(give); err != nil {
		return fmt.Errorf("reading the journal %s: %w", j.path, damaged(err))
	}
	return nil
}

func (j *Journal) scanAll(give func(*batch.Record) error) error {
	manifests, err := j.manifests()
	if err != nil {
		return err
	}
	rows, err := j.conn.QueryContext(context.Background(), "SELECT "+columns+" FROM updates")
	if err != nil {
		return err
	}
	defer rows.Close()
	var seen tally
	var r row
	var rec batch.Record
	for rows.Next() {
		if err := r.scan(rows); err != nil {
			return fmt.Errorf("%w: a record cannot be read: %w", batch.ErrDamaged, err)
		}
		seen.updates++
		seen.digest += r.digest()
		r.record(&rec)
		rec.Manifest = manifests[r.run]
		if err := give(&rec); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if seen.updates != j.tally.updates || seen.digest != j.tally.digest {
		return fmt.Errorf("%w: %d records were written, and what is there now (%d) is not the same",
			batch.ErrDamaged, j.tally.updates, seen.updates)
	}
	return nil
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
