// Package keyservice holds the use cases of the key: viewing it, acting on it, replaying and recovering a result, the
// audit trail and checking a credential. It puts the rules of package lifecycle on top of a store, with the idempotency
// and audit that every change needs.
//
// It is handed an account and an actor: who they are and whether they may speak is settled before. No transport and no
// prompt may enter.
package keyservice

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Policy is what the operator of a service decides.
type Policy struct {
	MFARequired bool   // accounts need multi-factor authentication before they can have a working key
	Contact     string // says whom to ask for the permission to have a key; "" = nothing is said
	Notices     bool   // people are told of changes, if the database says that they are told by mail
}

// Actor is who acts on an account's key.
type Actor struct {
	Name     string // login or name of the session
	From     string // network address; "" on this machine
	Verified bool   // gave a one-time code lately, or is one that needs none
	Pipeline bool   // is a program that the person of the account let in
}

// Service is the key service of one database. It is safe for concurrent use.
type Service struct {
	db     store.Store
	seals  seals
	policy Policy
	now    func() time.Time
	random io.Reader
	uses   *uses                  // nil: a use is written at once
	states *keystate.Keys         // nil: every question is read from the database
	found  atomic.Pointer[string] // the Access Key that was found last: see alike
}

// New makes the service on a database and its master key. now and random are the clock and the source of randomness
// (crypto/rand.Reader outside of tests).
func New(db store.Store, key masterkey.Key, policy Policy, now func() time.Time, random io.Reader) *Service {
	return &Service{db: db, seals: newSeals(key, random), policy: policy, now: now, random: random}
}

// Key gives the key of an account as it is now. Error: CodeUnauthenticated for an account that is not there.
func (s *Service) Key(ctx context.Context, login string) (keyapi.Key, error) {
	var view keyapi.Key
	err := s.db.Read(ctx, func(r store.Reader) error {
		account, err := s.account(r, login)
		view = s.view(account)
		return err
	})
	return view, err
}

func (s *Service) account(r store.Reader, login string) (store.Account, error) {
	account, err := r.Account(login)
	if errors.Is(err, store.ErrNotFound) {
		return account, keyapi.Errorf(keyapi.CodeUnauthenticated, "There is no such account", "")
	}
	return account, err
}

func (s *Service) view(a store.Account) keyapi.Key {
	return a.Key.View(a.Login, s.now(), s.lastUsed(a), s.facts(a))
}

func (s *Service) facts(a store.Account) lifecycle.Facts {
	permitted := a.Permitted && !a.Locked // whom nobody may sign in as, nothing may act for
	return lifecycle.Facts{MFARequired: s.policy.MFARequired, MFAEnabled: a.MFAEnabled, Permitted: permitted}
}
