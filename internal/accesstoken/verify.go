package accesstoken

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ErrInvalid is what every token that is not accepted comes to. An error that wraps it says why, for the log; it
// repeats nothing of the token. Who sent the token is never told (RFC 7662, §2.2).
var ErrInvalid = errors.New("the access token is not valid")

// Expect is what a token must be for, and when.
type Expect struct {
	Issuer   string
	Audience string
	Now      time.Time
}

// reasons are the library's, the most telling first. Its own texts are not passed on: some repeat the token's.
var reasons = []error{
	jwt.ErrTokenExpired, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidAudience, jwt.ErrTokenNotValidYet,
	jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable,
}

// read is the payload as the library reads it.
type read struct {
	jwt.RegisteredClaims
	ClientID   string `json:"client_id"`
	Generation int64  `json:"gen"`
}

// Verify checks a token: signed by a key of ours that is still accepted, an access token, of the issuer and for the
// audience that are expected, and alive. Any error is ErrInvalid.
//
// That the API key which the token was given to still has its generation is for the caller to ask. A cache is the
// caller's too: what an accepted token says stays so for as long as this set is in use; only whether now is before
// ExpiresAt must be asked again.
func (s KeySet) Verify(token string, want Expect) (Claims, error) {
	if len(token) > MaxSize { // before anything of it is read
		return Claims{}, refuse("too long")
	}
	if want.Issuer == "" || want.Audience == "" { // for the library this would mean any
		return Claims{}, refuse("nothing is expected")
	}
	var key SigningKey
	var stranger error // why the header names no key of ours
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithIssuer(want.Issuer), jwt.WithAudience(want.Audience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return want.Now }),
	)
	var got read
	parsed, err := parser.ParseWithClaims(token, &got, func(t *jwt.Token) (any, error) {
		key, stranger = s.keyFor(t.Header, want.Now)
		return key.public, stranger
	})
	switch {
	case stranger != nil:
		return Claims{}, stranger
	case err != nil:
		return Claims{}, reasonOf(err)
	}
	if got.IssuedAt == nil || len(got.Audience) != 1 {
		return Claims{}, refuse("a claim is missing")
	}
	c := Claims{
		Issuer: got.Issuer, Subject: got.Subject, ClientID: got.ClientID, Audience: got.Audience[0], ID: got.ID,
		IssuedAt: got.IssuedAt.UTC(), ExpiresAt: got.ExpiresAt.UTC(), Generation: got.Generation,
	}
	if err := c.sane(); err != nil {
		return Claims{}, refuse(err.Error())
	}
	if c.IssuedAt.After(want.Now.Add(ClockSkew)) {
		return Claims{}, refuse("issued in the future")
	}
	// The last word: the token is, byte for byte, what Mint writes. This leaves no room for what JSON and base64 allow
	// and we never write: a claim twice or in other letters, a list for one audience, 1e9 for a time, line breaks. The
	// price: a version that writes another form must for an hour read both.
	if string(appendSignature(key.signingInput(c), parsed.Signature)) != token {
		return Claims{}, refuse("not in our form")
	}
	return c, nil
}

// keyFor gives the key that a header names, from our own set only. The header must be one of ours: whatever else it
// says (jku, jwk, x5u, crit, …) is a stranger's.
func (s KeySet) keyFor(header map[string]any, now time.Time) (SigningKey, error) {
	if header["typ"] != tokenType || len(header) != 3 {
		return SigningKey{}, refuse("not the header of an access token")
	}
	id, _ := header["kid"].(string)
	key, ok := s.verifier(id, now)
	if !ok {
		return SigningKey{}, refuse("no such signing key, or retired")
	}
	return key, nil
}

func refuse(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// reasonOf makes the library's error ours.
func reasonOf(err error) error {
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			return fmt.Errorf("%w: %w", ErrInvalid, reason)
		}
	}
	return ErrInvalid
}
