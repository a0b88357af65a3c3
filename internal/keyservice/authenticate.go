package keyservice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/keystate"
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

// LookPatience is how long a check of a credential or a token waits for the database before it says that it can't be
// reached. Source: design, §6.
const LookPatience = time.Second

// Remember makes the service answer from memory for keys that work, for as long as they are known to. It must then write
// through the database of the watch that keys is under. Call it before the service is used.
func (s *Service) Remember(keys *keystate.Keys) { s.states = keys }

// Authenticate checks a credential and notes its use. An unknown Access Key costs the same work and gives the same
// answer as a wrong secret: CodeUnauthenticated. With the right secret a blocked key gets the code of its first block.
//
// Memory only ever says yes. A refusal is read from the database, so that a key that was just made or activated elsewhere
// works at once, and so that a wrong secret of a key that is remembered takes as long as any other.
func (s *Service) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) (Client, error) {
	given, now := s.seals.verifier(secret), s.now()
	state, known := s.remembered(accessKey, now)
	if hmac.Equal(state.Verifier[:], given) && known {
		s.used(ctx, accessKey, state.Current, state.LastUsedAt, now)
		return Client{state.Login, accessKey, state.Generation, state.EndsAt}, nil
	}
	account, mark, err := s.holder(ctx, accessKey)
	if err != nil {
		return Client{}, err
	}
	now = s.now()
	client, verifier := clientOf(account, accessKey, now)
	if !hmac.Equal(verifier, given) {
		if err := s.alike(ctx, account); err != nil {
			return Client{}, err
		}
		return Client{}, keyapi.Errorf(keyapi.CodeUnauthenticated, "The service does not accept this Access Key and Access Secret",
			"Copy both again, or make a new secret with: apikey regenerate")
	}
	if blocks := account.Key.BlockedBy(now, s.facts(account)); len(blocks) > 0 {
		return Client{}, lifecycle.Refusal(blockCodes[blocks[0]])
	}
	s.remember(client, account, verifier, mark)
	s.used(ctx, accessKey, accessKey == account.Key.AccessKey, account.LastUsedAt, now)
	return client, nil
}

// Alive tells whether tokens that were given to a key, in a generation of it, still count: the key or its grace period
// is there, of that generation, and not blocked. Errors are those of the store.
func (s *Service) Alive(ctx context.Context, accessKey string, generation int64) (bool, error) {
	if state, known := s.remembered(accessKey, s.now()); known && state.Generation == generation {
		return true, nil
	}
	account, mark, err := s.holder(ctx, accessKey)
	return err == nil && s.alive(account, mark, accessKey, generation), err
}

// TokenAlive tells of one token, by its identifier (jti), whether it counts: it was not revoked, and Alive. It is read from
// the database in one statement; mark is what it was not revoked under. Errors are those of the store.
func (s *Service) TokenAlive(ctx context.Context, accessKey string, generation int64, id string) (yes bool, mark store.Mark, err error) {
	var account store.Account
	var keyMark store.Mark
	var token store.TokenState
	err = s.look(ctx, func(r store.Reader) (err error) {
		account, keyMark, token, err = r.TokenHolder(accessKey, id)
		return err
	})
	return err == nil && s.alive(account, keyMark, accessKey, generation) && !token.Revoked, token.Mark, err
}

// alive tells whether a key that was read is of a generation and works. Of one that does it is remembered.
func (s *Service) alive(account store.Account, mark store.Mark, accessKey string, generation int64) bool {
	now := s.now()
	client, verifier := clientOf(account, accessKey, now)
	if client.Login == "" || client.Generation != generation || len(account.Key.BlockedBy(now, s.facts(account))) > 0 {
		return false
	}
	s.remember(client, account, verifier, mark)
	return true
}

// remembered gives the state of a key that is known to work now.
func (s *Service) remembered(accessKey string, now time.Time) (keystate.State, bool) {
	if s.states == nil {
		return keystate.State{}, false
	}
	state, known := s.states.Get(accessKey)
	return state, known && now.Before(state.EndsAt)
}

// remember keeps the state of a key that works, as it was read.
func (s *Service) remember(c Client, a store.Account, verifier []byte, m store.Mark) {
	if s.states == nil || len(verifier) != sha256.Size {
		return
	}
	s.states.Put(c.AccessKey, keystate.State{
		Login: c.Login, Generation: c.Generation, EndsAt: c.EndsAt, Verifier: [sha256.Size]byte(verifier),
		Current: c.AccessKey == a.Key.AccessKey, LastUsedAt: s.lastUsed(a),
	}, m)
}

// holder gives the account a key belongs to, and the mark it was read under; without one an account that no secret fits.
func (s *Service) holder(ctx context.Context, accessKey string) (account store.Account, mark store.Mark, err error) {
	err = s.look(ctx, func(r store.Reader) (err error) {
		account, mark, err = r.KeyHolder(accessKey)
		return err
	})
	if err == nil && account.Login != "" {
		s.found.Store(&accessKey)
	}
	return account, mark, err
}

// alike makes a refusal cost the same whether or not there is the key: one look at a key that is there, and one at a key
// that is not. What is missing of the two is made up for here.
func (s *Service) alike(ctx context.Context, found store.Account) error {
	wanted := ""
	if last := s.found.Load(); last != nil && found.Login == "" {
		wanted = *last
	}
	return s.look(ctx, func(r store.Reader) error {
		_, _, err := r.KeyHolder(wanted)
		return err
	})
}

// look asks the database once, for as long as a check may wait. What is not there is no error.
func (s *Service) look(ctx context.Context, fn func(store.Reader) error) error {
	ctx, stop := context.WithTimeout(ctx, LookPatience)
	defer stop()
	return absentIsNone(s.db.Look(ctx, fn))
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
