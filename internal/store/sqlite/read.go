package sqlite

import (
	"database/sql"
	"math"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// reader implements store.Reader within a transaction.
type reader struct{ transaction }

// toDB gives the form in which a time is kept: microseconds since 1970, NULL for the zero time.
func toDB(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func fromDB(t sql.NullInt64) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return time.UnixMicro(t.Int64).UTC()
}

// Meta implements store.Reader.
func (r reader) Meta(name string) (value []byte, err error) {
	err = r.one("SELECT value FROM meta WHERE name = ?", []any{name}, &value)
	return value, err
}

// Reply implements store.Reader.
func (r reader) Reply(hash []byte) (store.Reply, error) {
	reply := store.Reply{Hash: hash}
	var made sql.NullInt64
	err := r.one(`SELECT a.login, r.fingerprint, r.access_key, r.sealed, r.made_at
		FROM replies r JOIN accounts a ON a.id = r.account_id WHERE r.hash = ?`, []any{hash},
		&reply.Login, &reply.Fingerprint, &reply.AccessKey, &reply.Sealed, &made)
	if err != nil {
		return store.Reply{}, err
	}
	reply.At = fromDB(made)
	return reply, nil
}

// Events implements store.Reader.
func (r reader) Events(login string, before int64, limit int) ([]store.Event, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return list(r.transaction, `SELECT e.id, e.at, e.action, e.actor, e.origin, e.user_agent, e.access_key, e.revision
		FROM events e JOIN accounts a ON a.id = e.account_id WHERE a.login = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?`,
		[]any{login, before, limit}, func(scan func(...any) error) (e store.Event, err error) {
			var at sql.NullInt64
			var action string
			err = scan(&e.ID, &at, &action, &e.Actor, &e.From, &e.UserAgent, &e.AccessKey, &e.Revision)
			e.At, e.Action = fromDB(at), keyapi.Action(action)
			return e, err
		})
}
