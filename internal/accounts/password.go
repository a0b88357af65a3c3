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
// password. The attempt of a right one is undecided until holds.
func (s *Service) prove(ctx context.Context, login string, password keyapi.Secret, from Origin) (proof, error) {
	p := proof{login: login, address: from.Address}
	if err := s.admit(ctx, &p); err != nil {
		return proof{}, err
	}
	right, err := s.hasher.verify(ctx, p.hash, password)
	if err != nil { // the password was not looked at
		return proof{}, errors.Join(err, s.settle(ctx, p, passwordCounts.takenBack))
	}
	if right {
		return p, nil
	}
	if err := s.settle(ctx, p, passwordCounts.wrong); err != nil {
		return proof{}, err
	}
	return proof{}, wrongPassword()
}

func wrongPassword() error {
	return keyapi.Errorf(keyapi.CodeUnauthenticated, "The login or the password is not right", "")
}

// holds checks within a transaction that a proof is still one, and decides the attempt.
func (s *Service) holds(w store.Writer, p proof, c store.Credentials) (refusal, err error) {
	counts, err := s.limits.passwordCounts(w, s.now(), p.login, p.address)
	if err != nil {
		return nil, err
	}
	if c.PasswordHash == "" || c.PasswordHash != p.hash {
		return wrongPassword(), counts.wrong()
	}
	return nil, counts.right()
}
