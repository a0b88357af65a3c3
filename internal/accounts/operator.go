package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// operator is who acts on the server itself, in the audit trail.
const operator = "operator"

// NewAccount is an account to add.
type NewAccount struct {
	Login     string
	Email     string        // "" = none
	Password  keyapi.Secret // zero = none yet: nobody can sign in before SetPassword
	Permitted bool          // may have a key
}

// Add adds an account. Error: CodeInvalidRequest for a login, password or address that is not well-formed, and for a
// login that is taken.
func (s *Service) Add(ctx context.Context, n NewAccount) error {
	if err := ValidLogin(n.Login); err != nil {
		return err
	}
	if err := validEmail(n.Email); err != nil {
		return err
	}
	hash := ""
	if !n.Password.IsZero() {
		var err error
		if hash, err = s.newHash(ctx, n.Password); err != nil {
			return err
		}
	}
	account := store.Account{Login: n.Login, Email: n.Email, Permitted: n.Permitted, CreatedAt: s.now().Truncate(time.Second)}
	return s.write(ctx, func(w *transaction) error {
		switch _, err := w.Account(n.Login); {
		case err == nil:
			return keyapi.Errorf(keyapi.CodeInvalidRequest, fmt.Sprintf("There is an account %s already", n.Login), "")
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return errors.Join(w.CreateAccount(account), w.PutCredentials(n.Login, store.Credentials{PasswordHash: hash}),
			s.audit(w, account, keyapi.ActionAccountAdd, operator, Origin{}))
	})
}

func (s *Service) newHash(ctx context.Context, password keyapi.Secret) (string, error) {
	if err := validPassword(password); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// List gives up to limit accounts with a login above after, in the order of their logins.
func (s *Service) List(ctx context.Context, after string, limit int) (found []store.Account, err error) {
	err = s.db.Read(ctx, func(r store.Reader) error {
		found, err = r.Accounts(after, limit)
		return err
	})
	return found, err
}

// Details are all an operator sees of an account.
type Details struct {
	store.Account
	HasPassword       bool
	RecoveryCodesLeft int
	Sessions          []store.Session // the running ones, newest first
	LockedOutUntil    time.Time       // no code is taken before it; zero if codes are
}

// Show gives an account. Error: CodeInvalidRequest if it is not there.
func (s *Service) Show(ctx context.Context, login string) (Details, error) {
	var d Details
	err := s.db.Read(ctx, func(r store.Reader) error {
		d = Details{}
		var err error
		if d.Account, err = r.Account(login); err != nil {
			return err
		}
		credentials, err := r.Credentials(login)
		if err != nil {
			return err
		}
		d.HasPassword, d.RecoveryCodesLeft = credentials.PasswordHash != "", len(credentials.RecoveryCodes)
		sessions, err := r.Sessions(login)
		if err != nil {
			return err
		}
		for _, one := range sessions {
			if s.alive(one) {
				d.Sessions = append(d.Sessions, one)
			}
		}
		count, err := r.Attempts(s.limits.name(countCodes, login))
		if count.Until.After(s.now()) {
			d.LockedOutUntil = count.Until
		}
		return err
	})
	return d, noAccount(err, login)
}

func noAccount(err error, login string) error {
	return absent(err, fmt.Sprintf("There is no account %q", login), "See: apikeyd account list")
}

// operate changes an account. fn changes what it is given and says what it did, "" if it was so already: then nothing
// is written.
func (s *Service) operate(
	ctx context.Context, login string, fn func(w *transaction, a *store.Account) (done keyapi.Action, err error),
) error {
	return s.write(ctx, func(w *transaction) error {
		a, err := w.Account(login)
		if err != nil {
			return noAccount(err, login)
		}
		done, err := fn(w, &a)
		if done == "" || err != nil {
			return err
		}
		return errors.Join(w.PutAccount(a), w.PutKey(login, a.Key), s.audit(w, a, done, operator, Origin{}))
	})
}

// Grant lets an account have a key. Errors of this and the following: CodeInvalidRequest if it
// is not there. What is so already is left as it is.
func (s *Service) Grant(ctx context.Context, login string) error {
	return s.operate(ctx, login, func(_ *transaction, a *store.Account) (keyapi.Action, error) {
		if a.Permitted {
			return "", nil
		}
		a.Permitted, a.Key = true, a.Key.Revise()
		return keyapi.ActionPermissionGrant, nil
	})
}

// Revoke takes the permission to have a key away. The key stays and does nothing; its access tokens end.
func (s *Service) Revoke(ctx context.Context, login string) error {
	return s.operate(ctx, login, func(_ *transaction, a *store.Account) (keyapi.Action, error) {
		if !a.Permitted {
			return "", nil
		}
		a.Permitted, a.Key = false, a.Key.Retire()
		return keyapi.ActionPermissionRevoke, nil
	})
}

// SetPassword gives an account a password and ends all its sessions. Errors: also CodeInvalidRequest for one that is too
// short or too long, CodeRateLimited if too many are hashed at the moment.
func (s *Service) SetPassword(ctx context.Context, login string, password keyapi.Secret) error {
	hash, err := s.newHash(ctx, password)
	if err != nil {
		return err
	}
	return s.operate(ctx, login, func(w *transaction, _ *store.Account) (keyapi.Action, error) {
		credentials, err := w.Credentials(login)
		if err != nil {
			return "", err
		}
		credentials.PasswordHash = hash
		return keyapi.ActionPasswordSet, errors.Join(w.PutCredentials(login, credentials), w.DeleteSessions(login, ""))
	})
}

// SetEmail gives an account the address its mails go to, "" for none. Mails that wait already go to the address of their
// time. Error: also CodeInvalidRequest for one that is not well-formed.
func (s *Service) SetEmail(ctx context.Context, login, email string) error {
	if err := validEmail(email); err != nil {
		return err
	}
	return s.operate(ctx, login, func(_ *transaction, a *store.Account) (keyapi.Action, error) {
		if a.Email == email {
			return "", nil
		}
		a.Email = email
		return keyapi.ActionEmailSet, nil
	})
}

// ResetMFA turns MFA off for somebody who lost the authenticator and the recovery codes. It ends the account's pipeline
// sessions and the access tokens of its key.
func (s *Service) ResetMFA(ctx context.Context, login string) error {
	return s.write(ctx, func(w *transaction) error {
		a, err := w.Account(login)
		if err != nil {
			return noAccount(err, login)
		}
		credentials, err := w.Credentials(login)
		if err != nil {
			return err
		}
		if a.MFAEnabled {
			return s.turnOff(w, a, credentials, operator, Origin{})
		}
		credentials.PendingSeed = nil
		return errors.Join(w.PutCredentials(login, credentials), s.clearCodeLimit(w, login))
	})
}

// Lock lets nobody sign in to an account, and ends all its sessions and the access tokens of its key.
func (s *Service) Lock(ctx context.Context, login string) error {
	return s.operate(ctx, login, func(w *transaction, a *store.Account) (keyapi.Action, error) {
		if a.Locked {
			return "", nil
		}
		a.Locked, a.Key = true, a.Key.Retire()
		return keyapi.ActionAccountLock, w.DeleteSessions(login, "")
	})
}

// Unlock lets the person of an account sign in again. It also ends a lock-out that wrong codes have led to.
func (s *Service) Unlock(ctx context.Context, login string) error {
	return s.operate(ctx, login, func(w *transaction, a *store.Account) (keyapi.Action, error) {
		if err := s.clearCodeLimit(w, login); err != nil || !a.Locked {
			return "", err
		}
		a.Locked, a.Key = false, a.Key.Revise()
		return keyapi.ActionAccountUnlock, nil
	})
}

// Remove removes an account and all that belongs to it: its key, sessions and audit trail.
func (s *Service) Remove(ctx context.Context, login string) error {
	err := s.write(ctx, func(w *transaction) error {
		a, err := w.Account(login)
		if err != nil {
			return noAccount(err, login)
		}
		if a.Key.AccessKey != "" { // what a kept reply holds is not only removed, but overwritten
			if err := w.EraseReplies(login, a.Key.AccessKey); err != nil {
				return err
			}
		}
		return errors.Join(s.clearCodeLimit(w, login), w.RemoveAccount(login))
	})
	if err == nil {
		s.log.Info("account removed", "login", login, "actor", operator)
	}
	return err
}
