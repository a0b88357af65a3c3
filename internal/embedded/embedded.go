// Package embedded is the key service inside the tool: one trusted local account, a SQLite file and its master key in a
// private folder. It satisfies keyapi.API with the same code a remote service runs, so that nothing above it can tell
// the difference.
//
// It makes no security claim beyond the file modes: whoever can read the folder is the user.
package embedded

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Options are what an embedded service takes from outside.
type Options struct {
	Dir    string           // its private folder; made if missing
	Login  func() string    // names the account if the database is new
	Now    func() time.Time // the clock
	Random io.Reader        // crypto/rand.Reader outside of tests
}

// Service is the embedded key service. Close it after use.
type Service struct {
	keys  *keyservice.Service
	db    store.Store
	login string
}

var _ keyapi.API = (*Service)(nil)

// Open opens the service in a folder, and makes it there on the first use. Error: CodeUnavailable if the folder, the
// database or its master key cannot be used; the text says which.
func Open(ctx context.Context, o Options) (*Service, error) {
	db, err := sqlite.Open(ctx, filepath.Join(o.Dir, "apikey.db"), sqlite.Options{Random: o.Random})
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, db, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func open(ctx context.Context, db store.Store, o Options) (*Service, error) {
	key, err := masterkey.Open(ctx, filepath.Join(o.Dir, "master.key"), db, o.Random)
	if err != nil {
		return nil, err
	}
	login, err := soleAccount(ctx, db, o)
	if err != nil {
		return nil, err
	}
	keys := keyservice.New(db, key, keyservice.Policy{MFARequired: false}, o.Now, o.Random)
	return &Service{keys: keys, db: db, login: login}, nil
}

// soleAccount gives the login of the one account. It is settled when the database is made: a user who is renamed later
// keeps the key.
func soleAccount(ctx context.Context, db store.Store, o Options) (login string, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		login, err = r.SoleAccount()
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return login, err
	}
	err = db.Write(ctx, func(w store.Writer) error {
		login, err = w.SoleAccount()
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		login = o.Login()
		return w.CreateAccount(store.Account{Login: login, Permitted: true, CreatedAt: o.Now().UTC().Truncate(time.Second)})
	})
	return login, err
}

// Instance gives the identifier of this service's database: two home folders are two services.
func (s *Service) Instance() string { return s.db.Instance() }

// Login gives the name of the one account.
func (s *Service) Login() string { return s.login }

// Close releases the database.
func (s *Service) Close() error { return s.db.Close() }

// Key implements keyapi.API.
func (s *Service) Key(ctx context.Context) (keyapi.Key, error) { return s.keys.Key(ctx, s.login) }

// Generate implements keyapi.API.
func (s *Service) Generate(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionGenerate, c)
}

// Disable implements keyapi.API.
func (s *Service) Disable(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionDisable, c)
}

// Activate implements keyapi.API.
func (s *Service) Activate(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionActivate, c)
}

// Regenerate implements keyapi.API.
func (s *Service) Regenerate(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionRegenerate, c)
}

// Delete implements keyapi.API.
func (s *Service) Delete(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionDelete, c)
}

// DeletePrevious implements keyapi.API.
func (s *Service) DeletePrevious(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	return s.act(ctx, keyapi.ActionDeletePrevious, c)
}

func (s *Service) act(ctx context.Context, a keyapi.Action, c keyapi.Change) (keyapi.Result, error) {
	return s.keys.Act(ctx, s.login, s.person(), a, c)
}

// person is who acts: there is nobody else.
func (s *Service) person() keyservice.Actor { return keyservice.Actor{Name: s.login, Verified: true} }

// Recover implements keyapi.API.
func (s *Service) Recover(ctx context.Context, key keyapi.IdempotencyKey) (keyapi.Result, error) {
	return s.keys.Recover(ctx, s.login, s.person(), key)
}

// Events implements keyapi.API.
func (s *Service) Events(ctx context.Context, cursor string) (keyapi.EventPage, error) {
	return s.keys.Events(ctx, s.login, cursor)
}

// Authenticate implements keyapi.API.
func (s *Service) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error {
	_, err := s.keys.Authenticate(ctx, accessKey, secret)
	return err
}
