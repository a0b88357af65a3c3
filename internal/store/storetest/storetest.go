// Package storetest is the contract of the storage port as tests: what every comment of store.Store, store.Reader and
// store.Writer promises. Each implementation runs it. Only tests may import it.
package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// Fresh makes a database and gives the function that opens it: every call of that one is another handle on the same
// database, which the test closes.
type Fresh func(t *testing.T) (open func() (store.Store, error))

// Run runs the contract: the groups that are named, or the whole of it.
func Run(t *testing.T, fresh Fresh, groups ...string) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*testing.T, *database)
	}{
		{"transactions", transactions}, {"concurrency", concurrency}, {"meta", meta},
		{"accounts", accounts}, {"keys", keys}, {"replies", replies}, {"events", events},
		{"accounts of a server", accountsOfAServer}, {"credentials", credentials}, {"sessions", sessions},
		{"attempts", attempts}, {"tokens", tokens}, {"outbox", outbox}, {"changes", changes}, {"tables", tables},
	} {
		if len(groups) > 0 && !slices.Contains(groups, group.name) {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			for name, test := range group.tests {
				t.Run(name, func(t *testing.T) {
					test(t, made(t, fresh))
				})
			}
		})
	}
}

// start is the instant at which the tests begin. It has microseconds, which a store keeps.
var start = time.Date(2026, 11, 23, 6, 44, 0, 123_456_000, time.UTC)

// patience is how long a test waits for what must come: a lock that was leaked then fails it instead of stopping it.
const patience = 20 * time.Second

// database is a database under test and the handle most tests need.
type database struct {
	store.Store
	t     *testing.T
	fresh Fresh
	open  func() (store.Store, error)
}

// made makes a database.
func made(t *testing.T, fresh Fresh) *database {
	d := &database{t: t, fresh: fresh, open: fresh(t)}
	d.Store = d.another()
	return d
}

// another opens another handle.
func (d *database) another() store.Store {
	d.t.Helper()
	s, err := d.open()
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.t.Cleanup(func() { _ = s.Close() })
	return s
}

func (d *database) context() context.Context {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	d.t.Cleanup(stop)
	return ctx
}

// read runs fn in a transaction that must succeed.
func (d *database) read(fn func(store.Reader) error) {
	d.t.Helper()
	if err := d.Read(d.context(), fn); err != nil {
		d.t.Fatalf("Read: %v", err)
	}
}

// write runs fn in a transaction that must succeed.
func (d *database) write(fn func(store.Writer) error) {
	d.t.Helper()
	if err := d.Write(d.context(), fn); err != nil {
		d.t.Fatalf("Write: %v", err)
	}
}

// addAccounts makes accounts without a key.
func (d *database) addAccounts(logins ...string) {
	d.t.Helper()
	d.write(func(w store.Writer) error {
		for _, login := range logins {
			if err := w.CreateAccount(store.Account{Login: login, Permitted: true, CreatedAt: start}); err != nil {
				return err
			}
		}
		return nil
	})
}

// account reads an account that must be there.
func (d *database) account(login string) (a store.Account) {
	d.t.Helper()
	d.read(func(r store.Reader) (err error) { a, err = r.Account(login); return err })
	return a
}

// wantNotFound fails unless a lookup said that there is no such row.
func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s: error %v, want store.ErrNotFound", what, err)
	}
}
