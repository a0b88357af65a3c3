package sqlstore

import (
	"database/sql"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

const selectMails = `SELECT m.id, m.name, a.login, m.recipient, m.kind, m.happened_at, m.ends_at, m.access_key, m.actor, m.origin,
		m.due_at, m.attempts
	FROM outbox m JOIN accounts a ON a.id = m.account_id `

// DueMails implements store.OutboxReader.
func (r Reader) DueMails(at time.Time, limit int) ([]store.Mail, error) {
	return list(r.Conn, selectMails+"WHERE m.due_at <= ?1 ORDER BY m.due_at, m.id LIMIT ?2", []any{toDB(at), limit}, scanMail)
}

// Mails implements store.OutboxReader.
func (r Reader) Mails(after int64, limit int) ([]store.Mail, error) {
	return list(r.Conn, selectMails+"WHERE m.id > ?1 ORDER BY m.id LIMIT ?2", []any{after, limit}, scanMail)
}

func scanMail(scan func(...any) error) (m store.Mail, err error) {
	var at, until, due sql.NullInt64
	err = scan(&m.ID, &m.Name, &m.Login, &m.To, &m.Kind, &at, &until, &m.AccessKey, &m.Actor, &m.From, &due, &m.Attempts)
	m.At, m.Until, m.DueAt = fromDB(at), fromDB(until), fromDB(due)
	return m, err
}

// CountMails implements store.OutboxReader.
func (r Reader) CountMails() (count int, err error) {
	err = r.Conn.One("SELECT COUNT(*) FROM outbox", nil, &count)
	return count, err
}

// CountMailsOf implements store.OutboxReader.
func (r Reader) CountMailsOf(login, kind string) (count int, err error) {
	err = r.Conn.One(`SELECT COUNT(*) FROM outbox
		WHERE account_id = (SELECT id FROM accounts WHERE login = ?1) AND kind = ?2`, []any{login, kind}, &count)
	return count, err
}

// ExpiringKeys implements store.OutboxReader.
func (r Reader) ExpiringKeys(after, notAfter time.Time, days, limit int) ([]store.ExpiringKey, error) {
	return list(r.Conn, `SELECT a.login, a.email, k.access_key, k.created_at FROM keys k JOIN accounts a ON a.id = k.account_id
		WHERE k.created_at > ?1 AND k.created_at <= ?2 AND a.email <> '' AND NOT EXISTS (
			SELECT 1 FROM expiry_notices n
			WHERE n.account_id = k.account_id AND n.access_key = k.access_key AND n.days <= ?3)
		ORDER BY k.created_at LIMIT ?4`, []any{toDB(after), toDB(notAfter), days, limit},
		func(scan func(...any) error) (k store.ExpiringKey, err error) {
			var made sql.NullInt64
			err = scan(&k.Login, &k.Email, &k.AccessKey, &made)
			k.CreatedAt = fromDB(made)
			return k, err
		})
}

// ExpiryNotices implements store.OutboxReader.
func (r Reader) ExpiryNotices(login, accessKey string) ([]int, error) {
	return list(r.Conn, `SELECT n.days FROM expiry_notices n JOIN accounts a ON a.id = n.account_id
		WHERE a.login = ?1 AND n.access_key = ?2 ORDER BY n.days`, []any{login, accessKey},
		func(scan func(...any) error) (days int, err error) {
			err = scan(&days)
			return days, err
		})
}

// AddMail implements store.OutboxWriter.
func (w Writer) AddMail(m store.Mail) error {
	id, err := w.accountID(m.Login)
	if err != nil {
		return err
	}
	return w.exec(`INSERT INTO outbox (name, account_id, recipient, kind, happened_at, ends_at, access_key, actor, origin, due_at, attempts)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		m.Name, id, m.To, m.Kind, toDB(m.At), toDB(m.Until), m.AccessKey, m.Actor, m.From, toDB(m.DueAt), m.Attempts)
}

// ClaimMail implements store.OutboxWriter. The count of attempts is what is compared and set: a claim is the only thing
// that changes it, so it also tells a lease from every other one of the same mail.
func (w Writer) ClaimMail(m store.Mail, until time.Time) (claimed bool, err error) {
	rows, err := w.Conn.Exec("UPDATE outbox SET due_at = ?1, attempts = attempts + 1 WHERE id = ?2 AND attempts = ?3",
		toDB(until), m.ID, m.Attempts)
	return rows == 1, err
}

// PostponeMail implements store.OutboxWriter.
func (w Writer) PostponeMail(m store.Mail, due time.Time) error {
	return w.exec("UPDATE outbox SET due_at = ?1 WHERE id = ?2 AND attempts = ?3", toDB(due), m.ID, m.Attempts)
}

// DeleteMail implements store.OutboxWriter.
func (w Writer) DeleteMail(m store.Mail) error {
	return w.exec("DELETE FROM outbox WHERE id = ?1 AND attempts = ?2", m.ID, m.Attempts)
}

// DeleteAllMails implements store.OutboxWriter.
func (w Writer) DeleteAllMails() error { return w.exec("DELETE FROM outbox") }

// NoteExpiry implements store.OutboxWriter.
func (w Writer) NoteExpiry(login, accessKey string, days int) (fresh bool, err error) {
	id, err := w.accountID(login)
	if err != nil {
		return false, err
	}
	if err := w.exec("DELETE FROM expiry_notices WHERE account_id = ?1 AND access_key <> ?2", id, accessKey); err != nil {
		return false, err
	}
	rows, err := w.Conn.Exec(`INSERT INTO expiry_notices (account_id, access_key, days) VALUES (?1, ?2, ?3)
		ON CONFLICT (account_id, access_key, days) DO NOTHING`, id, accessKey, days)
	return rows == 1, err
}
