package sqlstore

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

// SoleAccount implements store.AccountReader.
func (r Reader) SoleAccount() (login string, err error) {
	err = r.Conn.One("SELECT login FROM accounts ORDER BY id LIMIT 1", nil, &login)
	return login, err
}

const (
	accountColumns = `a.login, a.email, a.permitted, a.mfa_enabled, a.locked, a.created_at, a.revision, a.last_generation,
		k.access_key, k.verifier, k.created_at, k.disabled, k.generation, k.last_used_at,
		p.access_key, p.verifier, p.generation, p.ends_at`
	selectAccounts = "SELECT " + accountColumns + `
	FROM accounts a LEFT JOIN keys k ON k.account_id = a.id LEFT JOIN previous_keys p ON p.account_id = a.id `
)

// Account implements store.AccountReader.
func (r Reader) Account(login string) (a store.Account, err error) {
	err = scanAccount(&a, func(into ...any) error {
		return r.Conn.One(selectAccounts+"WHERE a.login = ?1", []any{login}, into...)
	})
	return a, err
}

// Accounts implements store.AccountReader.
func (r Reader) Accounts(after string, limit int) ([]store.Account, error) {
	return list(r.Conn, selectAccounts+"WHERE a.login > ?1 ORDER BY a.login LIMIT ?2", []any{after, limit},
		func(scan func(...any) error) (a store.Account, err error) {
			err = scanAccount(&a, scan)
			return a, err
		})
}

// scanAccount scans accountColumns, and more columns after them.
func scanAccount(a *store.Account, scan func(into ...any) error, more ...any) error {
	var made, keyMade, used, ends sql.NullInt64
	var accessKey, oldKey sql.NullString
	var disabled sql.NullBool
	var generation, oldGeneration sql.NullInt64
	var oldVerifier []byte
	err := scan(append([]any{
		&a.Login, &a.Email, &a.Permitted, &a.MFAEnabled, &a.Locked, &made, &a.Key.Revision, &a.Key.LastGeneration,
		&accessKey, &a.Key.Verifier, &keyMade, &disabled, &generation, &used,
		&oldKey, &oldVerifier, &oldGeneration, &ends,
	}, more...)...)
	if err != nil {
		*a = store.Account{}
		return err
	}
	a.CreatedAt, a.LastUsedAt = fromDB(made), fromDB(used)
	a.Key.AccessKey, a.Key.CreatedAt = accessKey.String, fromDB(keyMade)
	a.Key.Disabled, a.Key.Generation = disabled.Bool, generation.Int64
	if oldKey.Valid {
		a.Key.Previous = &lifecycle.Previous{
			AccessKey: oldKey.String, Verifier: oldVerifier, Generation: oldGeneration.Int64, EndsAt: fromDB(ends),
		}
	}
	return nil
}

// KeyOwner implements store.AccountReader.
func (r Reader) KeyOwner(accessKey string) (login string, err error) {
	err = r.Conn.One(`SELECT login FROM accounts WHERE id IN (
			SELECT account_id FROM keys WHERE access_key = ?1
			UNION ALL SELECT account_id FROM previous_keys WHERE access_key = ?1)`,
		[]any{accessKey}, &login)
	return login, err
}

// Credentials implements store.AccountReader.
func (r Reader) Credentials(login string) (c store.Credentials, err error) {
	id, err := r.accountID(login)
	if err != nil {
		return c, err
	}
	rows, err := list(r.Conn, "SELECT password_hash, seed, pending_seed, last_step FROM credentials WHERE account_id = ?1",
		[]any{id}, func(scan func(...any) error) (c store.Credentials, err error) {
			err = scan(&c.PasswordHash, &c.Seed, &c.PendingSeed, &c.LastStep)
			return c, err
		})
	if err != nil || len(rows) == 0 {
		return c, err
	}
	c = rows[0]
	c.RecoveryCodes, err = list(r.Conn, "SELECT hash FROM recovery_codes WHERE account_id = ?1 ORDER BY place", []any{id},
		func(scan func(...any) error) (hash []byte, err error) {
			err = scan(&hash)
			return hash, err
		})
	return c, err
}

func (r Reader) accountID(login string) (id int64, err error) {
	err = r.Conn.One("SELECT id FROM accounts WHERE login = ?1", []any{login}, &id)
	return id, err
}

// CreateAccount implements store.AccountWriter.
func (w Writer) CreateAccount(a store.Account) error {
	return w.exec(`INSERT INTO accounts (login, email, permitted, mfa_enabled, locked, created_at, revision, last_generation)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		a.Login, a.Email, a.Permitted, a.MFAEnabled, a.Locked, toDB(a.CreatedAt), a.Key.Revision, a.Key.LastGeneration)
}

// PutAccount implements store.AccountWriter.
func (w Writer) PutAccount(a store.Account) error {
	return w.account("UPDATE accounts SET email = ?1, permitted = ?2, mfa_enabled = ?3, locked = ?4 WHERE login = ?5 RETURNING id",
		a.Email, a.Permitted, a.MFAEnabled, a.Locked, a.Login)
}

// RemoveAccount implements store.AccountWriter. What hangs on the account goes by the foreign keys.
func (w Writer) RemoveAccount(login string) error {
	return w.account("DELETE FROM accounts WHERE login = ?1 RETURNING id", login)
}

// account changes the row of an account, and counts the change. query gives its id.
func (w Writer) account(query string, args ...any) error {
	var id int64
	if err := w.Conn.One(query, args, &id); err != nil {
		return err
	}
	return w.countAccount(id)
}

// PutCredentials implements store.AccountWriter.
func (w Writer) PutCredentials(login string, c store.Credentials) error {
	id, err := w.accountID(login)
	if err != nil {
		return err
	}
	err = w.exec(`INSERT INTO credentials (account_id, password_hash, seed, pending_seed, last_step) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (account_id) DO UPDATE SET password_hash = excluded.password_hash, seed = excluded.seed,
			pending_seed = excluded.pending_seed, last_step = excluded.last_step`,
		id, c.PasswordHash, c.Seed, c.PendingSeed, c.LastStep)
	if err != nil {
		return err
	}
	if err := w.exec("DELETE FROM recovery_codes WHERE account_id = ?1", id); err != nil {
		return err
	}
	for place, hash := range c.RecoveryCodes {
		if err := w.exec("INSERT INTO recovery_codes (account_id, place, hash) VALUES (?1, ?2, ?3)", id, place, hash); err != nil {
			return err
		}
	}
	return nil
}

// PutKey implements store.AccountWriter.
func (w Writer) PutKey(login string, k lifecycle.Key) error {
	var id int64
	err := w.Conn.One("UPDATE accounts SET revision = ?1, last_generation = ?2 WHERE login = ?3 RETURNING id",
		[]any{k.Revision, k.LastGeneration, login}, &id)
	if err != nil {
		return err
	}
	if err := w.countAccount(id); err != nil {
		return err
	}
	if err := w.putCurrent(id, k); err != nil {
		return err
	}
	return w.putPrevious(id, k.Previous)
}

func (w Writer) putCurrent(id int64, k lifecycle.Key) error {
	if k.AccessKey == "" {
		return w.exec("DELETE FROM keys WHERE account_id = ?1", id)
	}
	return w.exec(`INSERT INTO keys (account_id, access_key, verifier, created_at, disabled, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (account_id) DO UPDATE SET
			last_used_at = CASE WHEN keys.access_key = excluded.access_key THEN keys.last_used_at END,
			access_key = excluded.access_key, verifier = excluded.verifier, created_at = excluded.created_at,
			disabled = excluded.disabled, generation = excluded.generation`,
		id, k.AccessKey, k.Verifier, toDB(k.CreatedAt), k.Disabled, k.Generation)
}

func (w Writer) putPrevious(id int64, p *lifecycle.Previous) error {
	if err := w.exec("DELETE FROM previous_keys WHERE account_id = ?1", id); err != nil || p == nil {
		return err
	}
	return w.exec("INSERT INTO previous_keys (account_id, access_key, verifier, generation, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)",
		id, p.AccessKey, p.Verifier, p.Generation, toDB(p.EndsAt))
}

// TouchKey implements store.AccountWriter.
func (w Writer) TouchKey(accessKey string, at time.Time) error {
	return w.exec("UPDATE keys SET last_used_at = ?1 WHERE access_key = ?2", toDB(at), accessKey)
}

// TouchKeys implements store.AccountWriter.
func (w Writer) TouchKeys(accessKeys []string, at time.Time) error {
	if len(accessKeys) == 0 {
		return nil
	}
	query, args := "UPDATE keys SET last_used_at = ?1 WHERE access_key IN (", []any{toDB(at)}
	for i, accessKey := range accessKeys {
		if i > 0 {
			query += ", "
		}
		query += fmt.Sprintf("?%d", i+2)
		args = append(args, accessKey)
	}
	return w.exec(query+")", args...)
}
