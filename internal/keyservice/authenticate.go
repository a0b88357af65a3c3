package keyservice

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// blockCodes says with which code a key is refused that has the right secret and is blocked.
var blockCodes = map[keyapi.Block]keyapi.Code{
	keyapi.BlockDisabled:      keyapi.CodeKeyDisabled,
	keyapi.BlockExpired:       keyapi.CodeKeyExpired,
	keyapi.BlockMFANotEnabled: keyapi.CodeMFANotEnabled,
	keyapi.BlockNotPermitted:  keyapi.CodeNotPermitted,
}

// Client is whom a credential stands for: a client of the OAuth 2.0 client credentials grant (RFC 6749, section 4.4).
type Client struct {
	Login      string
	AccessKey  string
	Generation int64     // of the key: tokens of another one are dead
	EndsAt     time.Time // expiry of the key, or end of its grace period
}

// Authenticate checks a credential and notes its use. An unknown Access Key costs the same work and gives the same
// answer as a wrong secret: CodeUnauthenticated. With the right secret a blocked key gets the code of its first block.
func (s *Service) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) (Client, error) {
	var account store.Account
	err := s.db.Read(ctx, func(r store.Reader) (err error) {
		account, err = s.owner(r, accessKey)
		return err
	})
	if err != nil {
		return Client{}, err
	}
	now := s.now()
	client, verifier := clientOf(account, accessKey, now)
	if !s.seals.verifies(verifier, secret) {
		return Client{}, keyapi.Errorf(keyapi.CodeUnauthenticated, "The service does not accept this Access Key and Access Secret",
			"Copy both again, or make a new secret with: apikey regenerate")
	}
	if blocks := account.Key.BlockedBy(now, s.facts(account)); len(blocks) > 0 {
		return Client{}, lifecycle.Refusal(blockCodes[blocks[0]])
	}
	return client, s.used(ctx, account, accessKey, now)
}

// Alive tells whether a token that was given to a key, in a generation of it, still counts: the key or its grace period
// is there, of that generation, and not blocked. It looks within a read of the caller's, who has more to ask of the same
// instant. Errors are those of the store.
func (s *Service) Alive(r store.Reader, accessKey string, generation int64) (bool, error) {
	account, err := s.owner(r, accessKey)
	if err != nil {
		return false, err
	}
	now := s.now()
	client, _ := clientOf(account, accessKey, now)
	return client.Login != "" && client.Generation == generation && len(account.Key.BlockedBy(now, s.facts(account))) == 0, nil
}

// owner gives the account a key belongs to; without one an account that no secret fits. It then reads another account
// all the same, the one that was found last: how long it takes must not tell whether there is such a key.
func (s *Service) owner(r store.Reader, accessKey string) (store.Account, error) {
	login, err := r.KeyOwner(accessKey)
	if errors.Is(err, store.ErrNotFound) {
		if last := s.found.Load(); last != nil {
			_, err = r.Account(*last)
		}
		return store.Account{}, absentIsNone(err)
	}
	if err != nil {
		return store.Account{}, err
	}
	s.found.Store(&login)
	account, err := r.Account(login)
	return account, absentIsNone(err)
}

func absentIsNone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// clientOf gives the client that the current or the previous key of an account is, whichever the Access Key names, with
// its verifier. For any other it gives no client, and a verifier that fits nothing, so that the comparison is made all
// the same.
func clientOf(a store.Account, accessKey string, now time.Time) (Client, []byte) {
	if accessKey != "" && accessKey == a.Key.AccessKey {
		return Client{a.Login, accessKey, a.Key.Generation, a.Key.ExpiresAt()}, a.Key.Verifier
	}
	if p := a.Key.LivePrevious(now); p != nil && accessKey == p.AccessKey {
		return Client{a.Login, accessKey, p.Generation, p.EndsAt}, p.Verifier
	}
	return Client{}, make([]byte, 32)
}
