-- How many migrations were applied: one row. That this table can be made only once decides which of several replicas that
-- start together makes the others.
CREATE TABLE schema (version BIGINT NOT NULL);
INSERT INTO schema VALUES (0);

-- One table a thing. A time is microseconds since 1970 (UTC); NULL is the zero time.

-- What belongs to the database as a whole: its identifier, the check of its master key.
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value BYTEA NOT NULL
);

-- revision and last_generation belong to the account: they go on counting when its key is deleted.
CREATE TABLE accounts (
	id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	login           TEXT COLLATE "C" NOT NULL UNIQUE,
	permitted       BOOLEAN NOT NULL,
	mfa_enabled     BOOLEAN NOT NULL,
	created_at      BIGINT,
	revision        BIGINT NOT NULL,
	last_generation BIGINT NOT NULL,
	email           TEXT NOT NULL DEFAULT '',
	locked          BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE keys (
	account_id   BIGINT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	access_key   TEXT NOT NULL UNIQUE,
	verifier     BYTEA,
	created_at   BIGINT,
	disabled     BOOLEAN NOT NULL,
	generation   BIGINT NOT NULL,
	last_used_at BIGINT
);

-- The replaced key of a regenerate with grace: at most one an account.
CREATE TABLE previous_keys (
	account_id BIGINT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	access_key TEXT NOT NULL UNIQUE,
	verifier   BYTEA,
	generation BIGINT NOT NULL,
	ends_at    BIGINT
);

-- By account, not by login: a login that is given away again does not inherit replies.
CREATE TABLE replies (
	hash        BYTEA PRIMARY KEY,
	account_id  BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	fingerprint BYTEA,
	access_key  TEXT NOT NULL,
	sealed      BYTEA,
	made_at     BIGINT
);
CREATE INDEX replies_made_at ON replies (made_at);
CREATE INDEX replies_account ON replies (account_id, access_key);

-- A number is never given twice, so that a cursor stays what it was.
CREATE TABLE events (
	id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	at         BIGINT,
	action     TEXT NOT NULL,
	actor      TEXT NOT NULL,
	origin     TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	access_key TEXT NOT NULL,
	revision   BIGINT NOT NULL
);
CREATE INDEX events_account ON events (account_id, id);

-- What a server has beside the keys: people who sign in, their sessions, and what belongs to access tokens.


CREATE TABLE credentials (
	account_id    BIGINT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	password_hash TEXT NOT NULL,
	seed          BYTEA,
	pending_seed  BYTEA,
	last_step     BIGINT NOT NULL
);

-- A row a code that is not spent yet; place keeps their order.
CREATE TABLE recovery_codes (
	account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	place      BIGINT NOT NULL,
	hash       BYTEA NOT NULL,
	PRIMARY KEY (account_id, place)
);

-- number tells which of two sessions of one instant is newer. allow is a list of words, NULL for a person.
CREATE TABLE sessions (
	number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	hash        BYTEA NOT NULL UNIQUE,
	account_id  BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	name        TEXT NOT NULL,
	allow       TEXT,
	created_at  BIGINT,
	expires_at  BIGINT,
	seen_at     BIGINT,
	verified_at BIGINT,
	origin      TEXT NOT NULL,
	user_agent  TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id, number);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE attempts (
	name       TEXT PRIMARY KEY,
	failures   BIGINT NOT NULL,
	last_at    BIGINT,
	open_after BIGINT
);
CREATE INDEX attempts_last_at ON attempts (last_at);

CREATE TABLE signing_keys (
	number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	sealed     BYTEA NOT NULL,
	created_at BIGINT
);

CREATE TABLE revoked_tokens (
	id         TEXT PRIMARY KEY,
	expires_at BIGINT
);
CREATE INDEX revoked_tokens_expires_at ON revoked_tokens (expires_at);

CREATE TABLE resources (
	name       TEXT COLLATE "C" PRIMARY KEY,
	verifier   BYTEA NOT NULL,
	created_at BIGINT
);
