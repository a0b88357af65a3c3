package accesstoken_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

// forger has what a thief of the service's signing key would have: it signs whatever it likes. So every refusal below
// is for the reason under test and not for a broken signature.
type forger struct {
	t   testing.TB
	key accesstoken.SigningKey
}

// header is the one of every token of ours; payload what they say. Both as JSON.
func (f forger) header() string { return `{"alg":"EdDSA","typ":"at+jwt","kid":"` + f.key.ID + `"}` }

func (f forger) payload() string {
	c := claims()
	return fmt.Sprintf(`{"iss":%q,"sub":%q,"client_id":%q,"aud":%q,"exp":%d,"iat":%d,"jti":%q,"gen":%d}`,
		c.Issuer, c.Subject, c.ClientID, c.Audience, c.ExpiresAt.Unix(), c.IssuedAt.Unix(), c.ID, c.Generation)
}

// sign makes a token of any two JSON texts.
func (f forger) sign(header, payload string) string {
	text := encode(header) + "." + encode(payload)
	return text + "." + encode(string(ed25519.Sign(ed25519.NewKeyFromSeed(f.key.Seed()), []byte(text))))
}

// headed makes a token with our payload and another header: our own with old replaced by changed.
func (f forger) headed(old, changed string) string {
	return f.sign(f.replace(f.header(), old, changed), f.payload())
}

// saying makes a token with our header and another payload.
func (f forger) saying(old, changed string) string {
	return f.sign(f.header(), f.replace(f.payload(), old, changed))
}

func (f forger) replace(in, old, changed string) string {
	f.t.Helper()
	if strings.Count(in, old) != 1 {
		f.t.Fatalf("%q is not once in %q", old, in)
	}
	return strings.Replace(in, old, changed, 1)
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func (f forger) public() ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(f.key.Seed()).Public().(ed25519.PublicKey)
}

// hs256 signs with the public key as the secret: the classic confusion of algorithms.
func (f forger) hs256() string {
	text := encode(f.replace(f.header(), "EdDSA", "HS256")) + "." + encode(f.payload())
	mac := hmac.New(sha256.New, f.public())
	mac.Write([]byte(text))
	return text + "." + encode(string(mac.Sum(nil)))
}

func (f forger) rs256() string {
	f.t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.t.Fatal(err)
	}
	text := encode(f.replace(f.header(), "EdDSA", "RS256")) + "." + encode(f.payload())
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		f.t.Fatal(err)
	}
	return text + "." + encode(string(signature))
}

func wantRefused(t testing.TB, name string, err error, reason string) {
	t.Helper()
	if !errors.Is(err, accesstoken.ErrInvalid) || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: %v, want it refused for %q", name, err, reason)
	}
}

// TestVerify_Forgeries is every way we know of to pass off a token that Mint did not make.
func TestVerify_Forgeries(t *testing.T) {
	f := forger{t, newKey(t, now)}
	s := newSet(t, f.key)
	stranger := forger{t, newKey(t, now)}
	good := mint(t, s, claims())
	if f.sign(f.header(), f.payload()) != good {
		t.Fatal("the forger does not write as Mint does: the refusals below would prove nothing")
	}
	parts := strings.Split(good, ".")
	header, body, signature := parts[0], parts[1], parts[2]
	last := strings.IndexByte(alphabet, signature[len(signature)-1])
	c := claims()
	exp, iat := fmt.Sprintf(`"exp":%d`, c.ExpiresAt.Unix()), fmt.Sprintf(`"iat":%d`, c.IssuedAt.Unix())
	aud := fmt.Sprintf(`"aud":%q`, audience)
	jwk := fmt.Sprintf(`,"jwk":{"kty":"OKP","crv":"Ed25519","x":%q}}`, encode(string(stranger.public())))

	const (
		badSignature, malformed, notOurHeader = "signature is invalid", "malformed", "not the header"
		unknownKey, notOurForm, missing       = "no such signing key", "not in our form", "missing required claim"
	)
	audiences := fmt.Sprintf(`"aud":["https://evil.example.com",%q]`, audience)
	for _, test := range []struct{ name, token, reason string }{
		// algorithms
		{"alg none", encode(f.replace(f.header(), "EdDSA", "none")) + "." + body + ".", badSignature},
		{"alg none, our signature", encode(f.replace(f.header(), "EdDSA", "none")) + "." + body + "." + signature, badSignature},
		{"alg None", f.headed("EdDSA", "None"), "unverifiable"},
		{"alg HS256 with the public key as secret", f.hs256(), badSignature},
		{"alg RS256", f.rs256(), badSignature},
		{"alg eddsa", f.headed("EdDSA", "eddsa"), "unverifiable"},
		{"alg Ed25519", f.headed("EdDSA", "Ed25519"), "unverifiable"},
		{"no alg", f.headed(`"alg":"EdDSA",`, ""), "unverifiable"},
		{"alg is no text", f.headed(`"EdDSA"`, "1"), "unverifiable"},
		// types
		{"typ JWT", f.headed("at+jwt", "JWT"), notOurHeader},
		{"typ in capitals", f.headed("at+jwt", "AT+JWT"), notOurHeader},
		{"typ with application/", f.headed("at+jwt", "application/at+jwt"), notOurHeader},
		{"no typ", f.headed(`"typ":"at+jwt",`, ""), notOurHeader},
		{"typ is a list", f.headed(`"at+jwt"`, `["at+jwt"]`), notOurHeader},
		// keys
		{"another service's key under its own kid", stranger.sign(stranger.header(), f.payload()), unknownKey},
		{"another service's key under our kid", stranger.sign(f.header(), f.payload()), badSignature},
		{"no kid", f.headed(`,"kid":"`+f.key.ID+`"`, ""), notOurHeader},
		{"empty kid", f.headed(f.key.ID, ""), unknownKey},
		{"kid is a path", f.headed(f.key.ID, "../../dev/null"), unknownKey},
		{"kid is no text", f.headed(`"`+f.key.ID+`"`, "0"), unknownKey},
		{"key in the header", stranger.sign(f.replace(f.header(), "}", jwk), f.payload()), notOurHeader},
		{"key in the header, other kid", stranger.sign(f.replace(stranger.header(), "}", jwk), f.payload()), notOurHeader},
		{"jku", f.headed("}", `,"jku":"https://evil.example.com/jwks.json"}`), notOurHeader},
		{"x5u", f.headed("}", `,"x5u":"https://evil.example.com/cert.pem"}`), notOurHeader},
		{"x5c", f.headed("}", `,"x5c":["MIIB"]}`), notOurHeader},
		{"crit", f.headed("}", `,"crit":["exp"],"exp":1}`), notOurHeader},
		{"crit in place of typ", f.headed(`"typ":"at+jwt"`, `"crit":["b64"]`), notOurHeader},
		{"b64", f.headed("}", `,"b64":false}`), notOurHeader},
		{"zip", f.headed("}", `,"zip":"DEF"}`), notOurHeader},
		{"alg twice", f.headed(`{`, `{"alg":"none",`), notOurForm},
		{"header in another order", f.sign(`{"typ":"at+jwt","alg":"EdDSA","kid":"`+f.key.ID+`"}`, f.payload()), notOurForm},
		{"header with spaces", f.headed(`,"kid"`, `, "kid"`), notOurForm},
		{"header is a list", f.sign(`["EdDSA"]`, f.payload()), malformed},
		{"header is null", f.sign(`null`, f.payload()), "unverifiable"},
		// claims
		{"another issuer", f.saying(issuer, "https://evil.example.com"), "issuer"},
		{"issuer with a slash", f.saying(issuer, issuer+"/"), "issuer"},
		{"no issuer", f.saying(`"iss":"`+issuer+`",`, ""), missing},
		{"another audience", f.saying(audience, "https://evil.example.com"), "audience"},
		{"no audience", f.saying(aud+",", ""), missing},
		{"a list of our audience", f.saying(aud, fmt.Sprintf(`"aud":[%q]`, audience)), notOurForm},
		{"a list of audiences", f.saying(aud, audiences), "a claim is missing"},
		{"a list of other audiences", f.saying(aud, `"aud":["https://evil.example.com"]`), "audience"},
		{"an empty list of audiences", f.saying(aud, `"aud":[]`), missing},
		{"no exp", f.saying(exp+",", ""), missing},
		{"exp is null", f.saying(exp, `"exp":null`), missing},
		{"exp is text", f.saying(exp, fmt.Sprintf(`"exp":"%d"`, c.ExpiresAt.Unix())), notOurForm},
		{"exp with a fraction", f.saying(exp, exp+".5"), notOurForm},
		{"exp with a power", f.saying(exp, exp+"e0"), notOurForm},
		{"exp in milliseconds", f.saying(exp, exp+"000"), "lives so long"},
		{"exp beyond all numbers", f.saying(exp, `"exp":1e400`), malformed},
		{"exp beyond all times", f.saying(exp, `"exp":1e300`), ""}, // how it overflows is the machine's
		{"expired", f.saying(exp+","+iat, fmt.Sprintf(`"exp":%d,"iat":%d`, now.Unix(), now.Unix()-60)), "expired"},
		{"exp below zero", f.saying(exp, `"exp":-1`), "expired"},
		{"lives longer than an hour", f.saying(exp, fmt.Sprintf(`"exp":%d`, c.ExpiresAt.Unix()+1)), "lives so long"},
		{"no iat", f.saying(iat+",", ""), "a claim is missing"},
		{"iat in the future", f.saying(iat, fmt.Sprintf(`"iat":%d`, now.Unix()+62)), "in the future"},
		{"iat after exp", f.saying(iat, fmt.Sprintf(`"iat":%d`, c.ExpiresAt.Unix()+1)), "lives so long"},
		{"iat a day ago", f.saying(iat, fmt.Sprintf(`"iat":%d`, now.Unix()-86400)), "lives so long"},
		{"nbf in the future", f.saying(iat, fmt.Sprintf(`%s,"nbf":%d`, iat, now.Unix()+60)), "not valid yet"},
		{"nbf", f.saying(iat, fmt.Sprintf(`%s,"nbf":%d`, iat, now.Unix()-60)), notOurForm},
		{"no sub", f.saying(`"sub":"ada",`, ""), "a claim is empty"},
		{"sub is a number", f.saying(`"ada"`, "1"), malformed},
		{"no client_id", f.saying(`"client_id":"`+c.ClientID+`",`, ""), "a claim is empty"},
		{"no jti", f.saying(`"jti":"`+c.ID+`",`, ""), "a claim is empty"},
		{"no gen", f.saying(`,"gen":4`, ""), "no generation"},
		{"gen is null", f.saying(`"gen":4`, `"gen":null`), "no generation"},
		{"gen is zero", f.saying(`"gen":4`, `"gen":0`), "no generation"},
		{"gen below zero", f.saying(`"gen":4`, `"gen":-4`), "no generation"},
		{"gen is a float", f.saying(`"gen":4`, `"gen":4.0`), malformed},
		{"gen with a power", f.saying(`"gen":4`, `"gen":4e0`), malformed},
		{"gen is text", f.saying(`"gen":4`, `"gen":"4"`), malformed},
		{"gen beyond 64 bits", f.saying(`"gen":4`, `"gen":9223372036854775808`), malformed},
		{"gen in capitals", f.saying(`"gen":4`, `"GEN":4`), notOurForm},
		{"gen twice", f.saying(`"gen":4`, `"gen":3,"gen":4`), notOurForm},
		{"sub twice", f.saying(`"sub":"ada"`, `"sub":"bob","sub":"ada"`), notOurForm},
		{"sub twice, once in capitals", f.saying(`"sub":"ada"`, `"sub":"bob","Sub":"ada"`), notOurForm},
		{"escapes for letters", f.saying(`"ada"`, `"\u0061da"`), notOurForm},
		{"a claim more", f.saying(`"gen":4`, `"gen":4,"scope":"admin"`), notOurForm},
		{"data after the payload", f.sign(f.header(), f.payload()+`{}`), malformed},
		{"space after the payload", f.sign(f.header(), f.payload()+" "), notOurForm},
		{"payload is null", f.sign(f.header(), "null"), missing},
		{"payload is a list", f.sign(f.header(), "[]"), malformed},
		{"payload is nothing", f.sign(f.header(), ""), malformed},
		// form
		{"nothing", "", malformed},
		{"dots", "..", malformed},
		{"two parts", header + "." + body, malformed},
		{"four parts", good + "." + signature, malformed},
		{"five parts, as if encrypted", good + ".a.b", malformed},
		{"no signature", header + "." + body + ".", badSignature},
		{"a signature cut short", header + "." + body + "." + signature[:84], badSignature},
		{"a character cut off", good[:len(good)-1], malformed},
		{"another payload, our signature", header + "." + encode(f.replace(f.payload(), "ada", "bob")) + "." + signature, badSignature},
		{"another signature", header + "." + body + "." + strings.Repeat("A", 86), badSignature},
		{"padded", good + "==", malformed},
		{"padded header", header + "=." + body + "." + signature, malformed},
		{"last bits set", good[:len(good)-1] + alphabet[last+1:last+2], malformed},
		{"line break after", good + "\n", notOurForm},
		{"line break in the signature", strings.Replace(good, signature, signature[:9]+"\r\n"+signature[9:], 1), notOurForm},
		{"line break in the payload", header + "." + body[:9] + "\n" + body[9:] + "." + signature, badSignature},
		{"space after", good + " ", malformed},
		{"data after", good + "AAAA", badSignature},
		{"bytes of zero after", good + "\x00", malformed},
		{"with its scheme", "Bearer " + good, malformed},
		{"standard alphabet", f.sign(f.header(), f.payload()) + "+/", malformed},
		{"as JSON", `{"protected":"` + header + `","payload":"` + body + `","signature":"` + signature + `"}`, malformed},
		{"1 MB", good + strings.Repeat("A", 1<<20), "too long"},
		{"1 MB of dots", strings.Repeat(".", 1<<20), "too long"},
		{"1 MB of a claim", f.saying("ada", strings.Repeat("a", 1<<20)), "too long"},
		{"a byte too long", good + strings.Repeat("A", accesstoken.MaxSize+1-len(good)), "too long"},
		{"nested deep", f.sign(f.header(), strings.Repeat("[", 2500)), malformed},
	} {
		got, err := s.Verify(test.token, want)
		wantRefused(t, test.name, err, test.reason)
		if got != (accesstoken.Claims{}) {
			t.Errorf("%s: refused, yet it gives claims", test.name)
		}
	}
	if _, err := s.Verify(good, want); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

// alphabet is base64url's.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// TestVerify_EveryBitCounts: no token of ours with one bit changed is one of ours.
func TestVerify_EveryBitCounts(t *testing.T) {
	s := newSet(t, newKey(t, now))
	good := mint(t, s, claims())
	for i := range len(good) {
		for bit := range 8 {
			changed := []byte(good)
			changed[i] ^= 1 << bit
			if _, err := s.Verify(string(changed), want); !errors.Is(err, accesstoken.ErrInvalid) {
				t.Errorf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
}

// TestVerify_OtherExpectation_Refused: what is asked for counts, and asking for nothing is not asking for anything.
func TestVerify_OtherExpectation_Refused(t *testing.T) {
	s := newSet(t, newKey(t, now))
	good := mint(t, s, claims())
	for name, test := range map[string]struct {
		accesstoken.Expect
		reason string
	}{
		"no issuer":           {accesstoken.Expect{Audience: audience, Now: now}, "nothing is expected"},
		"no audience":         {accesstoken.Expect{Issuer: issuer, Now: now}, "nothing is expected"},
		"another issuer":      {accesstoken.Expect{Issuer: issuer + "/", Audience: audience, Now: now}, "issuer"},
		"another audience":    {accesstoken.Expect{Issuer: issuer, Audience: issuer, Now: now}, "audience"},
		"at its end":          {accesstoken.Expect{Issuer: issuer, Audience: audience, Now: claims().ExpiresAt}, "expired"},
		"long before":         {accesstoken.Expect{Issuer: issuer, Audience: audience, Now: now.Add(-time.Hour)}, "in the future"},
		"without an instant":  {accesstoken.Expect{Issuer: issuer, Audience: audience}, "in the future"},
		"after another while": {accesstoken.Expect{Issuer: issuer, Audience: audience, Now: now.AddDate(1, 0, 0)}, "expired"},
	} {
		_, err := s.Verify(good, test.Expect)
		wantRefused(t, name, err, test.reason)
	}
	_, err := accesstoken.KeySet{}.Verify(good, want)
	wantRefused(t, "no keys", err, "no such signing key")
}

// TestVerify_Error_RepeatsNothing: a refused token may be a true one of another service, and the reason goes to the log.
func TestVerify_Error_RepeatsNothing(t *testing.T) {
	f := forger{t, newKey(t, now)}
	s := newSet(t, f.key)
	const canary = "canary"
	for _, token := range []string{
		canary, canary + ".a.b", f.headed("EdDSA", canary), f.headed("at+jwt", canary), f.headed(f.key.ID, canary),
		f.headed("}", `,"canary":1}`), f.saying(issuer, canary), f.saying(audience, canary), f.saying(`"ada"`, `["canary"]`),
		f.saying(`"gen":4`, `"gen":"canary"`), f.sign("canary", f.payload()), f.sign(f.header(), canary),
	} {
		if _, err := s.Verify(token, want); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// FuzzVerify: whatever comes, no panic, one error, and nothing is accepted but what Mint made. Half of the inputs are
// signed with the very key, so that the checks behind the signature are reached.
func FuzzVerify(f *testing.F) {
	sealed := forger{f, newKey(f, now)}
	s := newSet(f, sealed.key)
	good := mint(f, s, claims())
	parts := strings.Split(good, ".")
	f.Add(sealed.header(), sealed.payload(), parts[2])
	f.Add(`{"alg":"none"}`, `{}`, "")
	f.Add(sealed.header(), `{"aud":["`+audience+`"],"exp":1e9,"gen":1.0}`, "AAAA")
	f.Add("", "null", ".")
	f.Fuzz(func(t *testing.T, header, payload, signature string) {
		for _, token := range []string{
			header + payload + signature, encode(header) + "." + encode(payload) + "." + signature,
			sealed.sign(header, payload), sealed.sign(sealed.header(), payload),
		} {
			c, err := s.Verify(token, want)
			switch {
			case err == nil && mint(t, s, c) != token:
				t.Errorf("accepted %q", token)
			case err != nil && !errors.Is(err, accesstoken.ErrInvalid):
				t.Errorf("%q: %v", token, err)
			}
		}
	})
}
