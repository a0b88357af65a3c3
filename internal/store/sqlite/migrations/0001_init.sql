-- One table a thing. A time is microseconds since 1970 (UTC); NULL is the zero time.

-- What belongs to the database as a whole: its identifier, the check of its master key.
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- revision and last_generation belong to the account: they go on counting when its key is deleted.
CREATE TABLE accounts (
	id              INTEGER PRIMARY KEY,
	login           TEXT NOT NULL UNIQUE,
	permitted       INTEGER NOT NULL,
	mfa_enabled     INTEGER NOT NULL,
	created_at      INTEGER,
	revision        INTEGER NOT NULL,
	last_generation INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
	account_id   INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	access_key   TEXT NOT NULL UNIQUE,
	verifier     BLOB,
	created_at   INTEGER,
	disabled     INTEGER NOT NULL,
	generation   INTEGER NOT NULL,
	last_used_at INTEGER
) STRICT;

-- The replaced key of a regenerate with grace: at most one an account.
CREATE TABLE previous_keys (
	account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	access_key TEXT NOT NULL UNIQUE,
	verifier   BLOB,
	generation INTEGER NOT NULL,
	ends_at    INTEGER
) STRICT;

-- By account, not by login: a login that is given away again does not inherit replies.
CREATE TABLE replies (
	hash        BLOB PRIMARY KEY,
	account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	fingerprint BLOB,
	access_key  TEXT NOT NULL,
	sealed      BLOB,
	made_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_made_at ON replies (made_at);
CREATE INDEX replies_account ON replies (account_id, access_key);

-- AUTOINCREMENT: a number is never given twice, so that a cursor stays what it was.
CREATE TABLE events (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	at         INTEGER,
	action     TEXT NOT NULL,
	actor      TEXT NOT NULL,
	origin     TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	access_key TEXT NOT NULL,
	revision   INTEGER NOT NULL
) STRICT;
CREATE INDEX events_account ON events (account_id, id);
