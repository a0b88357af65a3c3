package store

import "time"

// Mail is a notice to the person of an account that waits to be sent. It holds no secret.
type Mail struct {
	ID    int64  // given by the store; rises
	Name  string // random, the same at every attempt; unique in the database
	Login string // of the account it belongs to, and goes with
	To    string // address
	Kind  string // what it is about: package notice has them

	At        time.Time // when that happened
	Until     time.Time // when what it is about ends; zero if nothing does
	AccessKey string    // "" = it is about none
	Actor     string    // who did it
	From      string    // network address of who did it; "" = on the machine of the service

	DueAt    time.Time // no attempt before it: the wait after a failure, or the lease of who is at it
	Attempts int       // claims so far
}

// ExpiringKey is a key that expires soon.
type ExpiringKey struct {
	Login, Email, AccessKey string
	CreatedAt               time.Time
}

// OutboxReader reads mails that wait.
type OutboxReader interface {
	// DueMails gives up to limit mails that are due at an instant, those that are due longest first.
	DueMails(at time.Time, limit int) ([]Mail, error)
	// Mails gives up to limit mails with an ID above after, in the order of their IDs.
	Mails(after int64, limit int) ([]Mail, error)
	// CountMails gives how many wait.
	CountMails() (int, error)
	// CountMailsOf gives how many of a kind wait for an account; one that is not there has none.
	CountMailsOf(login, kind string) (int, error)
	// ExpiringKeys gives up to limit keys made after an instant and not after another one, of accounts with an address,
	// for which no notice of so many days or fewer is noted.
	ExpiringKeys(after, notAfter time.Time, days, limit int) ([]ExpiringKey, error)
	// ExpiryNotices gives for how many days notices are noted of the key of an account, in ascending order.
	ExpiryNotices(login, accessKey string) ([]int, error)
}

// OutboxWriter writes mails that wait.
type OutboxWriter interface {
	// AddMail adds a mail. Its name must be new. Error: ErrNotFound without its account.
	AddMail(m Mail) error
	// ClaimMail takes a mail for an attempt that nobody else makes before an instant: its DueAt becomes that one, and
	// its Attempts one more. It tells whether it was got: not if somebody was faster since it was read.
	ClaimMail(m Mail, until time.Time) (claimed bool, err error)
	// PostponeMail makes a mail due at another instant. Nothing happens if somebody else has claimed it since.
	PostponeMail(m Mail, due time.Time) error
	// DeleteMail removes a mail. Nothing happens if somebody else has claimed it since.
	DeleteMail(m Mail) error
	// DeleteAllMails removes every mail of the database: what a restored copy has to tell is old.
	DeleteAllMails() error
	// NoteExpiry notes that a notice so many days before its expiry was given of a key, once: the second time it tells
	// that it was not new. Notes of earlier keys of the account are removed. Error: ErrNotFound without the account.
	NoteExpiry(login, accessKey string, days int) (fresh bool, err error)
}
