// Package authserver is the authorization server beside the key service: it gives access tokens for API keys (the
// client credentials grant), says of a token whether it is good, takes one back, and keeps the keys that sign and the
// resource servers that may ask. Its rules of tokens are those of package accesstoken, those of keys come from the
// key service.
//
// No HTTP may enter: names, statuses and error forms of the protocol are its caller's.
package authserver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Keys is what is asked of the key service.
type Keys interface {
	Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) (keyservice.Client, error)
	Alive(ctx context.Context, accessKey string, generation int64) (bool, error)
	TokenAlive(ctx context.Context, accessKey string, generation int64, id string) (yes bool, mark store.Mark, err error)
}

// Options are what an authorization server takes from outside.
type Options struct {
	Store  store.Store
	Key    masterkey.Key
	Keys   Keys
	Issuer string           // its URL; the audience of its tokens too
	Now    func() time.Time // the clock
	Random io.Reader        // crypto/rand.Reader outside of tests
	Log    *slog.Logger

	Watch    *keystate.Watch // what is known of the database now; nil = every question is read. Store must be its Store
	Remember int             // how many tokens are remembered under the watch
}

// Server is an authorization server. It is safe for concurrent use.
type Server struct {
	Options
	seal      keySeal
	verifies  func(text string) []byte // of resource servers' secrets
	signing   atomic.Pointer[signing]
	resources *keystate.Resources // nil without a watch
	failures  failures
}

// Open makes the authorization server of a database. The first time it makes the first signing key. Errors are those of
// the store, and one for a signing key that the master key does not open.
func Open(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		Options: o, seal: keySeal{o.Key.Purpose(masterkey.PurposeSigningKeySeal), o.Random},
		verifies: seal.Verifiers(o.Key.Purpose(masterkey.PurposeResources)),
	}
	if o.Watch != nil {
		s.resources = keystate.NewResources(o.Watch)
	}
	return s, s.firstKey(ctx)
}

// Token is an access token that was given.
type Token struct {
	AccessToken keyapi.Secret
	ExpiresIn   time.Duration // whole seconds
}

// Issue gives an access token for a credential (RFC 6749, section 4.4). from is the network address it is asked from.
// Errors: those of keyservice.Authenticate; CodeRateLimited in place of CodeUnauthenticated for who goes on guessing
// from that address. The right secret is never kept waiting.
func (s *Server) Issue(ctx context.Context, from, accessKey string, secret keyapi.Secret) (Token, error) {
	now := s.Now() // before the key's end is looked at: what is alive then has some time left
	client, err := s.authenticate(ctx, from, accessKey, secret)
	if err != nil {
		return Token{}, err
	}
	id, err := accesstoken.NewID(s.Random)
	if err != nil {
		return Token{}, err
	}
	ends := accesstoken.ExpiresAt(now, client.EndsAt, time.Time{})
	token, err := s.signing.Load().set.Mint(accesstoken.Claims{
		Issuer: s.Issuer, Audience: s.Issuer, Subject: client.Login, ClientID: client.AccessKey, ID: id,
		IssuedAt: now, ExpiresAt: ends, Generation: client.Generation,
	})
	if err != nil {
		return Token{}, fmt.Errorf("a token for %s: %w", client.AccessKey, err)
	}
	return Token{AccessToken: token, ExpiresIn: ends.Sub(now.Truncate(time.Second))}, nil
}

// authenticate checks the credential of a client and counts who guesses. What is no Access Key is looked for as none at
// all: that is the same work, and no database has to cope with it.
func (s *Server) authenticate(
	ctx context.Context, from, accessKey string, secret keyapi.Secret,
) (keyservice.Client, error) {
	wanted, err := keyapi.ParseAccessKey(accessKey)
	if err != nil {
		wanted = ""
	}
	client, err := s.Keys.Authenticate(ctx, wanted, secret)
	if keyapi.CodeOf(err) == keyapi.CodeUnauthenticated {
		err = s.wrong(from, accessKey)
	}
	return client, err
}

// wrong is the answer to a wrong secret: the same whether or not there is somebody of that name.
func (s *Server) wrong(from, name string) error {
	wait := s.failures.count(s.Now(), from, name)
	if wait == 0 {
		return keyapi.Errorf(keyapi.CodeUnauthenticated, "The service does not accept this credential", "")
	}
	return &keyapi.Error{
		Code: keyapi.CodeRateLimited, Message: "Too many wrong secrets from this address",
		Hint: "Wait, then give the right one.", RetryAfter: wait,
	}
}

// JWKS gives the public halves of the keys whose tokens are accepted now, as a JSON Web Key Set (RFC 7517).
func (s *Server) JWKS() []byte { return s.signing.Load().set.JWKS(s.Now()) }
