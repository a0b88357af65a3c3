package custody

import (
	"context"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/keeping"
)

// lockPoll is how often a waiter tries the lock again; an action of the embedded service takes some ten milliseconds.
const lockPoll = 20 * time.Millisecond

// underLock runs fn while holding the one lock of this account on this machine. fn is told whether it had to wait: then
// what was read before may be old.
func (c *Custodian) underLock(ctx context.Context, fn func(waited bool) error) error {
	lock, err := c.newLock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	got, err := lock.TryLock()
	if err != nil {
		return keeping.Failed(err)
	}
	if !got {
		c.Log.Debug("waiting for another apikey on this account")
		if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
			return err // the context's
		}
	}
	return fn(!got)
}

// ifUnlocked runs fn while holding the lock if nobody else holds it, each of the times it is tried; else it does nothing.
func (c *Custodian) ifUnlocked(ctx context.Context, times int, fn func() error) error {
	lock, err := c.newLock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	for try := 1; ; try++ {
		if got, err := lock.TryLock(); err != nil {
			return keeping.Failed(err)
		} else if got {
			return fn()
		}
		if try == times {
			return nil
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *Custodian) newLock() (*flock.Flock, error) {
	if err := durable.MkdirAll(c.account()); err != nil {
		return nil, keeping.Failed(err)
	}
	return flock.New(filepath.Join(c.account(), "lock"), flock.SetPermissions(0o600)), nil
}
