package accounts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The times of sessions.
const (
	sessionFor  = 30 * 24 * time.Hour // a person's, from signing in
	idleFor     = 7 * 24 * time.Hour  // a person's, from its last request
	verifiedFor = 15 * time.Minute    // from a code on nothing asks for another one
	seenEvery   = time.Minute         // how exact the time of the last request is
)

// verbs are what a pipeline session may be allowed, in the order in which they are shown.
var verbs = []string{"status", "generate", "disable", "activate", "regenerate", "delete", "history"}

// alwaysAllowed is in every pipeline session.
const alwaysAllowed = "status"

// impliedBy says which verbs bring others with them: they belong to what was allowed, or take away less.
var impliedBy = map[string][]string{
	"recover":         {"generate", "regenerate"},
	"delete-previous": {"delete"},
}

// Principal is who makes a request.
type Principal struct {
	Login   string
	Session store.Session
	Account store.Account
	Origin  Origin // of the request, for the audit trail. Authenticate says where the session was made; callers know better
	// Verified: a code was given within 15 minutes, or without MFA the password. A pipeline gives none: it counts as verified
	// by the code its session was made with.
	Verified bool
}

// Pipeline tells whether a pipeline makes the request.
func (p Principal) Pipeline() bool { return p.Session.Name != "" }

// Allows tells whether the principal may use a verb of the key: status generate disable activate regenerate delete
// history, and recover and delete-previous, which belong to others. A person may use all.
func (p Principal) Allows(verb string) bool {
	if !p.Pipeline() || slices.Contains(p.Session.Allow, verb) {
		return true
	}
	return slices.ContainsFunc(impliedBy[verb], func(v string) bool { return slices.Contains(p.Session.Allow, v) })
}

// Actor is the principal in the audit trail: the login, or "ada/ci" for a pipeline of ada.
func (p Principal) Actor() string {
	if p.Pipeline() {
		return p.Login + "/" + p.Session.Name
	}
	return p.Login
}

// RequireVerified is nil for a principal that is Verified. Errors: CodeOTPRequired; CodeUnauthenticated for an account
// without MFA, which has only its password to give again.
func (p Principal) RequireVerified() error {
	switch {
	case p.Verified:
		return nil
	case p.Account.MFAEnabled:
		return codeRequired()
	default:
		return keyapi.Errorf(keyapi.CodeUnauthenticated, "The password was given too long ago for this", "Sign in again.")
	}
}

// requirePerson refuses what no pipeline may do. Error: CodeNotPermitted.
func (p Principal) requirePerson() error {
	if p.Pipeline() {
		return keyapi.Errorf(keyapi.CodeNotPermitted, "A pipeline session may not do this", "Sign in as a person.")
	}
	return nil
}

func sessionEnded() error {
	return keyapi.Errorf(keyapi.CodeUnauthenticated, "There is no such session, or it has ended", "Sign in again.")
}

func (s *Service) accountLocked() error {
	return keyapi.Errorf(keyapi.CodeUnauthenticated, "The account is locked", s.ask())
}

// Authenticate gives whom a session token belongs to, as the database has it now. Error: CodeUnauthenticated for a token
// that is unknown, expired or was not used for a week (a person's), and for a locked account.
func (s *Service) Authenticate(ctx context.Context, token keyapi.Secret) (Principal, error) {
	if _, err := keyapi.ParseSessionToken(token.Reveal()); err != nil {
		return Principal{}, sessionEnded()
	}
	var p Principal
	err := s.db.Read(ctx, func(r store.Reader) (err error) {
		p, err = s.principal(r, tokenHash(token))
		return err
	})
	if err != nil || s.now().Sub(p.Session.SeenAt) < seenEvery {
		return p, err
	}
	err = s.write(ctx, func(w *transaction) (err error) {
		// Read again: the session may have been verified, or ended, in between.
		if p, err = s.principal(w, p.Session.Hash); err != nil {
			return err
		}
		p.Session.SeenAt = s.now()
		return w.TouchSession(p.Session.ID, p.Session.SeenAt, p.Session.VerifiedAt)
	})
	if err != nil {
		return Principal{}, err
	}
	return p, nil
}

// principal reads whom the token with a hash belongs to. What changes something by the right of a session reads it again
// in its transaction: who loses a session must not make another one with it at the same moment.
func (s *Service) principal(r store.Reader, hash []byte) (Principal, error) {
	session, err := r.Session(hash)
	if errors.Is(err, store.ErrNotFound) {
		return Principal{}, sessionEnded()
	}
	if err != nil {
		return Principal{}, err
	}
	if !s.alive(session) {
		return Principal{}, sessionEnded()
	}
	account, err := r.Account(session.Login)
	if err != nil {
		return Principal{}, err
	}
	if account.Locked {
		return Principal{}, s.accountLocked()
	}
	p := Principal{Login: session.Login, Session: session, Account: account, Origin: Origin{session.From, session.UserAgent}}
	if p.Pipeline() { // made with no more than the password, it has lost what it was verified by when MFA was turned on
		p.Verified = !account.MFAEnabled || !session.VerifiedAt.IsZero()
	} else {
		p.Verified = s.now().Before(session.VerifiedAt.Add(verifiedFor))
	}
	return p, nil
}

// alive tells whether a session has not ended by itself. Pipelines may rest: some run once a quarter.
func (s *Service) alive(session store.Session) bool {
	now := s.now()
	return now.Before(session.ExpiresAt) && (session.Name != "" || now.Before(lastUsed(session).Add(idleFor)))
}

// lastUsed gives when a session was last used: it was made then if it never was.
func lastUsed(session store.Session) time.Time {
	if session.SeenAt.IsZero() {
		return session.CreatedAt
	}
	return session.SeenAt
}

// person reads a principal again. Errors: CodeUnauthenticated if it has lost its session, CodeNotPermitted for a
// pipeline.
func (s *Service) person(r store.Reader, p Principal) (Principal, error) {
	if err := p.requirePerson(); err != nil {
		return Principal{}, err
	}
	return s.principal(r, p.Session.Hash)
}

// personWithMFA is person for what only an account with MFA has. Error: also CodeMFANotEnabled.
func (s *Service) personWithMFA(r store.Reader, p Principal) (Principal, error) {
	p, err := s.person(r, p)
	if err == nil && !p.Account.MFAEnabled {
		err = mfaNotEnabled()
	}
	return p, err
}

// personWithCredentials is personWithMFA for what takes a code or makes recovery codes: it reads the credentials too.
func (s *Service) personWithCredentials(r store.Reader, p Principal) (Principal, store.Credentials, error) {
	p, err := s.personWithMFA(r, p)
	if err != nil {
		return p, store.Credentials{}, err
	}
	credentials, err := r.Credentials(p.Login)
	return p, credentials, err
}
