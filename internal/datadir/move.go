package datadir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// copyPatience bounds the one transaction in which everything is copied.
const copyPatience = 6 * time.Hour

// Copied counts what a copy came to.
type Copied struct {
	MasterKey string // its name
	Accounts  int
	Keys      int // that accounts have
	Events    int
	Sessions  int
}

// Copy makes a service that is the same as another one: its identifier, accounts, keys, sessions, kept replies, audit trail,
// signing keys and mails that wait, bound to the same master key. Only the counts of failed attempts are left behind. Nobody has to notice:
// secrets, sessions and access tokens stay good.
//
// It reads one snapshot and writes one transaction, so that the destination is whole or stays empty. A folder becomes one of
// a service, with a copy of the master key file, in the last step; beside a PostgreSQL nothing is written into the folder of
// its place. What the source goes through meanwhile is not copied. Errors: CodeUsage for a destination that is not empty,
// CodeUnavailable for what cannot be used.
func Copy(ctx context.Context, from, to Place, random io.Reader) (Copied, error) {
	ctx, stop := context.WithTimeout(ctx, copyPatience)
	defer stop()
	source, err := from.Open(ctx, random)
	if err != nil {
		return Copied{}, err
	}
	if to.Database != "" {
		report, err := copyToPostgres(ctx, source.DB, to.Database, random)
		return report, errors.Join(err, source.DB.Close())
	}
	report, err := copyToFolder(ctx, source.DB, filepath.Join(from.Dir, masterKeyFile), to.Dir, random)
	return report, errors.Join(err, source.DB.Close())
}

func copyToPostgres(ctx context.Context, source store.Store, address string, random io.Reader) (Copied, error) {
	db, err := postgres.Open(ctx, address, postgres.Options{Random: random})
	if err != nil {
		return Copied{}, err
	}
	report, err := transfer(ctx, source, db, "The database "+db.Place())
	return report, errors.Join(err, db.Close())
}

// copyToFolder fills a database in a folder inside the destination, and brings it to its name when it is whole.
func copyToFolder(ctx context.Context, source store.Store, keyFile, dir string, random io.Reader) (report Copied, err error) {
	if err := notEmbedded(dir); err != nil {
		return report, err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return report, err
	case len(entries) > 0:
		return report, notEmpty("The folder "+dir, entries[0].Name()+" is in it")
	}
	if err := durable.MkdirAll(dir); err != nil {
		return report, err
	}
	work, err := os.MkdirTemp(dir, ".copy-")
	if err != nil {
		return report, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	database := filepath.Join(work, databaseFile)
	db, err := sqlite.Open(ctx, database, sqlite.Options{Random: random})
	if err != nil {
		return report, err
	}
	report, err = transfer(ctx, source, db, "The folder "+dir)
	if err = errors.Join(err, db.Close()); err != nil { // closed, its log is in the database
		return report, err
	}
	return report, RestoreOptions{Dir: dir, MasterKey: keyFile}.place(database)
}

func notEmpty(what, why string) error {
	return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("%s is not empty: %s", what, why), "Name one that is empty, or not there.")
}

// transfer copies everything of one database into another, which is called what in a text for people.
func transfer(ctx context.Context, source, destination store.Store, what string) (report Copied, err error) {
	err = source.Read(ctx, func(from store.Reader) error {
		return destination.Write(ctx, func(to store.Writer) error {
			report = Copied{} // it may be run again
			if err := refuseUsed(to, what); err != nil {
				return err
			}
			t := transferring{ctx, from, to, &report}
			return t.all()
		})
	})
	if err != nil {
		return Copied{}, err
	}
	report.MasterKey, err = masterkey.Name(ctx, destination)
	return report, err
}

// refuseUsed refuses a database that a service has used.
func refuseUsed(r store.Reader, what string) error {
	used, err := masterkey.BoundIn(r)
	if err != nil {
		return err
	}
	if used {
		return notEmpty(what, "a key service uses it")
	}
	switch login, err := r.SoleAccount(); {
	case err == nil:
		return notEmpty(what, "the account "+login+" is in it")
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return nil
}

// transferring is a copy under way.
type transferring struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the transaction
	from   store.Reader
	to     store.Writer
	report *Copied
}

func (t transferring) all() error {
	for _, step := range []func() error{t.accounts, t.signingKeys, t.resources, t.revokedTokens, t.mails, t.meta} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (t transferring) accounts() error {
	for after := ""; ; {
		if err := t.ctx.Err(); err != nil { // a signal; SQLite itself does not look
			return err
		}
		accounts, err := t.from.Accounts(after, page)
		if err != nil {
			return err
		}
		for _, account := range accounts {
			if err := t.account(account); err != nil {
				return fmt.Errorf("the account %s: %w", account.Login, err)
			}
			after = account.Login
		}
		if len(accounts) < page {
			return nil
		}
	}
}

func (t transferring) account(a store.Account) error {
	if err := t.to.CreateAccount(a); err != nil {
		return err
	}
	if err := t.to.PutKey(a.Login, a.Key); err != nil {
		return err
	}
	t.report.Accounts++
	if a.Key.AccessKey != "" {
		t.report.Keys++
	}
	if !a.LastUsedAt.IsZero() {
		if err := t.to.TouchKey(a.Key.AccessKey, a.LastUsedAt); err != nil {
			return err
		}
	}
	credentials, err := t.from.Credentials(a.Login)
	if err != nil {
		return err
	}
	if err := t.to.PutCredentials(a.Login, credentials); err != nil {
		return err
	}
	if err := t.expiryNotices(a); err != nil {
		return err
	}
	return t.rows(a.Login)
}

func (t transferring) expiryNotices(a store.Account) error {
	days, err := t.from.ExpiryNotices(a.Login, a.Key.AccessKey)
	return each(days, err, func(days int) error {
		_, err := t.to.NoteExpiry(a.Login, a.Key.AccessKey, days)
		return err
	})
}

// rows copies what an account has many of.
func (t transferring) rows(login string) error {
	replies, err := t.from.Replies(login)
	if err := each(replies, err, t.to.PutReply); err != nil {
		return err
	}
	sessions, err := t.from.Sessions(login)
	slices.Reverse(sessions) // newest first they are read, in the order they were made they are written
	t.report.Sessions += len(sessions)
	if err := each(sessions, err, t.to.CreateSession); err != nil {
		return err
	}
	events, err := t.events(login)
	slices.Reverse(events)
	t.report.Events += len(events)
	return each(events, err, func(e store.Event) error { return t.to.AddEvent(login, e.Event) })
}

// events gives the whole audit trail of an account, newest first.
func (t transferring) events(login string) (all []store.Event, err error) {
	for before := int64(0); ; {
		some, err := t.from.Events(login, before, page)
		all = append(all, some...)
		if err != nil || len(some) < page {
			return all, err
		}
		before = some[len(some)-1].ID
	}
}

func (t transferring) signingKeys() error {
	keys, err := t.from.SigningKeys()
	return each(keys, err, t.to.CreateSigningKey)
}

func (t transferring) resources() error {
	resources, err := t.from.Resources()
	return each(resources, err, t.to.CreateResource)
}

func (t transferring) revokedTokens() error {
	tokens, err := t.from.RevokedTokens()
	return each(tokens, err, func(r store.RevokedToken) error { return t.to.RevokeToken(r.ID, r.ExpiresAt) })
}

// mails copies those that wait. Which of the two services sends them is settled by which one is served.
func (t transferring) mails() error {
	for after := int64(0); ; {
		some, err := t.from.Mails(after, page)
		if err := each(some, err, t.to.AddMail); err != nil {
			return err
		}
		if len(some) < page {
			return nil
		}
		after = some[len(some)-1].ID
	}
}

// meta copies the named values: with the identifier the copy is the same instance, with the check of the master key it is
// bound to the same one.
func (t transferring) meta() error {
	values, err := t.from.AllMeta()
	if err != nil {
		return err
	}
	for name, value := range values {
		if err := t.to.SetMeta(name, value); err != nil {
			return err
		}
	}
	return nil
}

// each writes every one of a list that was read.
func each[T any](list []T, err error, write func(T) error) error {
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := write(one); err != nil {
			return err
		}
	}
	return nil
}
