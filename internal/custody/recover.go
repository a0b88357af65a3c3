package custody

import (
	"context"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// recoverOrphan looks for the pending record of an action that was cut short and brings its secret to rest. A record
// whose lock is held belongs to a process that is still at work.
func (c *Custodian) recoverOrphan(ctx context.Context, in Intent, show func(Outcome) error) (done bool, err error) {
	if !c.hasRecord() {
		return false, nil
	}
	err = c.ifUnlocked(func() error {
		done, err = c.recoverLocked(ctx, in, show)
		return err
	})
	return done, err
}

// recoverLocked does it under the lock. done means that the record was of the very request the intent makes: then its
// result is the intent's, and was shown.
func (c *Custodian) recoverLocked(ctx context.Context, in Intent, show func(Outcome) error) (done bool, err error) {
	r, found, err := c.readRecord()
	if err != nil || !found {
		return false, err
	}
	if !c.Now().Before(r.deadline()) {
		c.Notice("An earlier " + string(r.Operation) + " was cut short more than a day ago. Its secret can't be recovered any more.")
		return false, c.dropRecord()
	}
	c.Log.Debug("asking what became of an action that was cut short", "operation", r.Operation)
	result, err := c.Service.API.Recover(ctx, keyapi.IdempotencyKey{Secret: keyapi.NewSecret(r.Key)})
	switch keyapi.CodeOf(err) {
	case "":
	case keyapi.CodeNotExecuted, keyapi.CodeSuperseded:
		return false, c.dropRecord()
	default:
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
