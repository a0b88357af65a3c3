// Package storefake is a secret store in memory that does as a test wants. Only tests may import it.
package storefake

import (
	"context"

	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Store is a store whose next calls can be made to fail. It writes what was done to the journal of the test.
type Store struct {
	Kept  map[secretstore.Slot]string
	Fails map[string]error // by method: probe, put, get, delete
	Lands bool             // a failing Put lands all the same

	kind    secretstore.Kind
	journal *[]string
}

var _ secretstore.Store = (*Store)(nil)

// New makes an empty store of a kind. A call is a line of the journal: "keyring put".
func New(kind secretstore.Kind, journal *[]string) *Store {
	return &Store{kind: kind, Kept: map[secretstore.Slot]string{}, Fails: map[string]error{}, journal: journal}
}

// Kind implements secretstore.Store.
func (s *Store) Kind() secretstore.Kind { return s.kind }

// Place implements secretstore.Store.
func (s *Store) Place() string { return "fake " + string(s.kind) }

func (s *Store) did(what string) error {
	*s.journal = append(*s.journal, string(s.kind)+" "+what)
	return s.Fails[what]
}

// Probe implements secretstore.Store.
func (s *Store) Probe(context.Context, secretstore.Slot) error { return s.did("probe") }

// Put implements secretstore.Store.
func (s *Store) Put(_ context.Context, slot secretstore.Slot, secret keyapi.Secret) error {
	err := s.did("put")
	if err == nil || s.Lands {
		s.Kept[slot] = secret.Reveal()
	}
	return err
}

// Get implements secretstore.Store. Error: CodeNoSecret.
func (s *Store) Get(_ context.Context, slot secretstore.Slot) (keyapi.Secret, error) {
	if err := s.did("get"); err != nil {
		return keyapi.Secret{}, err
	}
	if s.Kept[slot] == "" {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeNoSecret, "not there", "")
	}
	return keyapi.NewSecret(s.Kept[slot]), nil
}

// Delete implements secretstore.Store.
func (s *Store) Delete(_ context.Context, slot secretstore.Slot) error {
	if err := s.did("delete"); err != nil {
		return err
	}
	delete(s.Kept, slot)
	return nil
}
