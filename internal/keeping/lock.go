package keeping

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/durable"
)

// lockPoll is how often a waiter tries the lock again; an action of the embedded service takes some ten milliseconds.
const lockPoll = 20 * time.Millisecond

// UnderLock runs fn while holding the one lock of an account on this machine, which is in its AccountDir: whatever changes
// what is kept of the account, or where, holds it. fn is told whether it had to wait: then what was read before may be
// old. Nobody must be asked by it, and it must not take the lock again. Errors: CodeStoreFailed; the context's, if it ends
// before the lock is free; those of fn.
func UnderLock(ctx context.Context, dir string, log *slog.Logger, fn func(waited bool) error) error {
	lock, err := newLock(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	got, err := lock.TryLock()
	if err != nil {
		return Failed(err)
	}
	if !got {
		log.Debug("waiting for another apikey on this account")
		if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
			return err // the context's
		}
	}
	return fn(!got)
}

// IfUnlocked runs fn while holding the lock of UnderLock if nobody else holds it, each of the times it is tried; else it
// does nothing.
func IfUnlocked(ctx context.Context, dir string, times int, fn func() error) error {
	lock, err := newLock(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	for try := 1; ; try++ {
		if got, err := lock.TryLock(); err != nil {
			return Failed(err)
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

func newLock(dir string) (*flock.Flock, error) {
	if err := durable.MkdirAll(dir); err != nil {
		return nil, Failed(err)
	}
	return flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600)), nil
}
