package custody

import (
	"context"
	"time"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// settle brings a new secret to rest: store and read back, note it, remove the old slot, drop the record. If the secret
// rests nowhere on this machine the record outlives show: until the text is out, the record is all there is.
func (c *Custodian) settle(ctx context.Context, in Intent, to target, out Outcome, secret keyapi.Secret, show func(Outcome) error) error {
	var err error
	if out.Kept, err = c.keep(ctx, to, out.Key.AccessKey, secret); err != nil {
		return c.notKept(err)
	}
	if in.ShowSecret {
		out.Secret = secret
	}
	if to.store == nil && to.file == "" {
		if err := show(out); err != nil {
			return c.notKept(err)
		}
		return c.dropRecord()
	}
	if err := c.dropRecord(); err != nil {
		return err
	}
	return show(out)
}

// keep writes a secret to the target and the metadata after it, then removes what was kept before.
func (c *Custodian) keep(ctx context.Context, to target, accessKey string, secret keyapi.Secret) (Kept, error) {
	if to.file != "" {
		if err := writeSecretFile(to.file, secret); err != nil {
			return Kept{}, err
		}
	}
	before, err := c.Kept()
	if err != nil {
		// Damaged metadata must not keep a secret from its rest: it is written anew.
		c.Notice(described(err))
		before = Kept{}
	}
	after := before.without()
	if to.store != nil {
		if err := to.store.Put(ctx, c.slot(accessKey), secret); err != nil {
			c.noteStray(before, to, accessKey, err)
			return Kept{}, err
		}
		failpoint.Hit("stored")
		after.AccessKey, after.Store, after.At = accessKey, to.store.Kind(), c.Now().UTC().Truncate(time.Second)
	}
	if after.any() {
		if err := c.writeKept(after); err != nil {
			return Kept{}, err
		}
	}
	failpoint.Hit("metadata")
	after = c.removeStale(ctx, after)
	failpoint.Hit("old-slot-removed")
	return after, nil
}

// noteStray remembers a slot that may hold a secret all the same: the write landed and reading it back failed, or it ran
// past its deadline and lands after this process is gone.
func (c *Custodian) noteStray(before Kept, to target, accessKey string, err error) {
	if code := keyapi.CodeOf(err); code == keyapi.CodeStoreUnavailable || code == keyapi.CodeUsage { // nothing was reached
		return
	}
	if err := c.writeKept(before.marking(Stale{Name: accessKey, Store: to.store.Kind()})); err != nil {
		c.Log.Debug("a slot that may hold a stray secret was not noted", "error", err)
	}
}

// notKept tells that the change has happened and its secret could not be kept, and until when that can be mended.
func (c *Custodian) notKept(err error) error {
	r, found, recordErr := c.readRecord()
	if recordErr != nil || !found {
		return err
	}
	told := &keyapi.Error{Code: keyapi.CodeOf(err), Message: "The new key is made, but its secret is not at rest", Err: err}
	told.Hint = "Mend that, or choose another store with APIKEY_STORE, and run the same command before " +
		r.deadline().In(c.Now().Location()).Format("2 January 15:04") + ": the secret can be recovered until then."
	return told
}
