package custody

import (
	"context"
	"errors"
	"slices"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Act does what the intent says, in the order of this package, and hands the outcome to show. show is called exactly
// once if nothing failed before; when the secret is kept nowhere but in what show writes, the pending record is dropped
// only after show returned nil.
//
// Errors: the refusals of the service and of the action; CodeCancelled and CodeConfirmationRequired of the pop-up; CodeOTPRequired and
// CodeOTPInvalid where a fresh code is wanted and not given; the codes of the store and of the connection. Unless the error says otherwise nothing was changed.
func (c *Custodian) Act(ctx context.Context, in Intent, show func(Outcome) error) error {
	if c.Service.Refuse != nil {
		if err := c.Service.Refuse(in.Action); err != nil {
			return err
		}
	}
	a := actions[in.Action]
	if a.makes {
		recovered, err := c.recoverOrphan(ctx, in, untilItIsFree, show)
		if recovered || err != nil {
			return err
		}
	}
	key, err := c.Service.API.Key(ctx) // (1)
	if err != nil {
		return err
	}
	failpoint.Hit("intent")
	if change, err := c.foresee(in, key); err != nil || !change {
		return c.rest(key, err, show)
	}
	var to target
	if a.makes { // (2)
		if to, err = c.ready(ctx, in); err != nil {
			return err
		}
	}
	failpoint.Hit("target-ready")
	var seen *int64
	if !in.Yes && a.confirm != "" { // (3)
		if err := c.Popup.Confirm(ctx, c.question(in, key)); err != nil {
			return err
		}
		seen = &key.Revision
	}
	failpoint.Hit("confirmed")
	err = c.underLock(ctx, func(waited bool) error { // (4)
		return c.commit(ctx, in, to, seen, waited || in.conditional(), show)
	})
	if c.Service.Verify == nil || keyapi.CodeOf(err) != keyapi.CodeOTPRequired {
		return err
	}
	// The service wants a fresh code, and did nothing. A person takes their time, so the lock is not held meanwhile;
	// afterwards the state is read anew, and the call is another one with another Idempotency-Key.
	if err := c.Service.Verify(ctx); err != nil {
		return err
	}
	return c.underLock(ctx, func(bool) error { return c.commit(ctx, in, to, seen, true, show) })
}

// foresee says whether an intent would change anything, and what can be refused before any question.
func (c *Custodian) foresee(in Intent, key keyapi.Key) (change bool, err error) {
	if !lifecycle.ValidGrace(in.Grace) {
		return false, lifecycle.Refusal(keyapi.CodeInvalidRequest)
	}
	if in.IfMissing && key.Status != keyapi.StatusNone {
		return false, nil
	}
	if in.IfExpiringWithin != nil {
		switch key.Status {
		case keyapi.StatusDisabled:
			return false, lifecycle.Refusal(keyapi.CodeKeyDisabled)
		case keyapi.StatusActive:
			if key.ExpiresAt.Sub(c.Now()) > *in.IfExpiringWithin {
				return false, nil
			}
		}
	}
	return lifecycle.Foresee(key, in.Action)
}

// rest ends an action that changes nothing.
func (c *Custodian) rest(key keyapi.Key, err error, show func(Outcome) error) error {
	if err != nil {
		return err
	}
	kept, err := c.Kept()
	if err != nil {
		return err
	}
	return show(Outcome{Key: key, Kept: kept})
}

// commit is the part of the order that happens under the lock of the account.
func (c *Custodian) commit(ctx context.Context, in Intent, to target, seen *int64, reread bool, show func(Outcome) error) error {
	failpoint.Hit("locked")
	judged := false // the state was looked at for a condition, and the call is for that state alone
	a := actions[in.Action]
	if a.makes {
		// Another process may have died while this one asked or waited.
		if recovered, err := c.recoverLocked(ctx, in, show); recovered || err != nil {
			return err
		}
	}
	if reread {
		key, err := c.Service.API.Key(ctx)
		if err != nil {
			return err
		}
		if change, err := c.foresee(in, key); err != nil || !change {
			return c.rest(key, err, show)
		}
		if judged = in.conditional() && seen == nil; judged {
			seen = &key.Revision
		}
	}
	change := keyapi.Change{IfMatch: seen, Grace: in.Grace, UserAgent: c.UserAgent}
	var err error
	if change.IdempotencyKey, err = keyapi.NewIdempotencyKey(c.Random); err != nil {
		return err
	}
	if a.makes {
		if err := c.writeRecord(in, to, change); err != nil {
			return err
		}
		failpoint.Hit("record-written")
	}
	c.Log.Debug("calling the key service", "action", in.Action, "service", c.Service.Place)
	result, err := a.call(c.Service.API, ctx, change) // (5)
	failpoint.Hit("reply")
	if code := keyapi.CodeOf(err); judged && (code == keyapi.CodeVersionConflict || code == keyapi.CodeKeyExists) {
		// Another machine was faster, as a second job of the same night: whether there is still anything to do is asked
		// anew. Replacing the key once more would end the grace period of the secret that is in use.
		if err := c.dropRecord(); err != nil {
			return err
		}
		return c.commit(ctx, in, to, nil, true, show)
	}
	if err != nil {
		return c.callFailed(err, a)
	}
	// From here on the change has happened: an interrupt must not come between it and the secret's rest.
	ctx = context.WithoutCancel(ctx)
	if a.makes {
		return c.settle(ctx, in, to, Outcome{Key: result.Key, Changed: result.Changed}, result.AccessSecret, show) // (6) (7)
	}
	kept, err := c.afterwards(ctx, a)
	if err != nil { // what was asked for is done, and taken back by nothing: it is no failure of the action
		c.Notice(described(err))
	}
	return show(Outcome{Key: result.Key, Changed: result.Changed, Kept: kept})
}

// refused lists the codes with which a service says for certain that it changed nothing.
var refused = []keyapi.Code{
	keyapi.CodeNoKey, keyapi.CodeKeyExists, keyapi.CodeKeyExpired, keyapi.CodeKeyDisabled, keyapi.CodeVersionConflict,
	keyapi.CodeNotPermitted, keyapi.CodeMFANotEnabled, keyapi.CodeUnauthenticated, keyapi.CodeOTPRequired,
	keyapi.CodeOTPInvalid, keyapi.CodeInvalidRequest, keyapi.CodeIdempotencyMismatch, keyapi.CodeSuperseded,
	keyapi.CodeRateLimited, keyapi.CodeUnreachable,
}

// callFailed ends an action whose call failed. Only a certain refusal drops the record; after anything else the change
// may have happened, and the next run asks.
func (c *Custodian) callFailed(err error, a action) error {
	if !a.makes {
		return err
	}
	if slices.Contains(refused, keyapi.CodeOf(err)) {
		return errors.Join(err, c.dropRecord())
	}
	var known *keyapi.Error
	if errors.As(err, &known) {
		told := *known
		told.Hint = "It is not known whether the key was changed. Run the same command again: it finds out and goes on from there."
		return &told
	}
	return err
}

// described gives an error that is no reason to fail as a notice: what happened and what to do.
func described(err error) string {
	text := err.Error() + "."
	var known *keyapi.Error
	if errors.As(err, &known) && known.Hint != "" {
		text += " " + known.Hint
	}
	return text
}

// afterwards brings what this machine keeps in line with an action that made no secret.
func (c *Custodian) afterwards(ctx context.Context, a action) (Kept, error) {
	kept, err := c.Kept()
	if err != nil {
		return kept, err
	}
	switch {
	case a.ends && kept.any():
		kept = kept.without()
	case a.revokes && kept.Token:
		kept = kept.withoutToken()
	default:
		return kept, nil
	}
	if err := c.writeKept(kept); err != nil {
		return kept, err
	}
	return c.removeStale(ctx, kept), nil
}
