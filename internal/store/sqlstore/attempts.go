package sqlstore

import (
	"database/sql"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// Attempts implements store.AttemptsReader.
func (r Reader) Attempts(name string) (a store.Attempts, err error) {
	var last, until sql.NullInt64
	err = r.Conn.One("SELECT failures, last_at, open_after FROM attempts WHERE name = ?1", []any{name}, &a.Failures, &last, &until)
	if errors.Is(err, store.ErrNotFound) {
		return store.Attempts{}, nil
	}
	a.LastAt, a.Until = fromDB(last), fromDB(until)
	return a, err
}

// PutAttempts implements store.AttemptsWriter.
func (w Writer) PutAttempts(name string, a store.Attempts) error {
	if a == (store.Attempts{}) {
		return w.exec("DELETE FROM attempts WHERE name = ?1", name)
	}
	return w.exec(`INSERT INTO attempts (name, failures, last_at, open_after) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, open_after = excluded.open_after`,
		name, a.Failures, toDB(a.LastAt), toDB(a.Until))
}

// PurgeAttempts implements store.AttemptsWriter.
func (w Writer) PurgeAttempts(before time.Time) error {
	return w.exec("DELETE FROM attempts WHERE last_at < ?1", toDB(before))
}
