package sqlstore

import (
	"database/sql"
	"math"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

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
func (r Reader) Meta(name string) (value []byte, err error) {
	err = r.Conn.One("SELECT value FROM meta WHERE name = ?1", []any{name}, &value)
	return value, err
}

// AllMeta implements store.Reader.
func (r Reader) AllMeta() (map[string][]byte, error) {
	all := map[string][]byte{}
	err := r.Conn.Each("SELECT name, value FROM meta", nil, func(row func(...any) error) error {
		var name string
		var value []byte
		err := row(&name, &value)
		all[name] = value
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

const selectReplies = `SELECT r.hash, a.login, r.fingerprint, r.access_key, r.sealed, r.made_at
	FROM replies r JOIN accounts a ON a.id = r.account_id `

// Reply implements store.Reader.
func (r Reader) Reply(hash []byte) (store.Reply, error) {
	return scanReply(func(into ...any) error {
		return r.Conn.One(selectReplies+"WHERE r.hash = ?1", []any{hash}, into...)
	})
}

// Replies implements store.Reader.
func (r Reader) Replies(login string) ([]store.Reply, error) {
	return list(r.Conn, selectReplies+"WHERE a.login = ?1 ORDER BY r.made_at, r.hash", []any{login}, scanReply)
}

// CountReplies implements store.Reader.
func (r Reader) CountReplies(login string) (count int, err error) {
	err = r.Conn.One("SELECT count(*) FROM replies WHERE account_id = (SELECT id FROM accounts WHERE login = ?1)", []any{login}, &count)
	return count, err
}

func scanReply(scan func(...any) error) (store.Reply, error) {
	var reply store.Reply
	var made sql.NullInt64
	err := scan(&reply.Hash, &reply.Login, &reply.Fingerprint, &reply.AccessKey, &reply.Sealed, &made)
	if err != nil {
		return store.Reply{}, err
	}
	reply.At = fromDB(made)
	return reply, nil
}

// Events implements store.Reader.
func (r Reader) Events(login string, before int64, limit int) ([]store.Event, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return list(r.Conn, `SELECT e.id, e.at, e.action, e.actor, e.origin, e.user_agent, e.access_key, e.revision
		FROM events e JOIN accounts a ON a.id = e.account_id WHERE a.login = ?1 AND e.id < ?2 ORDER BY e.id DESC LIMIT ?3`,
		[]any{login, before, limit}, func(scan func(...any) error) (e store.Event, err error) {
			var at sql.NullInt64
			var action string
			err = scan(&e.ID, &at, &action, &e.Actor, &e.From, &e.UserAgent, &e.AccessKey, &e.Revision)
			e.At, e.Action = fromDB(at), keyapi.Action(action)
			return e, err
		})
}

// SetMeta implements store.Writer.
func (w Writer) SetMeta(name string, value []byte) error {
	if value == nil {
		value = []byte{} // absent and empty are two things
	}
	return w.exec("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		name, value)
}

// AddEvent implements store.Writer. Error: store.ErrNotFound without such an account: an event is never dropped in
// silence.
func (w Writer) AddEvent(login string, e keyapi.Event) error {
	id, err := w.accountID(login)
	if err != nil {
		return err
	}
	return w.exec(`INSERT INTO events (account_id, at, action, actor, origin, user_agent, access_key, revision)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		id, toDB(e.At), string(e.Action), e.Actor, e.From, e.UserAgent, e.AccessKey, e.Revision)
}

// PutReply implements store.Writer. Error: store.ErrNotFound without such an account.
func (w Writer) PutReply(r store.Reply) error {
	id, err := w.accountID(r.Login)
	if err != nil {
		return err
	}
	return w.exec("INSERT INTO replies (hash, account_id, fingerprint, access_key, sealed, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		r.Hash, id, r.Fingerprint, r.AccessKey, r.Sealed, toDB(r.At))
}

// EraseReplies implements store.Writer.
func (w Writer) EraseReplies(login, accessKey string) error {
	if err := w.Conn.Erasing(); err != nil {
		return err
	}
	return w.exec(`UPDATE replies SET sealed = NULL
		WHERE account_id = (SELECT id FROM accounts WHERE login = ?1) AND access_key = ?2`, login, accessKey)
}

// EraseAllReplies implements store.Writer.
func (w Writer) EraseAllReplies() error {
	if err := w.Conn.Erasing(); err != nil {
		return err
	}
	return w.exec("UPDATE replies SET sealed = NULL")
}

// PurgeReplies implements store.Writer.
func (w Writer) PurgeReplies(before time.Time) error {
	return w.exec("DELETE FROM replies WHERE made_at < ?1", toDB(before))
}
