CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
CREATE TABLE accounts (
	id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, permitted INTEGER NOT NULL, mfa_enabled INTEGER NOT NULL,
	created_at INTEGER NOT NULL, revision INTEGER NOT NULL, last_generation INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (
	account_id INTEGER PRIMARY KEY REFERENCES accounts (id), access_key TEXT NOT NULL UNIQUE, verifier BLOB NOT NULL,
	created_at INTEGER NOT NULL, disabled INTEGER NOT NULL, generation INTEGER NOT NULL, last_used_at INTEGER
) STRICT;
CREATE TABLE previous_keys (
	account_id INTEGER PRIMARY KEY REFERENCES accounts (id), access_key TEXT NOT NULL UNIQUE, verifier BLOB NOT NULL,
	generation INTEGER NOT NULL, ends_at INTEGER NOT NULL
) STRICT;
CREATE TABLE replies (
	hash BLOB PRIMARY KEY, login TEXT NOT NULL, fingerprint BLOB, access_key TEXT NOT NULL, sealed BLOB, at INTEGER NOT NULL
) STRICT;
CREATE INDEX replies_at ON replies (at);
CREATE TABLE events (
	id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts (id), at INTEGER NOT NULL,
	action TEXT NOT NULL, actor TEXT NOT NULL, origin TEXT NOT NULL, user_agent TEXT NOT NULL, access_key TEXT NOT NULL,
	revision INTEGER NOT NULL
) STRICT;
CREATE INDEX events_account ON events (account_id, id);
