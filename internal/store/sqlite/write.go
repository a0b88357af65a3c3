package sqlite

import (
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// writer implements store.Writer within a transaction.
type writer struct{ reader }

// SetMeta implements store.Writer.
func (w writer) SetMeta(name string, value []byte) error {
	if value == nil {
		value = []byte{} // absent and empty are two things
	}
	return w.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		name, value)
}

// AddEvent implements store.Writer. Error: store.ErrNotFound without such an account: an event is never dropped in
// silence.
func (w writer) AddEvent(login string, e keyapi.Event) error {
	id, err := w.accountID(login)
	if err != nil {
		return err
	}
	return w.exec(`INSERT INTO events (account_id, at, action, actor, origin, user_agent, access_key, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		id, toDB(e.At), string(e.Action), e.Actor, e.From, e.UserAgent, e.AccessKey, e.Revision)
}

// PutReply implements store.Writer. Error: store.ErrNotFound without such an account.
func (w writer) PutReply(r store.Reply) error {
	id, err := w.accountID(r.Login)
	if err != nil {
		return err
	}
	return w.exec("INSERT INTO replies (hash, account_id, fingerprint, access_key, sealed, made_at) VALUES (?, ?, ?, ?, ?, ?)",
		r.Hash, id, r.Fingerprint, r.AccessKey, r.Sealed, toDB(r.At))
}

// EraseReplies implements store.Writer. What is erased is overwritten in the file too (secure_delete): SQLite would only
// mark its place as free.
func (w writer) EraseReplies(login, accessKey string) error {
	if err := w.exec("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	return w.exec(`UPDATE replies SET sealed = NULL
		WHERE account_id = (SELECT id FROM accounts WHERE login = ?) AND access_key = ?`, login, accessKey)
}

// EraseAllReplies implements store.Writer.
func (w writer) EraseAllReplies() error {
	if err := w.exec("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	return w.exec("UPDATE replies SET sealed = NULL")
}

// PurgeReplies implements store.Writer.
func (w writer) PurgeReplies(before time.Time) error {
	return w.exec("DELETE FROM replies WHERE made_at < ?", toDB(before))
}
