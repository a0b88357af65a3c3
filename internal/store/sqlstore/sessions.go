package sqlstore

import (
	"database/sql"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

const selectSessions = `SELECT s.id, s.hash, a.login, s.name, s.allow, s.created_at, s.expires_at, s.seen_at, s.verified_at,
	s.origin, s.user_agent FROM sessions s JOIN accounts a ON a.id = s.account_id `

// Session implements store.SessionReader.
func (r Reader) Session(hash []byte) (store.Session, error) {
	return scanSession(func(into ...any) error {
		return r.Conn.One(selectSessions+"WHERE s.hash = ?1", []any{hash}, into...)
	})
}

// Sessions implements store.SessionReader.
func (r Reader) Sessions(login string) ([]store.Session, error) {
	return list(r.Conn, selectSessions+"WHERE a.login = ?1 ORDER BY s.number DESC", []any{login}, scanSession)
}

func scanSession(scan func(...any) error) (store.Session, error) {
	var s store.Session
	var made, expires, seen, verified sql.NullInt64
	var allow sql.NullString
	err := scan(&s.ID, &s.Hash, &s.Login, &s.Name, &allow, &made, &expires, &seen, &verified, &s.From, &s.UserAgent)
	if err != nil {
		return store.Session{}, err
	}
	s.CreatedAt, s.ExpiresAt, s.SeenAt, s.VerifiedAt = fromDB(made), fromDB(expires), fromDB(seen), fromDB(verified)
	if allow.Valid {
		s.Allow = strings.Fields(allow.String)
	}
	return s, nil
}

// CreateSession implements store.SessionWriter.
func (w Writer) CreateSession(s store.Session) error {
	id, err := w.accountID(s.Login)
	if err != nil {
		return err
	}
	allow := sql.NullString{String: strings.Join(s.Allow, " "), Valid: s.Allow != nil}
	return w.exec(`INSERT INTO sessions (id, hash, account_id, name, allow, created_at, expires_at, seen_at, verified_at, origin, user_agent)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		s.ID, s.Hash, id, s.Name, allow, toDB(s.CreatedAt), toDB(s.ExpiresAt), toDB(s.SeenAt), toDB(s.VerifiedAt), s.From, s.UserAgent)
}

// TouchSession implements store.SessionWriter.
func (w Writer) TouchSession(id string, seen, verified time.Time) error {
	return w.existing("UPDATE sessions SET seen_at = ?1, verified_at = ?2 WHERE id = ?3", toDB(seen), toDB(verified), id)
}

// DeleteSession implements store.SessionWriter.
func (w Writer) DeleteSession(login, id string) error {
	return w.existing("DELETE FROM sessions WHERE id = ?1 AND account_id = (SELECT id FROM accounts WHERE login = ?2)", id, login)
}

// DeleteSessions implements store.SessionWriter.
func (w Writer) DeleteSessions(login, except string) error {
	return w.exec("DELETE FROM sessions WHERE account_id = (SELECT id FROM accounts WHERE login = ?1) AND id <> ?2", login, except)
}

// DeleteAllSessions implements store.SessionWriter.
func (w Writer) DeleteAllSessions() error { return w.exec("DELETE FROM sessions") }

// PurgeSessions implements store.SessionWriter.
func (w Writer) PurgeSessions(before time.Time) error {
	return w.exec("DELETE FROM sessions WHERE expires_at < ?1", toDB(before))
}
