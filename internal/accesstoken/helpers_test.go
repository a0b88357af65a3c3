package accesstoken_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

// now is the instant of the tests. It is no whole second, as no clock's is.
var now = time.Date(2026, 11, 23, 6, 44, 0, 789_000_000, time.UTC)

const (
	issuer   = "https://keys.example.com"
	audience = "https://api.example.com"
)

var want = accesstoken.Expect{Issuer: issuer, Audience: audience, Now: now}

func claims() accesstoken.Claims {
	second := now.Truncate(time.Second)
	return accesstoken.Claims{
		Issuer: issuer, Subject: "ada", ClientID: "AK0123456789ABCDEFGH", Audience: audience,
		ID: "bm90IHJhbmRvbSBhdCBhbA", IssuedAt: second, ExpiresAt: second.Add(accesstoken.Lifetime), Generation: 4,
	}
}

func newKey(t testing.TB, created time.Time) accesstoken.SigningKey {
	t.Helper()
	k, err := accesstoken.NewSigningKey(rand.Reader, created)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSet(t testing.TB, keys ...accesstoken.SigningKey) accesstoken.KeySet {
	t.Helper()
	s, err := accesstoken.NewKeySet(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mint(t testing.TB, s accesstoken.KeySet, c accesstoken.Claims) string {
	t.Helper()
	token, err := s.Mint(c)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}
