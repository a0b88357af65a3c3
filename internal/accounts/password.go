package accounts

import (
	"context"
	"errors"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// proof is that somebody gave the password of an account: the hash it was checked against. The hash may have been
// replaced since, so that a transaction that relies on the proof compares it with what it reads.
type proof struct {
	login, address string
	hash           string
}

// prove checks a password under the limits. An unknown login costs the same work and gives the same answer as a wrong
// password.
//
// The attempt is counted as a failure before the password is looked at, and that is taken back when it is right: of
// many attempts at the same time no more get through than one after the other.
func (s *Service) prove(ctx context.Context, login string, password keyapi.Secret, from Origin) (proof, error) {
	p := proof{login: login, address: from.Address}
	if err := s.decide(ctx, func(w *transaction) (refusal, err error) { return s.attempt(w, &p) }); err != nil {
		return proof{}, err
	}
	right, err := s.hasher.verify(ctx, p.hash, password)
	if err != nil { // the password was not looked at
		return proof{}, errors.Join(err, s.takeBack(context.WithoutCancel(ctx), p))
	}
	if !right {
		return proof{}, wrongPassword()
	}
	return p, nil
}

func wrongPassword() error {
	return keyapi.Errorf(keyapi.CodeUnauthenticated, "The login or the password is not right", "")
}

// attempt counts an attempt, unless none is open, and reads the hash to check it against.
func (s *Service) attempt(w store.Writer, p *proof) (refusal, err error) {
	pair, address, err := s.limits.passwordCounters(w, s.now(), p.login, p.address)
	if err != nil {
		return nil, err
	}
	if wait := max(pair.wait(), address.wait()); wait > 0 {
		return limited("Too many wrong passwords", wait), nil
	}
	if _, err := pair.fail(); err != nil {
		return nil, err
	}
	if _, err := address.fail(); err != nil {
		return nil, err
	}
	credentials, err := w.Credentials(p.login)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	p.hash = credentials.PasswordHash
	return nil, nil
}

// takeBack forgets that an attempt was made.
func (s *Service) takeBack(ctx context.Context, p proof) error {
	return s.db.Write(ctx, func(w store.Writer) error {
		pair, address, err := s.limits.passwordCounters(w, s.now(), p.login, p.address)
		if err != nil {
			return err
		}
		return errors.Join(pair.forgive(1), address.forgive(1))
	})
}

// holds checks within a transaction that a proof is still one, and takes back the failures it ends. Those of the account
// leave the count of the address too, and no others: who has an account of their own does not get rid of what they
// failed at with the accounts of others.
func (s *Service) holds(w store.Writer, p proof, c store.Credentials) (refusal, err error) {
	if c.PasswordHash == "" || c.PasswordHash != p.hash {
		return wrongPassword(), nil
	}
	pair, address, err := s.limits.passwordCounters(w, s.now(), p.login, p.address)
	if err != nil {
		return nil, err
	}
	return nil, errors.Join(address.forgive(pair.Failures), pair.forgive(pair.Failures))
}
