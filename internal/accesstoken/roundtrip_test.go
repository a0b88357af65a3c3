package accesstoken_test

import (
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"pgregory.net/rapid"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

// TestRoundTrip_AnyClaims_ComeBack: what Mint makes, Verify gives back as it was said, until the end and not after.
func TestRoundTrip_AnyClaims_ComeBack(t *testing.T) {
	s := newSet(t, newKey(t, now))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(1, 40, -1)
		issued := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "iat"), 0).UTC()
		said := accesstoken.Claims{
			Issuer: text.Draw(t, "iss"), Subject: text.Draw(t, "sub"), ClientID: text.Draw(t, "client_id"),
			Audience: text.Draw(t, "aud"), ID: text.Draw(t, "jti"), IssuedAt: issued,
			ExpiresAt:  issued.Add(time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second),
			Generation: rapid.Int64Min(1).Draw(t, "gen"),
		}
		token, err := s.Mint(said)
		if err != nil {
			t.Fatal(err)
		}
		at := func(instant time.Time) (accesstoken.Claims, error) {
			e := accesstoken.Expect{Issuer: said.Issuer, Audience: said.Audience, Now: instant}
			return s.Verify(token.Reveal(), e)
		}
		for _, instant := range []time.Time{issued, said.ExpiresAt.Add(-time.Nanosecond)} {
			if got, err := at(instant); err != nil || got != said {
				t.Fatalf("at %v it says %+v (%v), want %+v", instant, got, err, said)
			}
		}
		if _, err := at(said.ExpiresAt); err == nil {
			t.Fatal("accepted at its end")
		}
	})
}

// TestMint_Impossible_Refused: Mint makes nothing that Verify would not take.
func TestMint_Impossible_Refused(t *testing.T) {
	s := newSet(t, newKey(t, now))
	for name, spoil := range map[string]func(*accesstoken.Claims){
		"no issuer":        func(c *accesstoken.Claims) { c.Issuer = "" },
		"no subject":       func(c *accesstoken.Claims) { c.Subject = "" },
		"no access key":    func(c *accesstoken.Claims) { c.ClientID = "" },
		"no audience":      func(c *accesstoken.Claims) { c.Audience = "" },
		"no jti":           func(c *accesstoken.Claims) { c.ID = "" },
		"no UTF-8":         func(c *accesstoken.Claims) { c.Subject = "ada\xff" },
		"no generation":    func(c *accesstoken.Claims) { c.Generation = 0 },
		"generation below": func(c *accesstoken.Claims) { c.Generation = -1 },
		"ends at once":     func(c *accesstoken.Claims) { c.ExpiresAt = c.IssuedAt },
		"ended before":     func(c *accesstoken.Claims) { c.ExpiresAt = c.IssuedAt.Add(-time.Hour) },
		"lives too long":   func(c *accesstoken.Claims) { c.ExpiresAt = c.ExpiresAt.Add(time.Second) },
		"no times":         func(c *accesstoken.Claims) { c.IssuedAt, c.ExpiresAt = time.Time{}, time.Time{} },
		"too long":         func(c *accesstoken.Claims) { c.Subject = strings.Repeat("a", accesstoken.MaxSize) },
	} {
		c := claims()
		spoil(&c)
		if token, err := s.Mint(c); err == nil || !token.IsZero() {
			t.Errorf("%s: a token was made (%v)", name, err)
		}
	}
	if token, err := (accesstoken.KeySet{}).Mint(claims()); err == nil || !token.IsZero() {
		t.Errorf("a token without a key (%v)", err)
	}
}

// TestMint_ClaimsOfTheProfile: the very names and kinds of RFC 9068 and of gen, read by nothing of ours.
func TestMint_ClaimsOfTheProfile(t *testing.T) {
	key := newKey(t, now)
	s := newSet(t, key)
	parsed, err := josejwt.ParseSigned(mint(t, s, claims()), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(s.JWKS(now), &set); err != nil {
		t.Fatal(err)
	}
	var standard josejwt.Claims
	var all map[string]any
	if err := parsed.Claims(set, &standard, &all); err != nil {
		t.Fatalf("another implementation refuses the signature: %v", err)
	}
	expected := josejwt.Expected{
		Issuer: issuer, Subject: "ada", ID: claims().ID, AnyAudience: josejwt.Audience{audience}, Time: now,
	}
	if err := standard.ValidateWithLeeway(expected, 0); err != nil {
		t.Errorf("another implementation refuses the claims: %v", err)
	}
	wantAll := map[string]any{
		"iss": issuer, "sub": "ada", "client_id": "AK0123456789ABCDEFGH", "aud": audience, "jti": claims().ID,
		"iat": float64(1795416240), "exp": float64(1795419840), "gen": float64(4),
	}
	if !maps.Equal(all, wantAll) {
		t.Errorf("it says %v, want %v", all, wantAll)
	}
	header := parsed.Headers[0]
	wantExtra := map[jose.HeaderKey]any{jose.HeaderType: "at+jwt"}
	if header.Algorithm != "EdDSA" || header.KeyID != key.ID || !maps.Equal(header.ExtraHeaders, wantExtra) {
		t.Errorf("header %+v", header)
	}
}

// TestJWKS_FormOfRFC8037: public halves only, under IDs that anybody can compute (RFC 7638).
func TestJWKS_FormOfRFC8037(t *testing.T) {
	keys := []accesstoken.SigningKey{newKey(t, now), newKey(t, now.Add(time.Minute))}
	var got struct{ Keys []map[string]string }
	var set jose.JSONWebKeySet
	text := newSet(t, keys...).JWKS(now)
	for _, into := range []any{&got, &set} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	if len(got.Keys) != 2 || len(set.Keys) != 2 {
		t.Fatalf("not two keys: %s", text)
	}
	for i, k := range got.Keys {
		public := ed25519.NewKeyFromSeed(keys[i].Seed()).Public().(ed25519.PublicKey)
		wantKey := map[string]string{
			"kty": "OKP", "crv": "Ed25519", "x": encode(string(public)), "kid": keys[i].ID, "alg": "EdDSA", "use": "sig",
		}
		if !maps.Equal(k, wantKey) {
			t.Errorf("key %v, want %v", k, wantKey)
		}
		if !public.Equal(set.Keys[i].Key.(ed25519.PublicKey)) {
			t.Errorf("x of key %d is another key's", i)
		}
	}
	if got := string((accesstoken.KeySet{}).JWKS(now)); got != `{"keys":[]}` {
		t.Errorf("without keys: %s", got)
	}
}

// TestThumbprint_ExampleOfRFC8037: appendix A.3 of RFC 8037 has a key and its thumbprint.
func TestThumbprint_ExampleOfRFC8037(t *testing.T) {
	seed := []byte("\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4" +
		"\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60")
	if _, err := accesstoken.SigningKeyFromSeed("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", seed, now); err != nil {
		t.Error(err)
	}
}

func TestExpiresAt_TheFirstOfThree(t *testing.T) {
	second := now.Truncate(time.Second)
	far, soon, sooner := second.Add(24*time.Hour), second.Add(20*time.Minute), second.Add(10*time.Minute)
	full := second.Add(accesstoken.Lifetime)
	for _, test := range []struct {
		name             string
		expiry, graceEnd time.Time
		want             time.Time
	}{
		{"neither is near", far, time.Time{}, full},
		{"grace is not near", far, far, full},
		{"the key expires", soon, time.Time{}, soon},
		{"the key expires, grace later", soon, far, soon},
		{"grace ends", far, soon, soon},
		{"grace ends, then the key expires", soon, sooner, sooner},
		{"the key expires, then grace ends", sooner, soon, sooner},
		{"at the same time", full, full, full},
		{"no whole second", soon.Add(999 * time.Millisecond), time.Time{}, soon},
	} {
		if got := accesstoken.ExpiresAt(now, test.expiry, test.graceEnd); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestNewID_128Bits(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id, err := accesstoken.NewID(strings.NewReader(newKey(t, now).ID))
		if err != nil || len(id) != 22 || seen[id] {
			t.Fatalf("%q (%v)", id, err)
		}
		seen[id] = true
	}
	if _, err := accesstoken.NewID(strings.NewReader("fifteen bytes..")); err == nil {
		t.Error("a name of fewer than 128 bits")
	}
	if _, err := accesstoken.NewSigningKey(iotest.ErrReader(iotest.ErrTimeout), now); err == nil {
		t.Error("a key without randomness")
	}
}
