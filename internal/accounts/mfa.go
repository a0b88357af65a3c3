package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func mfaNotEnabled() error {
	return keyapi.Errorf(keyapi.CodeMFANotEnabled, "Multi-factor authentication is not on for your account", "")
}

func mfaAlreadyEnabled() error {
	return keyapi.Errorf(keyapi.CodeMFAAlreadyEnabled, "Multi-factor authentication is on already", "Turn it off first.")
}

// Account gives the principal's account and how many recovery codes are left.
func (s *Service) Account(ctx context.Context, p Principal) (account store.Account, recoveryCodesLeft int, err error) {
	err = s.db.Read(ctx, func(r store.Reader) error {
		if account, err = r.Account(p.Login); err != nil {
			return err
		}
		credentials, err := r.Credentials(p.Login)
		recoveryCodesLeft = len(credentials.RecoveryCodes)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = sessionEnded()
	}
	return account, recoveryCodesLeft, err
}

// BeginMFA draws a seed for an authenticator and gives it as base32 and as the URI an app reads. Nothing is on before
// ConfirmMFA; beginning again draws another seed. Errors: CodeMFAAlreadyEnabled; CodeUnauthenticated if the password was
// given too long ago; CodeNotPermitted for a pipeline.
func (s *Service) BeginMFA(ctx context.Context, p Principal) (secret, uri keyapi.Secret, err error) {
	none := func(err error) (secret, uri keyapi.Secret, _ error) { return keyapi.Secret{}, keyapi.Secret{}, err }
	seed, err := newSeed(s.random)
	if err != nil {
		return none(err)
	}
	sealed, err := s.seals.seal(seed, p.Login)
	if err != nil {
		return none(err)
	}
	if uri, err = s.seedURI(p.Login, seed); err != nil {
		return none(err)
	}
	err = s.write(ctx, func(w *transaction) error {
		_, credentials, err := s.withoutMFA(w, p)
		if err != nil {
			return err
		}
		credentials.PendingSeed = sealed
		return w.PutCredentials(p.Login, credentials)
	})
	if err != nil {
		return none(err)
	}
	return keyapi.NewSecret(seedText(seed)), uri, nil
}

// withoutMFA reads a person who may turn MFA on.
func (s *Service) withoutMFA(w *transaction, p Principal) (Principal, store.Credentials, error) {
	p, err := s.person(w, p)
	if err != nil {
		return p, store.Credentials{}, err
	}
	if p.Account.MFAEnabled {
		return p, store.Credentials{}, mfaAlreadyEnabled()
	}
	if err := p.RequireVerified(); err != nil {
		return p, store.Credentials{}, err
	}
	credentials, err := w.Credentials(p.Login)
	return p, credentials, err
}

// ConfirmMFA turns MFA on with a code of the authenticator that BeginMFA gave the seed for, and gives ten recovery codes,
// which nobody ever sees again. The code is spent. Errors: CodeOTPInvalid, CodeRateLimited; CodeInvalidRequest without
// BeginMFA; CodeMFAAlreadyEnabled; CodeUnauthenticated if the password was given too long ago; CodeNotPermitted for a
// pipeline.
func (s *Service) ConfirmMFA(ctx context.Context, p Principal, given keyapi.Secret, from Origin) ([]keyapi.Secret, error) {
	shown, hashes, err := s.newRecoveryCodes(p.Login)
	if err != nil {
		return nil, err
	}
	err = s.decide(ctx, func(w *transaction) (refusal, err error) {
		p, credentials, err := s.withoutMFA(w, p)
		if err != nil {
			return nil, err
		}
		if credentials.PendingSeed == nil {
			return nil, keyapi.Errorf(keyapi.CodeInvalidRequest, "No authenticator is being set up", "Begin with the seed for one.")
		}
		refusal, err = s.spend(w, p.Account, &credentials, credentials.PendingSeed, code{otp: typed(given)}, from)
		if refusal != nil || err != nil {
			return refusal, err
		}
		credentials.Seed, credentials.PendingSeed, credentials.RecoveryCodes = credentials.PendingSeed, nil, hashes
		return nil, s.turnOn(w, p, credentials, from)
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// turnOn stores that an account has MFA. Of its sessions only the one that gave the code counts as verified: the others,
// those of pipelines too, have no more than the password behind them.
func (s *Service) turnOn(w *transaction, p Principal, c store.Credentials, from Origin) error {
	p.Account.MFAEnabled, p.Account.Key = true, p.Account.Key.Revise()
	err := errors.Join(w.PutCredentials(p.Login, c), w.PutAccount(p.Account), w.PutKey(p.Login, p.Account.Key))
	if err != nil {
		return err
	}
	sessions, err := w.Sessions(p.Login)
	if err != nil {
		return err
	}
	for _, one := range sessions {
		verified := time.Time{}
		if one.ID == p.Session.ID {
			verified = s.now()
		}
		if err := w.TouchSession(one.ID, one.SeenAt, verified); err != nil {
			return err
		}
	}
	return s.audit(w, p.Account, keyapi.ActionMFAEnable, p.Actor(), from)
}

// NewRecoveryCodes gives ten new recovery codes, which nobody ever sees again; those of before count no more. Errors:
// CodeMFANotEnabled; CodeOTPRequired if the last code was given too long ago; CodeNotPermitted for a pipeline.
func (s *Service) NewRecoveryCodes(ctx context.Context, p Principal, from Origin) ([]keyapi.Secret, error) {
	shown, hashes, err := s.newRecoveryCodes(p.Login)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(w *transaction) error {
		p, credentials, err := s.personWithCredentials(w, p)
		if err != nil {
			return err
		}
		if err := p.RequireVerified(); err != nil {
			return err
		}
		credentials.RecoveryCodes = hashes
		return errors.Join(w.PutCredentials(p.Login, credentials),
			s.audit(w, p.Account, keyapi.ActionRecoveryCodes, p.Actor(), from))
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// DisableMFA turns MFA off: it takes the password and a code, of the authenticator or a recovery code. It ends the
// account's pipeline sessions and the access tokens of its key. Errors: CodeUnauthenticated for a wrong password,
// CodeOTPRequired, CodeOTPInvalid, CodeRateLimited; CodeMFANotEnabled; CodeNotPermitted for a pipeline.
func (s *Service) DisableMFA(ctx context.Context, p Principal, password, given keyapi.Secret, from Origin) error {
	err := s.db.Read(ctx, func(r store.Reader) error {
		_, err := s.personWithMFA(r, p)
		return err
	})
	if err != nil {
		return err
	}
	proved, err := s.prove(ctx, p.Login, password, from)
	if err != nil {
		return err
	}
	return s.relying(ctx, proved, func(w *transaction) (refusal, err error) {
		p, credentials, err := s.personWithCredentials(w, p)
		if err != nil {
			return nil, err
		}
		if refusal, err := s.holds(w, proved, credentials); refusal != nil || err != nil {
			return refusal, err
		}
		refusal, err = s.spend(w, p.Account, &credentials, credentials.Seed, eitherCode(given), from)
		if refusal != nil || err != nil {
			return refusal, err
		}
		now := s.now()
		return nil, errors.Join(s.turnOff(w, p.Account, credentials, p.Actor(), from), w.TouchSession(p.Session.ID, now, now))
	})
}

// turnOff stores that an account has no MFA any more. Nothing of the authenticator is left, not even its newest step: the
// next one is another.
func (s *Service) turnOff(w *transaction, a store.Account, c store.Credentials, actor string, from Origin) error {
	a.MFAEnabled, a.Key = false, a.Key.Retire()
	return errors.Join(
		w.PutCredentials(a.Login, store.Credentials{PasswordHash: c.PasswordHash}),
		w.PutAccount(a), w.PutKey(a.Login, a.Key), endPipelines(w, a.Login), s.clearCodeLimit(w, a.Login),
		s.audit(w, a, keyapi.ActionMFADisable, actor, from))
}
