package store

import "time"

// Session is a signed-in person, or a pipeline that was let in by one.
type Session struct {
	ID        string // its public name; unique in the database
	Hash      []byte // of its token; the token itself is never stored
	Login     string
	Name      string   // of a pipeline; "" = a person
	Allow     []string // what a pipeline may do; nil for a person
	CreatedAt time.Time
	ExpiresAt time.Time
	SeenAt    time.Time // of its last request, to the minute; zero if there was none
	// VerifiedAt is when a one-time code, or where the account has none the password, was last given.
	VerifiedAt time.Time
	From       string // network address it was made from
	UserAgent  string // of the program it was made with
}

// SessionReader reads sessions.
type SessionReader interface {
	// Session gives a session by the hash of its token. Error: ErrNotFound.
	Session(hash []byte) (Session, error)
	// Sessions gives all sessions of an account, newest first.
	Sessions(login string) ([]Session, error)
}

// SessionWriter writes sessions.
type SessionWriter interface {
	// CreateSession adds a session. Error: ErrNotFound without its account.
	CreateSession(s Session) error
	// TouchSession replaces SeenAt and VerifiedAt of a session. Error: ErrNotFound.
	TouchSession(id string, seen, verified time.Time) error
	// DeleteSession ends a session of an account. Error: ErrNotFound.
	DeleteSession(login, id string) error
	// DeleteSessions ends all sessions of an account but the one named except ("" = none).
	DeleteSessions(login, except string) error
	// DeleteAllSessions ends every session of the database: what a restored copy knows of them is old.
	DeleteAllSessions() error
	// PurgeSessions removes those that expired before an instant.
	PurgeSessions(before time.Time) error
}
