package journal

import (
	"context"
	"fmt"
)

// Write remembers that a file of this SHA-256 is about to be written at path.
func (j *Journal) Write(path string, digest [32]byte) error {
	_, err := j.conn.ExecContext(context.Background(), "INSERT OR IGNORE INTO files (path, digest) VALUES (?, ?)", path, digest[:])
	if err != nil {
		return fmt.Errorf("writing to the journal: %w", understood(err))
	}
	return nil
}

// Wrote reports whether a file of this SHA-256 was ever written at path.
func (j *Journal) Wrote(path string, digest [32]byte) (bool, error) {
	var n int
	err := j.conn.QueryRowContext(context.Background(), "SELECT count(*) FROM files WHERE path = ? AND digest = ?", path, digest[:]).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("reading the journal: %w", understood(err))
	}
	return n > 0, nil
}
