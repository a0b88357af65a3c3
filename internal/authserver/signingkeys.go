package authserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// keySeal encrypts the private halves of signing keys, bound to their names.
type keySeal struct {
	key    []byte
	random io.Reader
}

func (s keySeal) close(k accesstoken.SigningKey) (store.SigningKey, error) {
	sealed, err := seal.Close(s.random, s.key, k.Seed(), []byte(k.ID))
	return store.SigningKey{ID: k.ID, CreatedAt: k.CreatedAt, Sealed: sealed}, err
}

func (s keySeal) open(k store.SigningKey) (accesstoken.SigningKey, error) {
	seed, err := seal.Open(s.key, k.Sealed, []byte(k.ID))
	if err != nil {
		return accesstoken.SigningKey{}, err
	}
	return accesstoken.SigningKeyFromSeed(k.ID, seed, k.CreatedAt)
}

// firstKey makes the first signing key of a database that has none, and reads the keys there are. The transaction makes
// it happen once, however many replicas start at the same time.
func (s *Server) firstKey(ctx context.Context) error {
	if err := s.Reload(ctx); err == nil || !errors.Is(err, errNoSigningKey) {
		return err
	}
	err := s.Store.Write(ctx, func(w store.Writer) error {
		keys, err := w.SigningKeys()
		if err != nil || len(keys) > 0 {
			return err
		}
		first, err := accesstoken.NewSigningKey(s.Random, s.Now())
		if err != nil {
			return err
		}
		sealed, err := s.seal.close(first)
		if err != nil {
			return err
		}
		return w.CreateSigningKey(sealed)
	})
	if err != nil {
		return err
	}
	return s.Reload(ctx)
}

var errNoSigningKey = errors.New("there is no signing key yet")

// Reload reads the signing keys again: another process may have rotated them. A key is published a while before it
// signs, so that a call every minute is enough.
func (s *Server) Reload(ctx context.Context) error {
	var keys []store.SigningKey
	err := s.Store.Read(ctx, func(r store.Reader) (err error) {
		keys, err = r.SigningKeys()
		return err
	})
	if err != nil {
		return err
	}
	set, err := s.open(keys)
	if err != nil {
		return err
	}
	if now := s.signing.Load(); now == nil || !now.set.Same(set) {
		s.signing.Store(&signing{set, s.newTokens()})
	}
	return nil
}

// signing is the signing keys with the tokens that were checked by them: those of another set are checked again.
type signing struct {
	set    accesstoken.KeySet
	tokens *keystate.Tokens // nil without a watch
}

func (s *Server) newTokens() *keystate.Tokens {
	if s.Watch == nil {
		return nil
	}
	return keystate.NewTokens(s.Watch, s.Remember)
}

func (s *Server) open(keys []store.SigningKey) (accesstoken.KeySet, error) {
	if len(keys) == 0 {
		return accesstoken.KeySet{}, errNoSigningKey
	}
	opened := make([]accesstoken.SigningKey, len(keys))
	for i, k := range keys {
		var err error
		if opened[i], err = s.seal.open(k); err != nil {
			return accesstoken.KeySet{}, &keyapi.Error{
				Code: keyapi.CodeUnavailable, Err: err,
				Message: fmt.Sprintf("The signing key %s cannot be opened with this master key", k.ID),
				Hint:    "Put back the master key file that was made with this database.",
			}
		}
	}
	return accesstoken.NewKeySet(opened)
}

// SigningKeys gives when each signing key does what, oldest first. Errors are those of the store.
func (s *Server) SigningKeys(ctx context.Context) ([]accesstoken.Term, error) {
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	return s.signing.Load().set.Terms(), nil
}

// Rotate makes the next signing key and removes those whose last token has ended. The new key is published at once and
// signs from accesstoken.PublicationLead later. Errors are those of the store.
func (s *Server) Rotate(ctx context.Context) (accesstoken.Term, error) {
	err := s.Store.Write(ctx, func(w store.Writer) error {
		keys, err := w.SigningKeys()
		if err != nil {
			return err
		}
		set, err := s.open(keys)
		if err != nil {
			return err
		}
		next, err := set.Successor(s.Random, s.Now())
		if err != nil {
			return err
		}
		sealed, err := s.seal.close(next)
		if err != nil {
			return err
		}
		if err := w.CreateSigningKey(sealed); err != nil {
			return err
		}
		return removeRetired(w, set, s.Now())
	})
	if err != nil {
		return accesstoken.Term{}, err
	}
	terms, err := s.SigningKeys(ctx)
	if err != nil {
		return accesstoken.Term{}, err
	}
	return terms[len(terms)-1], nil
}

func removeRetired(w store.Writer, set accesstoken.KeySet, now time.Time) error {
	for _, k := range set.Retired(now) {
		if err := w.DeleteSigningKey(k.ID); err != nil {
			return err
		}
	}
	return nil
}
