// Package journal is the durable memory of one account at one API address: an
// SQLite file that knows every update ever begun and what became of it. What
// it has accepted survives a kill and a power cut: changes are written and
// flushed before a call returns, those of concurrent callers in one group. They
// go to a file beside it first, the tail, and come into the table many groups at
// a time, and at the end.
//
// It decides nothing: which updates may be sent is package batch's to say. It
// does refuse to forget. Beside SQLite's own checks it keeps a sum over all
// records, and beside the file a count of what was committed, so that a
// damaged, cut or outdated journal is refused and never guessed over.
//
// One process at a time uses a journal. In the flow it stands under batch:
// Begin before a request, End after it.
package journal

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite" // also registers the driver

	"billmark/batch"
)

//go:embed schema.sql
var schema string

const (
	applicationID = 0x62696c6c // "bill"
	schemaVersion = 3
)

// Identity is what a journal belongs to.
type Identity struct {
	Account string
	API     string
	// Zone is the time zone that the user asks for; "" if he asks for none.
	Zone string
	// DefaultZone is for a journal's first use without a Zone.
	DefaultZone string
}

// The errors of Open that callers tell apart. ErrDamaged of package batch is
// another.
var (
	// ErrForeign: the journal belongs to another account, address or zone.
	ErrForeign = errors.New("the journal belongs to another account, API address or time zone")
	// ErrZone is the ErrForeign of a time zone.
	ErrZone = fmt.Errorf("%w", ErrForeign)
	// ErrNotJournal: the file is no journal, or one of a newer version.
	ErrNotJournal = errors.New("not a journal that this version can use")
	// ErrNetwork: the journal lies on a network folder.
	ErrNetwork = errors.New("a journal may not lie on a network folder")
	// ErrDisk: the disk does not take or give what it should. Other calls
	// give it, too.
	ErrDisk = errors.New("the disk is full or fails")
)

// InUse is the error of Open when another process has the journal.
type InUse struct {
	Path string
	// PID and Since are the other process's, zero if they cannot be told.
	PID   int
	Since time.Time
}

func (e *InUse) Error() string {
	if e.PID == 0 {
		return "the journal is in use by another process"
	}
	return fmt.Sprintf("the journal is in use by process %d since %s", e.PID, e.Since.Local().Format("15:04"))
}

// Journal is an open journal; it implements batch.Journal and may be used by
// many goroutines at once.
type Journal struct {
	path string
	zone string
	lock *lock
	seen *seen
	tail *tail
	// company is what lay beside the file when it was opened.
	company company
	db      *sql.DB
	conn    *sql.Conn

	intake  *intake
	writer  sync.WaitGroup
	closing sync.Once
	closed  error

	// All below belongs to the writer's goroutine; before it starts, to Open.
	statements
	tally  tally
	heard  *heard                // filled by Scan
	open   map[batch.Update]*row // in flight
	flying []byte                // open, as it is written
	fresh  []*row                // ended, and not in the table yet
	free   []*row                // of no more use
	failed error
}

// Open opens the journal at path, or makes it. Only this process can use it
// until Close.
func Open(path string, id Identity) (*Journal, error) {
	j, err := open(path, id)
	if err != nil {
		err = understood(err)
		var other *InUse
		if errors.As(err, &other) && other.Path == "" {
			other.Path = path
		}
		return nil, fmt.Errorf("opening the journal %s: %w", path, err)
	}
	return j, nil
}

func open(path string, id Identity) (*Journal, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // what belongs to it lies beside the file itself
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := local(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := recognize(path); err != nil { // before anything is made beside it
		return nil, err
	}
	lock, err := take(path)
	if err != nil {
		return nil, err
	}
	beside := companyOf(path)
	if beside.bereft(path) { // before anything is made or opened
		return nil, errors.Join(taken(path), lock.release())
	}
	j := &Journal{path: path, lock: lock, open: map[batch.Update]*row{}, flying: []byte{}, intake: newIntake(), company: beside}
	if j.seen, err = openSeen(path); err != nil {
		return nil, errors.Join(err, j.release())
	}
	for _, step := range []func() error{j.connect, func() error { return j.identify(id) }, j.occupy, j.prepare, j.load, j.seen.claim, j.adopt, j.ground} {
		if err := step(); err != nil {
			return nil, errors.Join(err, j.release())
		}
	}
	j.writer.Go(j.write)
	return j, nil
}

// connect opens the one connection that is ever used. Nobody but its owner
// may read the file.
func (j *Journal) connect() error {
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	// As SQLite is built for every Linux distribution: the times of a file need
	// no flush. Where the system knows no such thing, nothing changes.
	sqlite.Fdatasync(true)
	// Exclusive locking: whoever reaches the file by another name, past our own
	// lock, can neither read nor write it.
	q := url.Values{"_pragma": {
		"locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(FULL)", "cell_size_check(1)",
		"fullfsync(1)", "checkpoint_fullfsync(1)", "cache_size(-1024)", "temp_store(MEMORY)", "journal_size_limit(16777216)", "foreign_keys(0)",
	}}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(j.path), RawQuery: q.Encode()}
	if j.db, err = sql.Open("sqlite", uri.String()); err != nil {
		return err
	}
	j.db.SetMaxOpenConns(1)
	j.conn, err = j.db.Conn(context.Background())
	return err
}

// identify makes the tables of a new journal, or holds an old one against what
// the caller says it is.
func (j *Journal) identify(id Identity) error {
	var app, version, tables int
	if err := j.scan("SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)",
		&app, &version, &tables); err != nil {
		return err
	}
	switch {
	case app == 0 && version == 0 && tables == 0 && (j.company.tail || j.company.seen):
		return taken(j.path)
	case app == 0 && version == 0 && tables == 0: // before ground nothing is begun
		if err := j.create(id); err != nil {
			return err
		}
	case app != applicationID:
		return ErrNotJournal
	case version != schemaVersion:
		return fmt.Errorf("%w: it is of version %d, this program knows %d", ErrNotJournal, version, schemaVersion)
	}
	return j.belongs(id)
}

// create is one transaction: a journal is there whole or not at all.
func (j *Journal) create(id Identity) error {
	zone := id.Zone
	if zone == "" {
		zone = id.DefaultZone
	}
	now := time.Now().Unix()
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"BEGIN IMMEDIATE", nil},
		{schema, nil},
		{fmt.Sprintf("PRAGMA application_id = %d", applicationID), nil},
		{fmt.Sprintf("PRAGMA user_version = %d", schemaVersion), nil},
		{
			"INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?)",
			[]any{id.Account, id.API, zone, now, int64(identityDigest(id.Account, id.API, zone, now))},
		},
		{"INSERT INTO tally VALUES (1, 0, 0, 0, 0, x'', ?)", []any{int64(new(tally).seal(nil))}},
		{"INSERT INTO use VALUES (1, 0)", nil},
		{"COMMIT", nil},
	} {
		if _, err := j.conn.ExecContext(context.Background(), step.query, step.args...); err != nil {
			return fmt.Errorf("making its tables: %w", err)
		}
	}
	return nil
}

// belongs refuses a journal of another account, address or time zone.
func (j *Journal) belongs(id Identity) error {
	var account, api, zone string
	var created, digest int64
	if err := j.scan("SELECT account, api, zone, created, digest FROM identity", &account, &api, &zone, &created, &digest); err != nil {
		return err
	}
	switch {
	case uint64(digest) != identityDigest(account, api, zone, created):
		return fmt.Errorf("%w: its identity was changed", batch.ErrDamaged)
	case account != id.Account:
		return fmt.Errorf("%w: it is of account %q, not %q", ErrForeign, account, id.Account)
	case api != id.API:
		return fmt.Errorf("%w: it is of %s, not %s", ErrForeign, api, id.API)
	case id.Zone != "" && zone != id.Zone:
		return fmt.Errorf("%w: it was begun with time zone %s, not %s; another one would make every update look new", ErrZone, zone, id.Zone)
	}
	j.zone = zone
	return nil
}

// Zone is the time zone the journal was begun with.
func (j *Journal) Zone() string { return j.zone }

// Path is where the journal lies.
func (j *Journal) Path() string { return j.path }

// Close writes what is still to be written and lets others use the journal.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.intake.close()
		j.writer.Wait()
		if j.failed == nil {
			j.failed = j.leave()
			j.closed = j.failed
		}
		j.closed = errors.Join(j.closed, j.release())
	})
	return j.closed
}

func (j *Journal) release() error {
	errs := []error{j.statements.close()}
	if j.conn != nil {
		errs = append(errs, j.conn.Close())
	}
	if j.db != nil {
		errs = append(errs, j.db.Close())
	}
	if j.seen != nil {
		errs = append(errs, j.seen.close())
	}
	if j.tail != nil {
		errs = append(errs, j.tail.close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.release())
	}
	return errors.Join(errs...)
}

// scan reads one row.
func (j *Journal) scan(query string, dest ...any) error {
	err := j.conn.QueryRowContext(context.Background(), query).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: a table is empty", batch.ErrDamaged)
	}
	return err
}

// understood marks SQLite's own findings of damage and of a disk that fails.
func understood(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	const busy, ioError, corrupt, full, notADatabase = 5, 10, 11, 13, 26
	switch e.Code() & 0xff {
	case busy: // by another name of the same file
		return &InUse{}
	case corrupt, notADatabase:
		return fmt.Errorf("%w: %w", batch.ErrDamaged, err)
	case ioError, full:
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	return err
}

// signed scans SQLite's signed integers into unsigned ones.
type signed uint64

// Scan implements sql.Scanner.
func (s *signed) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("%w: a number is a %T", batch.ErrDamaged, src)
	}
	*s = signed(n)
	return nil
}
