package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// SignIn is what somebody gives to sign in.
type SignIn struct {
	LoginID      string // capitals and blanks around it do not matter
	Password     keyapi.Secret
	OTP          keyapi.Secret // of the authenticator; only for an account with MFA
	RecoveryCode keyapi.Secret // instead of OTP
}

// SignIn makes a person's session and gives its token, which nobody ever sees again. Of more than a hundred sessions of a
// person those end that were not used for longest. Errors: CodeUnauthenticated for an
// unknown login, a wrong password (the same error) and a locked account; CodeOTPRequired and CodeOTPInvalid, which only
// who gave the right password gets; CodeRateLimited.
func (s *Service) SignIn(ctx context.Context, in SignIn, from Origin) (keyapi.Secret, store.Session, store.Account, error) {
	none := func(err error) (keyapi.Secret, store.Session, store.Account, error) {
		return keyapi.Secret{}, store.Session{}, store.Account{}, err
	}
	login := keyapi.CanonicalLogin(in.LoginID)
	proved, err := s.prove(ctx, login, in.Password, from)
	if err != nil {
		return none(err)
	}
	token, session, err := s.newSession(login, from)
	if err != nil {
		return none(err)
	}
	session.ExpiresAt = session.CreatedAt.Add(sessionFor)
	var account store.Account
	err = s.relying(ctx, proved, func(w *transaction) (refusal, err error) {
		account, err = w.Account(login)
		if errors.Is(err, store.ErrNotFound) { // removed since
			return nil, wrongPassword()
		}
		if err != nil {
			return nil, err
		}
		if refusal, err := s.enter(w, account, proved, newCode(in.OTP, in.RecoveryCode), from); refusal != nil || err != nil {
			return refusal, err
		}
		return nil, errors.Join(s.roomForPerson(w, login), w.CreateSession(session), w.PurgeSessions(s.now()), w.PurgeAttempts(s.now().Add(-forgetAfter)))
	})
	if err != nil {
		return none(err)
	}
	return token, session, account, nil
}

// enter decides whether who has the password of an account gets in.
func (s *Service) enter(w *transaction, a store.Account, proved proof, given code, from Origin) (refusal, err error) {
	credentials, err := w.Credentials(a.Login)
	if err != nil {
		return nil, err
	}
	if refusal, err := s.holds(w, proved, credentials); refusal != nil || err != nil {
		return refusal, err
	}
	if a.Locked {
		return s.accountLocked(), nil
	}
	if !a.MFAEnabled {
		return nil, nil
	}
	if refusal, err := s.spend(w, a, &credentials, credentials.Seed, given, from); refusal != nil || err != nil {
		return refusal, err
	}
	return nil, w.PutCredentials(a.Login, credentials)
}

// newSession draws a token and begins the session it belongs to.
func (s *Service) newSession(login string, from Origin) (keyapi.Secret, store.Session, error) {
	token, err := keyapi.NewSessionToken(s.random)
	if err != nil {
		return keyapi.Secret{}, store.Session{}, err
	}
	const idDigits = 16 // 80 bits
	id, err := randomDigits(s.random, idDigits)
	if err != nil {
		return keyapi.Secret{}, store.Session{}, err
	}
	now := s.now()
	return token, store.Session{
		ID: id, Hash: tokenHash(token), Login: login, CreatedAt: now.Truncate(time.Second), VerifiedAt: now,
		From: from.Address, UserAgent: clip(from.UserAgent),
	}, nil
}

// SignOut ends the session of a principal. One that has ended already is no error.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	return s.write(ctx, func(w *transaction) error {
		if err := w.DeleteSession(p.Login, p.Session.ID); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}

// Verify takes a code for what needs one given within the last 15 minutes, and says until when it counts. Errors:
// CodeOTPRequired without a code, CodeOTPInvalid, CodeRateLimited; CodeMFANotEnabled; CodeNotPermitted for a pipeline.
func (s *Service) Verify(ctx context.Context, p Principal, otp, recoveryCode keyapi.Secret) (until time.Time, err error) {
	from := p.Origin
	err = s.decide(ctx, func(w *transaction) (refusal, err error) {
		p, credentials, err := s.personWithCredentials(w, p)
		if err != nil {
			return nil, err
		}
		refusal, err = s.spend(w, p.Account, &credentials, credentials.Seed, newCode(otp, recoveryCode), from)
		if refusal != nil || err != nil {
			return refusal, err
		}
		now := s.now()
		until = now.Add(verifiedFor)
		return nil, errors.Join(w.PutCredentials(p.Login, credentials), w.TouchSession(p.Session.ID, now, now))
	})
	if err != nil {
		return time.Time{}, err
	}
	return until, nil
}
