-- One account at one API address. Numbers for status, class and reason are
-- those of package batch; the view "journal" spells them out.

CREATE TABLE identity (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    account  TEXT NOT NULL,
    api      TEXT NOT NULL,
    zone     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    digest   INTEGER NOT NULL  -- over the columns above
) STRICT;

-- What must be true of the table updates; changed in every transaction.
CREATE TABLE tally (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    commits  INTEGER NOT NULL, -- transactions so far
    updates  INTEGER NOT NULL, -- rows in updates
    digest   INTEGER NOT NULL, -- sum of the digests of these rows
    seq      INTEGER NOT NULL, -- confirmations so far
    open     BLOB NOT NULL,    -- updates in flight; whoever opens the journal
                               -- after a kill enters them into updates
    seal     INTEGER NOT NULL  -- a digest of all above
) STRICT;

-- Whether a process has the journal, or was killed while it had. It stands in
-- the file itself, not only in the log beside it: a file that says so and was
-- taken away from its log must not be believed.
CREATE TABLE use (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    open INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    file     TEXT NOT NULL,
    digest   BLOB NOT NULL,    -- SHA-256 of the manifest
    version  TEXT NOT NULL,
    again    TEXT NOT NULL,
    started  INTEGER NOT NULL, -- unix seconds
    finished INTEGER NOT NULL DEFAULT 0,
    rows     INTEGER NOT NULL DEFAULT 0,
    confirmed  INTEGER NOT NULL DEFAULT 0,
    rejected   INTEGER NOT NULL DEFAULT 0,
    invalid    INTEGER NOT NULL DEFAULT 0,
    unsent     INTEGER NOT NULL DEFAULT 0,
    unverified INTEGER NOT NULL DEFAULT 0,
    unknown    INTEGER NOT NULL DEFAULT 0,
    skipped    INTEGER NOT NULL DEFAULT 0,
    requests   INTEGER NOT NULL DEFAULT 0,
    stopped  TEXT NOT NULL DEFAULT ''
) STRICT;

-- The updates, but for the newest, which a process at work keeps in the file
-- NAME.tail, and which come here when there are many, and when it ends.
-- Both columns are JSON arrays. Two values, for what takes time in a journal of
-- millions is to bind and to fetch values; text, so that people can read them.
CREATE TABLE updates (
    -- What is asked:
    --  0 bill
    --  1 status
    --  2 date        unix seconds, 0 if the status takes none
    --  3 rpo
    --  4 occurrence
    ask        TEXT PRIMARY KEY,
    -- What became of it:
    --  0 open      1: a request was begun and has no outcome
    --  1 class     the last outcome
    --  2 reason
    --  3 posted    1: one of the requests may have left
    --  4 attempts  requests started
    --  5 seq       order of confirmation, 0 if never confirmed
    --  6 begun     unix seconds of the last request
    --  7 finished  unix seconds of the last outcome
    --  8 run       the run that asked for it first,
    --  9 line      and the line of its manifest
    -- 10 code      of the last outcome
    -- 11 text
    state      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What people and read-backs decided, and why. Only ever added to.
CREATE TABLE notes (
    id   INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    bill INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- Files of rows to be mended that we wrote: what is in a file tells whether
-- somebody has edited it since.
CREATE TABLE files (
    path   TEXT NOT NULL,
    digest BLOB NOT NULL,      -- SHA-256
    PRIMARY KEY (path, digest)
) STRICT, WITHOUT ROWID;

CREATE VIEW journal AS
SELECT ask ->> 0 AS bill_id,
       CASE ask ->> 1 WHEN 1 THEN 'sent' WHEN 2 THEN 'paid' WHEN 3 THEN 'return' ELSE 'cancel' END AS status,
       CASE ask ->> 2 WHEN 0 THEN '' ELSE datetime(ask ->> 2, 'unixepoch') END AS date,
       ask ->> 3 AS rpo, ask ->> 4 AS occurrence,
       CASE WHEN state ->> 0 THEN 'unknown' ELSE
       CASE state ->> 1 WHEN 0 THEN 'unsent' WHEN 1 THEN 'confirmed' WHEN 2 THEN 'rejected'
                        WHEN 4 THEN 'unverified' ELSE 'unknown' END END AS outcome,
       state ->> 10 AS code, state ->> 11 AS text, state ->> 4 AS attempts,
       CASE state ->> 7 WHEN 0 THEN '' ELSE datetime(state ->> 7, 'unixepoch') END AS finished_at,
       state ->> 8 AS run, state ->> 9 AS line
FROM updates;
