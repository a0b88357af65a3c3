package sqlite

import (
	"database/sql"
	"math"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
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

// SoleAccount implements store.Reader.
func (r reader) SoleAccount() (login string, err error) {
	err = r.one("SELECT login FROM accounts ORDER BY id LIMIT 1", nil, &login)
	return login, err
}

// Account implements store.Reader.
func (r reader) Account(login string) (store.Account, error) {
	a := store.Account{Login: login}
	var made, keyMade, used, ends sql.NullInt64
	var accessKey, oldKey sql.NullString
	var disabled sql.NullBool
	var generation, oldGeneration sql.NullInt64
	var oldVerifier []byte
	err := r.one(`SELECT a.permitted, a.mfa_enabled, a.created_at, a.revision, a.last_generation,
			k.access_key, k.verifier, k.created_at, k.disabled, k.generation, k.last_used_at,
			p.access_key, p.verifier, p.generation, p.ends_at
		FROM accounts a LEFT JOIN keys k ON k.account_id = a.id LEFT JOIN previous_keys p ON p.account_id = a.id
		WHERE a.login = ?`, []any{login},
		&a.Permitted, &a.MFAEnabled, &made, &a.Key.Revision, &a.Key.LastGeneration,
		&accessKey, &a.Key.Verifier, &keyMade, &disabled, &generation, &used,
		&oldKey, &oldVerifier, &oldGeneration, &ends)
	if err != nil {
		return store.Account{}, err
	}
	a.CreatedAt, a.LastUsedAt = fromDB(made), fromDB(used)
	a.Key.AccessKey, a.Key.CreatedAt = accessKey.String, fromDB(keyMade)
	a.Key.Disabled, a.Key.Generation = disabled.Bool, generation.Int64
	if oldKey.Valid {
		a.Key.Previous = &lifecycle.Previous{
			AccessKey: oldKey.String, Verifier: oldVerifier, Generation: oldGeneration.Int64, EndsAt: fromDB(ends),
		}
	}
	return a, nil
}

// KeyOwner implements store.Reader.
func (r reader) KeyOwner(accessKey string) (login string, err error) {
	err = r.one(`SELECT login FROM accounts WHERE id IN (
			SELECT account_id FROM keys WHERE access_key = ?1
			UNION ALL SELECT account_id FROM previous_keys WHERE access_key = ?1)`,
		[]any{accessKey}, &login)
	return login, err
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
	rows, err := r.conn.QueryContext(r.ctx, `SELECT e.id, e.at, e.action, e.actor, e.origin, e.user_agent, e.access_key, e.revision
		FROM events e JOIN accounts a ON a.id = e.account_id WHERE a.login = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?`,
		login, before, limit)
	if err != nil {
		return nil, told(r.path, err)
	}
	defer func() { _ = rows.Close() }()
	var events []store.Event
	for rows.Next() {
		var e store.Event
		var at sql.NullInt64
		var action string
		if err := rows.Scan(&e.ID, &at, &action, &e.Actor, &e.From, &e.UserAgent, &e.AccessKey, &e.Revision); err != nil {
			return nil, told(r.path, err)
		}
		e.At, e.Action = fromDB(at), keyapi.Action(action)
		events = append(events, e)
	}
	return events, told(r.path, rows.Err())
}
