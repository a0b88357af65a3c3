package accounts

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var pipelineName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// Sessions gives the running sessions of the principal's account, newest first. Error: CodeNotPermitted for a pipeline.
func (s *Service) Sessions(ctx context.Context, p Principal, pipelinesOnly bool) ([]store.Session, error) {
	if err := p.requirePerson(); err != nil {
		return nil, err
	}
	var found []store.Session
	err := s.db.Read(ctx, func(r store.Reader) (err error) {
		found, err = r.Sessions(p.Login)
		return err
	})
	return slices.DeleteFunc(found, func(one store.Session) bool {
		return !s.alive(one) || pipelinesOnly && one.Name == ""
	}), err
}

// CreatePipelineSession makes a session that may do a few verbs of the key, for a program, and gives its token, which
// nobody ever sees again. "status" is always among them. ttl is how long it lasts, at most a year. The name is
// [a-z0-9-]{1,32} and no other running pipeline session of the account has it; there may be a hundred. Errors:
// CodeInvalidRequest; CodeOTPRequired or, without MFA, CodeUnauthenticated if the last code or password was given too long
// ago; CodeNotPermitted for a pipeline.
func (s *Service) CreatePipelineSession(
	ctx context.Context, p Principal, name string, allow []string, ttl time.Duration, from Origin,
) (keyapi.Secret, store.Session, error) {
	token, session, err := s.newSession(p.Login, from)
	if err != nil {
		return keyapi.Secret{}, store.Session{}, err
	}
	err = s.write(ctx, func(w *transaction) error {
		p, err := s.person(w, p)
		if err != nil {
			return err
		}
		if err := p.RequireVerified(); err != nil {
			return err
		}
		if err := pipeline(&session, name, allow, ttl); err != nil {
			return err
		}
		if err := s.roomForPipeline(w, p.Login, name); err != nil {
			return err
		}
		if err := w.CreateSession(session); err != nil {
			return err
		}
		return s.audit(w, p.Account, keyapi.ActionSessionCreate, p.Actor(), from)
	})
	if err != nil {
		return keyapi.Secret{}, store.Session{}, err
	}
	return token, session, nil
}

// pipeline makes a session one of a pipeline. Error: CodeInvalidRequest.
func pipeline(session *store.Session, name string, allow []string, ttl time.Duration) error {
	if !pipelineName.MatchString(name) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "The name of the pipeline session is not well-formed",
			"A name has 1 to 32 of a-z 0-9 and -.")
	}
	for _, verb := range allow {
		if !slices.Contains(verbs, verb) {
			return keyapi.Errorf(keyapi.CodeInvalidRequest, "A pipeline session cannot be allowed this",
				"It may be allowed: "+strings.Join(verbs, ", ")+".")
		}
	}
	ends := session.CreatedAt.Add(ttl).Truncate(time.Second)
	if ttl < time.Second || ends.After(session.CreatedAt.AddDate(1, 0, 0)) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "A pipeline session lasts from a second to a year", "")
	}
	session.Name, session.ExpiresAt, session.Allow = name, ends, nil
	for _, verb := range verbs {
		if verb == alwaysAllowed || slices.Contains(allow, verb) {
			session.Allow = append(session.Allow, verb)
		}
	}
	return nil
}

// sessionsAtMost is how many sessions of a kind may run for an account: those of its person, and those of its pipelines.
// Nobody needs so many who does not mean to fill the database.
const sessionsAtMost = 100

// running removes those of an account's sessions that have ended by themselves, and gives the others of a kind, newest
// first.
func (s *Service) running(w store.Writer, login string, pipelines bool) (found []store.Session, err error) {
	sessions, err := w.Sessions(login)
	if err != nil {
		return nil, err
	}
	for _, one := range sessions {
		switch {
		case !s.alive(one):
			if err := w.DeleteSession(login, one.ID); err != nil {
				return nil, err
			}
		case pipelines == (one.Name != ""):
			found = append(found, one)
		}
	}
	return found, nil
}

// roomForPerson makes room for one more session of a person. Those that were not used for longest end for it: who signs
// in is never turned away.
func (s *Service) roomForPerson(w store.Writer, login string) error {
	found, err := s.running(w, login, false)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b store.Session) int { return lastUsed(b).Compare(lastUsed(a)) })
	for _, one := range found[min(sessionsAtMost-1, len(found)):] {
		if err := w.DeleteSession(login, one.ID); err != nil {
			return err
		}
	}
	return nil
}

// roomForPipeline refuses a name that is in use, and one session too many. None is ended for it: a pipeline that works
// must not stop because another one was let in. Error: CodeInvalidRequest.
func (s *Service) roomForPipeline(w store.Writer, login, name string) error {
	found, err := s.running(w, login, true)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(one store.Session) bool { return one.Name == name }) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "There is a pipeline session of this name already",
			"Choose another name, or revoke that one first.")
	}
	if len(found) >= sessionsAtMost {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "There are too many pipeline sessions of this account",
			"Revoke one that is not used any more first.")
	}
	return nil
}

// RevokeSession ends a session of the principal's account, by its ID. Errors: CodeInvalidRequest if it is not there;
// CodeNotPermitted for a pipeline.
func (s *Service) RevokeSession(ctx context.Context, p Principal, id string) error {
	from := p.Origin
	return s.write(ctx, func(w *transaction) error {
		p, err := s.person(w, p)
		if err != nil {
			return err
		}
		if err := w.DeleteSession(p.Login, id); err != nil {
			return absent(err, "There is no such session", "")
		}
		return s.audit(w, p.Account, keyapi.ActionSessionRevoke, p.Actor(), from)
	})
}

// endPipelines ends the pipeline sessions of an account.
func endPipelines(w store.Writer, login string) error {
	sessions, err := w.Sessions(login)
	if err != nil {
		return err
	}
	var failed []error
	for _, one := range sessions {
		if one.Name != "" {
			failed = append(failed, w.DeleteSession(login, one.ID))
		}
	}
	return errors.Join(failed...)
}
