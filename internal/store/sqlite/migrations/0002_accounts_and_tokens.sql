-- What a server has beside the keys: people who sign in, their sessions, and what belongs to access tokens.

ALTER TABLE accounts ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;

CREATE TABLE credentials (
	account_id    INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	password_hash TEXT NOT NULL,
	seed          BLOB,
	pending_seed  BLOB,
	last_step     INTEGER NOT NULL
) STRICT;

-- A row a code that is not spent yet; place keeps their order.
CREATE TABLE recovery_codes (
	account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	place      INTEGER NOT NULL,
	hash       BLOB NOT NULL,
	PRIMARY KEY (account_id, place)
) STRICT, WITHOUT ROWID;

-- number tells which of two sessions of one instant is newer. allow is a list of words, NULL for a person.
CREATE TABLE sessions (
	number      INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	hash        BLOB NOT NULL UNIQUE,
	account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	name        TEXT NOT NULL,
	allow       TEXT,
	created_at  INTEGER,
	expires_at  INTEGER,
	seen_at     INTEGER,
	verified_at INTEGER,
	origin      TEXT NOT NULL,
	user_agent  TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_account ON sessions (account_id, number);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE attempts (
	name       TEXT PRIMARY KEY,
	failures   INTEGER NOT NULL,
	last_at    INTEGER,
	open_after INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_last_at ON attempts (last_at);

CREATE TABLE signing_keys (
	number     INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	sealed     BLOB NOT NULL,
	created_at INTEGER
) STRICT;

CREATE TABLE revoked_tokens (
	id         TEXT PRIMARY KEY,
	expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_expires_at ON revoked_tokens (expires_at);

CREATE TABLE resources (
	name       TEXT PRIMARY KEY,
	verifier   BLOB NOT NULL,
	created_at INTEGER
) STRICT, WITHOUT ROWID;
