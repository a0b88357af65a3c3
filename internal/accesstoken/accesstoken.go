// Package accesstoken mints and checks access tokens: what a token says, which key signs it, and when that key comes
// and goes. No store, no HTTP and no clock may enter: keys, instants and randomness are parameters.
//
// A token is a JSON Web Token in the profile of RFC 9068, signed with Ed25519 (alg EdDSA, RFC 8037) and nothing else.
package accesstoken

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Lifetime is how long a token lives at most. Source: design, §5.
const Lifetime = 60 * time.Minute

// ClockSkew is how far the clocks of two replicas may be apart: so much a token may seem to come from the future. It
// never makes a token live longer.
const ClockSkew = time.Minute

// MaxSize is the longest token that is made or looked at, in bytes.
const MaxSize = 4 << 10

// Claims are what a token says. All are required; times are whole seconds.
type Claims struct {
	Issuer     string    // iss: the service, by the URL of its metadata (RFC 8414)
	Subject    string    // sub: the login
	ClientID   string    // client_id: the Access Key
	Audience   string    // aud: exactly one
	ID         string    // jti, of NewID
	IssuedAt   time.Time // iat
	ExpiresAt  time.Time // exp, of ExpiresAt
	Generation int64     // gen: the key's generation, from 1; a token of another one is dead
}

// NewID draws the name of a token (jti): 128 bits from random, in base64url.
func NewID(random io.Reader) (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// ExpiresAt gives the end of a token that is made now: Lifetime later, but never past the key's expiry nor, for a
// replaced key, the end of its grace (the zero time for any other key). Whole seconds, rounded down. Source: design,
// §2: who checks tokens offline cannot know that a key has ended.
func ExpiresAt(now, keyExpiry, graceEnd time.Time) time.Time {
	end := now.Add(Lifetime)
	if keyExpiry.Before(end) {
		end = keyExpiry
	}
	if !graceEnd.IsZero() && graceEnd.Before(end) {
		end = graceEnd
	}
	return end.UTC().Truncate(time.Second)
}

// sane tells why no token of ours says these things; nil if one could. Mint and Verify ask the same, so that the one
// never makes what the other refuses.
func (c Claims) sane() error {
	for _, text := range []string{c.Issuer, c.Subject, c.ClientID, c.Audience, c.ID} {
		if text == "" || !utf8.ValidString(text) { // JSON would silently replace what is no UTF-8
			return errors.New("a claim is empty or no text")
		}
	}
	lives := c.ExpiresAt.Unix() - c.IssuedAt.Unix()
	switch {
	case c.Generation < 1:
		return errors.New("no generation has this number")
	case lives <= 0 || lives > int64(Lifetime/time.Second):
		return errors.New("no token lives so long")
	}
	return nil
}
