package custody

import (
	"context"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Adopt keeps the secret of a key that only its owner can tell about: the service has no key API. The service must accept
// the pair; then the secret is kept, and then note writes down what is known of the key, so that there is never a note of
// a key whose secret is not here.
//
// Errors: those of the service's Authenticate, with which nothing was kept; the codes of the store; those of note.
func (c *Custodian) Adopt(ctx context.Context, accessKey string, secret keyapi.Secret, note func() error) (Outcome, error) {
	if err := c.Service.API.Authenticate(ctx, accessKey, secret); err != nil {
		return Outcome{}, err
	}
	to, err := c.readyToKeep(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if kept, err := c.Kept(); err == nil { // nobody is asked while the lock is held
		_ = unlock(ctx, c.Store(kept.Store)) // what was kept before is only compared
	}
	var out Outcome
	err = c.underLock(ctx, func(bool) error {
		ctx := context.WithoutCancel(ctx)
		known, knownErr := c.Service.API.Key(ctx) // damaged notes are mended by an import
		_, old, oldErr := c.Open(ctx)
		if out.Kept, out.Changed, err = c.replace(ctx, to, accessKey, secret); err != nil {
			return err
		}
		if err := note(); err != nil {
			return err
		}
		out.Key, err = c.Service.API.Key(ctx)
		out.Changed = out.Changed || knownErr != nil || oldErr != nil || !sameKey(known, out.Key) ||
			old.Reveal() != secret.Reveal()
		return err
	})
	return out, err
}

func sameKey(a, b keyapi.Key) bool {
	return a.AccessKey == b.AccessKey && a.CreatedAt.Equal(b.CreatedAt) && a.ExpiresAt.Equal(b.ExpiresAt)
}
