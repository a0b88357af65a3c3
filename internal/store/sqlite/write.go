package sqlite

import (
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
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

// CreateAccount implements store.Writer.
func (w writer) CreateAccount(a store.Account) error {
	return w.exec(`INSERT INTO accounts (login, permitted, mfa_enabled, created_at, revision, last_generation)
		VALUES (?, ?, ?, ?, ?, ?)`, a.Login, a.Permitted, a.MFAEnabled, toDB(a.CreatedAt), a.Key.Revision, a.Key.LastGeneration)
}

// PutKey implements store.Writer.
func (w writer) PutKey(login string, k lifecycle.Key) error {
	var id int64
	err := w.one("UPDATE accounts SET revision = ?, last_generation = ? WHERE login = ? RETURNING id",
		[]any{k.Revision, k.LastGeneration, login}, &id)
	if err != nil {
		return err
	}
	if err := w.putCurrent(id, k); err != nil {
		return err
	}
	return w.putPrevious(id, k.Previous)
}

func (w writer) putCurrent(id int64, k lifecycle.Key) error {
	if k.AccessKey == "" {
		return w.exec("DELETE FROM keys WHERE account_id = ?", id)
	}
	return w.exec(`INSERT INTO keys (account_id, access_key, verifier, created_at, disabled, generation) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET
			last_used_at = CASE WHEN access_key = excluded.access_key THEN last_used_at END,
			access_key = excluded.access_key, verifier = excluded.verifier, created_at = excluded.created_at,
			disabled = excluded.disabled, generation = excluded.generation`,
		id, k.AccessKey, k.Verifier, toDB(k.CreatedAt), k.Disabled, k.Generation)
}

func (w writer) putPrevious(id int64, p *lifecycle.Previous) error {
	if err := w.exec("DELETE FROM previous_keys WHERE account_id = ?", id); err != nil || p == nil {
		return err
	}
	return w.exec("INSERT INTO previous_keys (account_id, access_key, verifier, generation, ends_at) VALUES (?, ?, ?, ?, ?)",
		id, p.AccessKey, p.Verifier, p.Generation, toDB(p.EndsAt))
}

// TouchKey implements store.Writer.
func (w writer) TouchKey(accessKey string, at time.Time) error {
	return w.exec("UPDATE keys SET last_used_at = ? WHERE access_key = ?", toDB(at), accessKey)
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

func (w writer) accountID(login string) (id int64, err error) {
	err = w.one("SELECT id FROM accounts WHERE login = ?", []any{login}, &id)
	return id, err
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

// PurgeReplies implements store.Writer.
func (w writer) PurgeReplies(before time.Time) error {
	return w.exec("DELETE FROM replies WHERE made_at < ?", toDB(before))
}
