package custody

import (
	"context"

	"github.com/apikey-cli/apikey/internal/keeping"
)

// underLock runs fn while holding the lock of this account; see keeping.UnderLock.
func (c *Custodian) underLock(ctx context.Context, fn func(waited bool) error) error {
	return keeping.UnderLock(ctx, c.account(), c.Log, fn)
}

// ifUnlocked runs fn while holding the lock of this account if it is free; see keeping.IfUnlocked.
func (c *Custodian) ifUnlocked(ctx context.Context, times int, fn func() error) error {
	return keeping.IfUnlocked(ctx, c.account(), times, fn)
}
