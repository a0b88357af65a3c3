package authserver

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Caller is who asks about tokens: a resource server, or a key about its own.
type Caller struct {
	Resource  string // "" for a key
	AccessKey string // "" for a resource server
	blocked   bool   // the key's secret is right, but none of its tokens can be good
}

// Authenticate says who a caller is, by the credential it gives. from is the network address it asks from. Errors:
// CodeUnauthenticated, CodeRateLimited and those of the store.
func (s *Server) Authenticate(ctx context.Context, from, id string, secret keyapi.Secret) (Caller, error) {
	if _, err := keyapi.ParseAccessKey(id); err != nil {
		return s.resource(ctx, from, id, secret)
	}
	_, err := s.authenticate(ctx, from, id, secret)
	switch keyapi.CodeOf(err) {
	case "":
		return Caller{AccessKey: id}, nil
	case keyapi.CodeKeyDisabled, keyapi.CodeKeyExpired, keyapi.CodeMFANotEnabled, keyapi.CodeNotPermitted:
		return Caller{AccessKey: id, blocked: true}, nil
	default:
		return Caller{}, err
	}
}

// Introspect says of a token whether it is good at this instant, and what it says (RFC 7662). good is false for every
// token that is not, that is not the caller's to ask about, or that is none at all: nobody is told which.
// Errors are those of the store.
func (s *Server) Introspect(ctx context.Context, c Caller, token keyapi.Secret) (claims accesstoken.Claims, good bool, err error) {
	claims, ok := s.verify(c, token)
	if !ok {
		return accesstoken.Claims{}, false, nil
	}
	err = s.Store.Read(ctx, func(r store.Reader) error {
		revoked, err := r.TokenRevoked(claims.ID)
		if err != nil || revoked {
			good = false
			return err
		}
		good, err = s.Keys.Alive(r, claims.ClientID, claims.Generation)
		return err
	})
	if err != nil || !good {
		return accesstoken.Claims{}, false, err
	}
	return claims, true, nil
}

// Revoke takes a token back (RFC 7009): a key may do so with its own. A token that is none, that has ended, or that is
// another's changes nothing and is no error, as that RFC wants it. Errors: CodeNotPermitted for a resource server; those
// of the store.
func (s *Server) Revoke(ctx context.Context, c Caller, token keyapi.Secret) error {
	if c.AccessKey == "" {
		return keyapi.Errorf(keyapi.CodeNotPermitted, "A resource server has no tokens of its own to take back", "")
	}
	claims, ok := s.verify(c, token)
	if !ok {
		return nil
	}
	return s.Store.Write(ctx, func(w store.Writer) error {
		if err := w.PurgeRevoked(s.Now().Add(-time.Minute)); err != nil {
			return err
		}
		return w.RevokeToken(claims.ID, claims.ExpiresAt)
	})
}

// verify checks what a token alone can say, and whether the caller may know it.
func (s *Server) verify(c Caller, token keyapi.Secret) (accesstoken.Claims, bool) {
	claims, err := s.set.Load().Verify(token.Reveal(), accesstoken.Expect{Issuer: s.Issuer, Audience: s.Issuer, Now: s.Now()})
	if err != nil {
		if !errors.Is(err, accesstoken.ErrInvalid) {
			s.Log.Error("a token could not be checked", "error", err)
		}
		s.Log.Debug("a token is not accepted", "reason", err)
		return claims, false
	}
	return claims, !c.blocked && (c.Resource != "" || c.AccessKey == claims.ClientID)
}
