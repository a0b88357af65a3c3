package custody

import (
	"context"

	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// patience says for how long a run that finds a pending record waits for the lock of its account. A process that only
// looks holds it for an instant, one that is at work for as long as its call and its store take.
type patience int

const (
	untilItIsFree patience = iota
	forALook
)

// looks is how often the lock is tried before it is taken to be held by a process at work.
const looks = 25

// recoverOrphan looks for the pending record of an action that was cut short and brings its secret to rest. A record
// whose lock stays held belongs to a process that is still at work: an action waits for it, since it must not act on
// what that one is about to change; a reader does not.
func (c *Custodian) recoverOrphan(ctx context.Context, in Intent, wait patience, show func(Outcome) error) (done bool, err error) {
	if !c.hasRecord() {
		return false, nil
	}
	if err := unlock(ctx, c.Store(secretstore.Kind(c.Choice))); err != nil { // nobody is asked while the lock is held
		return false, err
	}
	recoverIt := func(bool) error {
		done, err = c.recoverLocked(ctx, in, show)
		return err
	}
	if wait == untilItIsFree {
		err = c.underLock(ctx, recoverIt)
	} else {
		err = c.ifUnlocked(ctx, looks, func() error { return recoverIt(false) })
	}
	return done, err
}

// recoverLocked does it under the lock. done means that the record was of the very request the intent makes: then its
// result is the intent's, and was shown.
func (c *Custodian) recoverLocked(ctx context.Context, in Intent, show func(Outcome) error) (done bool, err error) {
	r, found, err := c.readRecord()
	if err != nil || !found {
		return false, err
	}
	c.Log.Debug("asking what became of an action that was cut short", "operation", r.Operation)
	result, err := c.Service.API.Recover(ctx, keyapi.IdempotencyKey{Secret: keyapi.NewSecret(r.Key)})
	// How old it is the service knows better: this machine's clock may have been set in the meantime.
	old := !c.Now().Before(r.deadline())
	switch keyapi.CodeOf(err) {
	case "":
	case keyapi.CodeNotExecuted, keyapi.CodeSuperseded:
		if old {
			c.Notice("An earlier " + string(r.Operation) + " was cut short more than a day ago. Its secret can't be recovered any more.")
		}
		return false, c.dropRecord()
	default:
		if old { // most likely there is nothing to recover: it is no reason to fail
			return false, nil
		}
		return false, err
	}
	live, err := c.Service.API.Key(ctx)
	if err != nil {
		return false, err
	}
	if live.AccessKey != result.Key.AccessKey {
		return false, c.dropRecord()
	}
	to, err := c.ready(ctx, in)
	if err != nil {
		return false, err
	}
	if !r.answers(in) {
		if to.store == nil && to.file == "" {
			// It would rest nowhere, and this command's output is not its place: the record keeps it until the action
			// that was asked for replaces the key.
			return false, nil
		}
		show = func(Outcome) error { return nil }
	}
	c.Notice("An earlier " + string(r.Operation) + " was cut short. The secret it made is recovered.")
	out := Outcome{Key: live, Changed: true, Recovered: true}
	return r.answers(in), c.settle(context.WithoutCancel(ctx), in, to, out, result.AccessSecret, show)
}
