package accesstoken_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// BenchmarkMint measures a token against its floor, the bare signature over as many bytes, and against the library.
func BenchmarkMint(b *testing.B) {
	key := newKey(b, now)
	s, private := newSet(b, key), ed25519.NewKeyFromSeed(key.Seed())
	token := mint(b, s, claims())
	text := []byte(token[:strings.LastIndexByte(token, '.')])
	b.Run("signature", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ed25519.Sign(private, text)
		}
	})
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mint(b, s, claims())
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		c := claims()
		for b.Loop() {
			t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, struct {
				jwt.RegisteredClaims
				ClientID   string `json:"client_id"`
				Generation int64  `json:"gen"`
			}{jwt.RegisteredClaims{
				Issuer: c.Issuer, Subject: c.Subject, Audience: jwt.ClaimStrings{c.Audience}, ID: c.ID,
				IssuedAt: jwt.NewNumericDate(c.IssuedAt), ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
			}, c.ClientID, c.Generation})
			t.Header["typ"], t.Header["kid"] = "at+jwt", key.ID
			if _, err := t.SignedString(private); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerify measures a check against its floor, the bare check of the signature.
func BenchmarkVerify(b *testing.B) {
	key := newKey(b, now)
	s, public := newSet(b, key), ed25519.NewKeyFromSeed(key.Seed()).Public().(ed25519.PublicKey)
	token := mint(b, s, claims())
	text := []byte(token[:strings.LastIndexByte(token, '.')])
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(key.Seed()), text)
	b.Run("signature", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ed25519.Verify(public, text, signature)
		}
	})
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Verify(token, want); err != nil {
				b.Fatal(err)
			}
		}
	})
}
