-- Mails that wait to be sent. A mail goes with its account. attempts counts the claims: it is what a claim compares and
-- sets. due_at is the end of the wait after a failure, or of the lease of who is at it.
CREATE TABLE outbox (
	id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	account_id  BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	recipient   TEXT NOT NULL,
	kind        TEXT NOT NULL,
	happened_at BIGINT,
	ends_at     BIGINT,
	access_key  TEXT NOT NULL,
	actor       TEXT NOT NULL,
	origin      TEXT NOT NULL,
	due_at      BIGINT,
	attempts    BIGINT NOT NULL
);
CREATE INDEX outbox_due_at ON outbox (due_at, id);
CREATE INDEX outbox_account ON outbox (account_id);

-- Which notices of a key's expiry were given: each once, whichever replica comes to it. A key that replaces another one has
-- another name.
CREATE TABLE expiry_notices (
	account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	access_key TEXT NOT NULL,
	days       BIGINT NOT NULL,
	PRIMARY KEY (account_id, access_key, days)
);

CREATE INDEX keys_created_at ON keys (created_at);
