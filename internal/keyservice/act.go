package keyservice

import (
	"context"
	"time"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// makesSecret tells the actions whose reply holds a secret: they can't be repeated, so they require an Idempotency-Key.
func makesSecret(a keyapi.Action) bool {
	return a == keyapi.ActionGenerate || a == keyapi.ActionRegenerate
}

// takesAway tells the actions that need no right: what they end must never be hard to end.
func takesAway(a keyapi.Action) bool { return lifecycle.Allowed(a, lifecycle.Facts{}) == "" }

// Act carries out an action on an account's key. The change, its idempotency record with the sealed reply and its
// audit event are one transaction. The order of the checks is the contract's: replay, permission, MFA, fresh
// code, If-Match, state.
//
// Errors: those keyapi.API names for the action; CodeInvalidRequest without the Idempotency-Key that generate and
// regenerate require; CodeIdempotencyMismatch if it was used for another request; CodeSuperseded if what was made under
// it is gone; CodeRateLimited, except for what takes something away, if the account has made too many changes within a
// day.
func (s *Service) Act(ctx context.Context, login string, actor Actor, action keyapi.Action, c keyapi.Change) (keyapi.Result, error) {
	if makesSecret(action) && c.IdempotencyKey.IsZero() {
		return keyapi.Result{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "The request needs an Idempotency-Key",
			"Send a fresh random one with every new request and the same one with its repetitions.")
	}
	if c.Grace != 0 && action != keyapi.ActionRegenerate {
		return keyapi.Result{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "Only regenerate takes a grace period", "")
	}
	failpoint.Hit("received")
	request := request{login: login, action: action, grace: c.Grace, key: c.IdempotencyKey}
	var result keyapi.Result
	err := s.db.Write(ctx, func(w store.Writer) error {
		replayed, found, err := s.replay(w, request)
		if found || err != nil {
			result = replayed
			return err
		}
		account, err := s.account(w, login)
		if err != nil {
			return err
		}
		if code := lifecycle.Allowed(action, s.facts(account)); code != "" {
			return s.refusal(code, account)
		}
		if lifecycle.NeedsCode(action, s.facts(account)) && !actor.Verified {
			return s.refusal(keyapi.CodeOTPRequired, account)
		}
		if c.IfMatch != nil && *c.IfMatch != account.Key.Revision {
			return s.refusal(keyapi.CodeVersionConflict, account)
		}
		result, err = s.change(w, account, actor, request, c.UserAgent)
		failpoint.Hit("uncommitted")
		return err
	})
	if err != nil {
		return keyapi.Result{}, err
	}
	failpoint.Hit("commit")
	return result, nil
}

// change applies the action to an account that may do it and records it.
func (s *Service) change(w store.Writer, account store.Account, actor Actor, r request, userAgent string) (keyapi.Result, error) {
	now := s.now()
	fresh, secret, err := s.fresh(r.action)
	if err != nil {
		return keyapi.Result{}, err
	}
	after, changed, refused := account.Key.Apply(r.action, now, fresh, r.grace)
	if refused != "" {
		return keyapi.Result{}, s.refusal(refused, account)
	}
	if !changed {
		return keyapi.Result{Key: s.view(account)}, nil
	}
	before := account.Key
	account.Key = after
	if after.AccessKey != before.AccessKey {
		account.LastUsedAt = time.Time{}
	}
	result := keyapi.Result{Key: s.view(account), Changed: true, AccessSecret: secret}
	return result, s.record(w, account, before, actor, r, userAgent, result)
}

// record writes a change: the key, the end of the replies that hold a secret that is gone, the reply of this request,
// the audit event and the notice to the person.
func (s *Service) record(w store.Writer, account store.Account, before lifecycle.Key, actor Actor, r request, userAgent string, result keyapi.Result) error {
	now, after := s.now(), account.Key
	if err := w.PutKey(account.Login, after); err != nil {
		return err
	}
	if before.AccessKey != "" && before.AccessKey != after.AccessKey {
		if err := w.EraseReplies(account.Login, before.AccessKey); err != nil {
			return err
		}
	}
	if err := s.keepReply(w, actor, r, result, now); err != nil {
		return err
	}
	subject := after.AccessKey
	switch r.action {
	case keyapi.ActionDelete:
		subject = before.AccessKey
	case keyapi.ActionDeletePrevious:
		subject = before.Previous.AccessKey
	}
	event := keyapi.Event{
		At: now.UTC().Truncate(time.Second), Action: r.action, Actor: actor.Name, From: actor.From, UserAgent: userAgent,
		AccessKey: subject, Revision: after.Revision,
	}
	if err := w.AddEvent(account.Login, event); err != nil || !s.policy.Notices {
		return err
	}
	return notice.Tell(w, s.random, account, notice.OfEvent(event, after.ExpiresAt()))
}

// fresh draws the new key of an action that makes one.
func (s *Service) fresh(a keyapi.Action) (lifecycle.Fresh, keyapi.Secret, error) {
	if !makesSecret(a) {
		return lifecycle.Fresh{}, keyapi.Secret{}, nil
	}
	accessKey, err := keyapi.NewAccessKey(s.random)
	if err != nil {
		return lifecycle.Fresh{}, keyapi.Secret{}, err
	}
	secret, err := keyapi.NewAccessSecret(s.random)
	if err != nil {
		return lifecycle.Fresh{}, keyapi.Secret{}, err
	}
	return lifecycle.Fresh{AccessKey: accessKey, Verifier: s.seals.verifier(secret)}, secret, nil
}

// refusal makes the error for a code, with the actions that are open instead.
func (s *Service) refusal(code keyapi.Code, account store.Account) error {
	err := lifecycle.Refusal(code)
	if code == keyapi.CodeVersionConflict {
		err.Message = "The API key was changed in the meantime"
	}
	if code == keyapi.CodeNotPermitted {
		err.Hint = s.policy.Contact
	}
	err.Actions = account.Key.Actions(s.now(), s.facts(account))
	return err
}
