package keyservice

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// touchEvery is how exact the time of last use is.
const touchEvery = time.Minute

// blockCodes says with which code a key is refused that has the right secret and is blocked.
var blockCodes = map[keyapi.Block]keyapi.Code{
	keyapi.BlockDisabled:      keyapi.CodeKeyDisabled,
	keyapi.BlockExpired:       keyapi.CodeKeyExpired,
	keyapi.BlockMFANotEnabled: keyapi.CodeMFANotEnabled,
	keyapi.BlockNotPermitted:  keyapi.CodeNotPermitted,
}

// Authenticate checks a credential. An unknown Access Key costs the same work and gives the same answer as a wrong
// secret: CodeUnauthenticated. With the right secret a blocked key gets the code of its first block.
func (s *Service) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error {
	var account store.Account
	err := s.db.Read(ctx, func(r store.Reader) error {
		login, err := r.KeyOwner(accessKey)
		if err == nil {
			account, err = r.Account(login)
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil // the account stays empty: its verifier fits no secret
		}
		return err
	})
	if err != nil {
		return err
	}
	now := s.now()
	if !s.seals.verifies(verifierOf(account.Key, accessKey, now), secret) {
		return keyapi.Errorf(keyapi.CodeUnauthenticated, "The service does not accept this Access Key and Access Secret", "")
	}
	if blocks := account.Key.BlockedBy(now, s.facts(account)); len(blocks) > 0 {
		return lifecycle.Refusal(blockCodes[blocks[0]])
	}
	if accessKey != account.Key.AccessKey || now.Sub(account.LastUsedAt) < touchEvery {
		return nil
	}
	return s.db.Write(ctx, func(w store.Writer) error { return w.TouchKey(accessKey, now) })
}

// verifierOf gives the verifier of the current or the previous key, whichever the Access Key names. For any other it
// gives one that fits nothing, so that the comparison is made all the same.
func verifierOf(k lifecycle.Key, accessKey string, now time.Time) []byte {
	if accessKey != "" && accessKey == k.AccessKey {
		return k.Verifier
	}
	if p := k.LivePrevious(now); p != nil && accessKey == p.AccessKey {
		return p.Verifier
	}
	return make([]byte, 32)
}
