package custody

import (
	"context"
	"encoding/json"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// tokenMargin is how long before its end a cached access token is no longer given: what takes it needs time to use it.
const tokenMargin = 5 * time.Minute

// Token is an access token.
type Token struct {
	AccessToken keyapi.Secret
	ExpiresAt   time.Time
}

// Grant gets an access token for a credential: the client credentials grant of the service.
type Grant func(ctx context.Context, accessKey string, secret keyapi.Secret) (Token, error)

// tokenSlot names the slot in which an access token of a key is cached.
func tokenSlot(accessKey string) string { return "token-" + accessKey }

// tokenText is a cached access token as the store has it: one line.
type tokenText struct {
	AccessToken string    `json:"accessToken"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

// Token gives an access token of the kept key: the one cached beside the secret until some minutes before its end, or
// with fresh in any case a new one. Of many processes that need a new one at the same time, one asks the service. An
// action that made a secret and was cut short is recovered first.
//
// Errors: CodeNoSecret if nothing is kept here; the codes of the store and those of the grant.
func (c *Custodian) Token(ctx context.Context, fresh bool, grant Grant) (Token, error) {
	if _, err := c.recoverOrphan(ctx, Intent{}, forALook, func(Outcome) error { return nil }); err != nil {
		return Token{}, err
	}
	if kept, err := c.Kept(); err == nil { // nobody is asked while the lock is held
		if err := unlock(ctx, c.Store(kept.Store)); err != nil {
			return Token{}, err
		}
	}
	if !fresh {
		if token, found := c.cachedToken(ctx); found {
			return token, nil
		}
	}
	var token Token
	err := c.underLock(ctx, func(bool) error {
		if !fresh { // another process may have got one in the meantime
			if cached, found := c.cachedToken(ctx); found {
				token = cached
				return nil
			}
		}
		accessKey, secret, err := c.Open(ctx)
		if err != nil {
			return err
		}
		if token, err = grant(ctx, accessKey, secret); err != nil {
			return err
		}
		c.cacheToken(ctx, token)
		return nil
	})
	return token, err
}

// DropToken removes the cached access token, for what ends tokens without being an action on the key. Without one it does
// nothing. Errors: CodeStoreFailed if this machine's notes cannot be read or written.
func (c *Custodian) DropToken(ctx context.Context) error {
	kept, err := c.Kept()
	if err != nil || !kept.Token {
		return err
	}
	return c.underLock(ctx, func(bool) error {
		kept, err := c.Kept()
		if err != nil {
			return err
		}
		kept = kept.withoutToken()
		if err := c.writeKept(kept); err != nil {
			return err
		}
		c.removeStale(ctx, kept)
		return nil
	})
}

// cachedToken gives the cached access token if there is one that is still good. Whatever is wrong with the cache, a new
// token is the answer.
func (c *Custodian) cachedToken(ctx context.Context) (Token, bool) {
	kept, err := c.Kept()
	store := c.Store(kept.Store)
	if err != nil || !kept.Token || store == nil {
		return Token{}, false
	}
	text, err := store.Get(ctx, c.slot(tokenSlot(kept.AccessKey)))
	if err != nil {
		c.Log.Debug("the cached token cannot be read", "error", err)
		return Token{}, false
	}
	var cached tokenText
	if err := json.Unmarshal([]byte(text.Reveal()), &cached); err != nil || cached.AccessToken == "" {
		return Token{}, false
	}
	if !c.Now().Before(cached.ExpiresAt.Add(-tokenMargin)) {
		return Token{}, false
	}
	return Token{AccessToken: keyapi.NewSecret(cached.AccessToken), ExpiresAt: cached.ExpiresAt}, true
}

// cacheToken keeps a token beside the secret. It is noted before it is put: an action that revokes must find it. A cache
// that cannot be written costs a request the next time and is no reason to fail.
func (c *Custodian) cacheToken(ctx context.Context, token Token) {
	kept, err := c.Kept()
	if err == nil && !kept.Token {
		kept.Token = true
		err = c.writeKept(kept)
	}
	if err == nil {
		err = c.putToken(ctx, kept, token)
	}
	if err != nil {
		c.Log.Debug("the token is not cached", "error", err)
	}
}

func (c *Custodian) putToken(ctx context.Context, kept Kept, token Token) error {
	text, err := json.Marshal(tokenText{AccessToken: token.AccessToken.Reveal(), ExpiresAt: token.ExpiresAt.UTC()})
	if err != nil {
		return err
	}
	return c.Store(kept.Store).Put(ctx, c.slot(tokenSlot(kept.AccessKey)), keyapi.NewSecret(string(text)))
}
