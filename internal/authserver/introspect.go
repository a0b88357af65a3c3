package authserver

import (
	"context"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Caller is who asks about tokens: a resource server, or a key about its own.
type Caller struct {
	Resource  string // "" for a key
	AccessKey string // "" for a resource server
}

// Authenticate says who a caller is, by the credential it gives. from is the network address it asks from. A blocked
// key is one too: it may take its tokens back, and learns of each that it is not good. Errors: CodeUnauthenticated,
// CodeRateLimited and those of the store.
func (s *Server) Authenticate(ctx context.Context, from, id string, secret keyapi.Secret) (Caller, error) {
	if _, err := keyapi.ParseAccessKey(id); err != nil {
		return s.resource(ctx, from, id, secret)
	}
	_, err := s.authenticate(ctx, from, id, secret)
	switch keyapi.CodeOf(err) {
	case "", keyapi.CodeKeyDisabled, keyapi.CodeKeyExpired, keyapi.CodeMFANotEnabled, keyapi.CodeNotPermitted:
		return Caller{AccessKey: id}, nil
	default:
		return Caller{}, err
	}
}

// Introspect says of a token whether it is good at this instant, and what it says (RFC 7662). good is false for every
// token that is not, that is not the caller's to ask about, or that is none at all: nobody is told which.
// Errors are those of the store.
func (s *Server) Introspect(
	ctx context.Context, c Caller, token keyapi.Secret,
) (claims accesstoken.Claims, good bool, err error) {
	checked, ok := s.check(token)
	claims = checked.claims
	if !ok || c.Resource == "" && c.AccessKey != claims.ClientID {
		return accesstoken.Claims{}, false, nil
	}
	if checked.known && checked.by.tokens.Unrevoked(claims.ID, checked.under) {
		// After that: a token that was revoked and one whose key was changed stay dead, so that what is found alive last
		// was so at the first look.
		good, err = s.Keys.Alive(ctx, claims.ClientID, claims.Generation)
	} else {
		good, err = s.read(ctx, checked)
	}
	if err != nil || !good {
		return accesstoken.Claims{}, false, err
	}
	return claims, true, nil
}

// checked is a token whose signature is good.
type checked struct {
	claims accesstoken.Claims
	by     *signing
	digest [16]byte
	known  bool   // it is remembered
	under  uint32 // if so, what it was not revoked under
}

// check checks what a token alone can say, from memory if it was checked before.
func (s *Server) check(token keyapi.Secret) (c checked, ok bool) {
	c.by = s.signing.Load()
	text := token.Reveal()
	if c.by.tokens != nil && len(text) <= accesstoken.MaxSize {
		c.digest = keystate.Digest(text)
		if c.under, c.known = c.by.tokens.Checked(c.digest, s.Now()); c.known {
			c.claims, c.known = accesstoken.Reread(text)
		}
	}
	if c.known {
		return c, true
	}
	c.claims, ok = s.verify(token)
	return c, ok
}

// read asks the database whether a token counts, and remembers one that does. Errors are those of the store.
func (s *Server) read(ctx context.Context, c checked) (good bool, err error) {
	good, mark, err := s.Keys.TokenAlive(ctx, c.claims.ClientID, c.claims.Generation, c.claims.ID)
	if good && c.by.tokens != nil {
		c.by.tokens.Put(c.digest, c.claims.ExpiresAt, mark)
	}
	return good, err
}

// Revoke takes a token back (RFC 7009, section 2): a key may do so with its own, also while it is blocked. A token
// that is none or that has ended changes nothing and is no error. Errors: CodeNotPermitted for another's token, and
// for a resource server, which has none; those of the store.
func (s *Server) Revoke(ctx context.Context, c Caller, token keyapi.Secret) error {
	if c.AccessKey == "" {
		return keyapi.Errorf(keyapi.CodeNotPermitted, "A resource server has no tokens of its own to take back", "")
	}
	claims, ok := s.verify(token)
	if !ok {
		return nil
	}
	if c.AccessKey != claims.ClientID {
		return keyapi.Errorf(keyapi.CodeNotPermitted, "The token is another key's", "")
	}
	return s.Store.Write(ctx, func(w store.Writer) error {
		if err := w.PurgeRevoked(s.Now().Add(-accesstoken.ClockSkew)); err != nil {
			return err
		}
		return w.RevokeToken(claims.ID, claims.ExpiresAt)
	})
}

// verify checks what a token alone can say.
func (s *Server) verify(token keyapi.Secret) (accesstoken.Claims, bool) {
	want := accesstoken.Expect{Issuer: s.Issuer, Audience: s.Issuer, Now: s.Now()}
	claims, err := s.signing.Load().set.Verify(token.Reveal(), want)
	if err != nil {
		s.Log.Debug("a token is not accepted", "reason", err)
	}
	return claims, err == nil
}
