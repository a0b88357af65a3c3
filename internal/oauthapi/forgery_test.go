package oauthapi_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
)

// forger signs whatever it likes with a signing key.
type forger struct{ key accesstoken.SigningKey }

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func (f forger) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(f.key.Seed()) }

func (f forger) header() string { return `{"alg":"EdDSA","typ":"at+jwt","kid":"` + f.key.ID + `"}` }

func (f forger) sign(header, payload string) string {
	text := encode(header) + "." + encode(payload)
	return text + "." + encode(string(ed25519.Sign(f.private(), []byte(text))))
}

// hs256 signs with the public key as the secret: the classic confusion of algorithms.
func (f forger) hs256(payload string) string {
	text := encode(strings.Replace(f.header(), "EdDSA", "HS256", 1)) + "." + encode(payload)
	public, _ := f.private().Public().(ed25519.PublicKey)
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + encode(string(mac.Sum(nil)))
}

// TestIntrospect_Forgeries: no token but one the service gave is good, and nobody is told what is wrong with it. All are
// signed with the service's own key where the name does not say otherwise: each is refused for what its name says.
func TestIntrospect_Forgeries(t *testing.T) {
	s := oauthtest.Start(t)
	key, resource := s.Key("ada"), s.Resource("api")
	f := forger{s.SigningKey()}
	elsewhere, err := accesstoken.NewSigningKey(rand.Reader, oauthtest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	stranger := forger{elsewhere}
	noon := oauthtest.Noon.Unix()
	payload := fmt.Sprintf(`{"iss":%q,"sub":"ada","client_id":%q,"aud":%q,"exp":%d,"iat":%d,"jti":"bm90IHJhbmRvbSBhdCBhbA","gen":1}`,
		s.URL, key.ID, s.URL, noon+3600, noon)
	good := f.sign(f.header(), payload)
	wantActive(t, "the forger's own, as the service writes", s.Introspect(resource, good)) // else nothing below is proved
	headed := func(old, changed string) string { return f.sign(replaced(t, f.header(), old, changed), payload) }
	saying := func(old, changed string) string { return f.sign(f.header(), replaced(t, payload, old, changed)) }
	parts := strings.Split(good, ".")
	public, _ := stranger.private().Public().(ed25519.PublicKey)
	jwk := fmt.Sprintf(`,"jwk":{"kty":"OKP","crv":"Ed25519","x":%q}}`, encode(string(public)))
	iss, aud := fmt.Sprintf(`"iss":%q`, s.URL), fmt.Sprintf(`"aud":%q`, s.URL)
	exp, iat := fmt.Sprintf(`"exp":%d`, noon+3600), fmt.Sprintf(`"iat":%d`, noon)
	for name, token := range map[string]string{
		"alg none":                            encode(replaced(t, f.header(), "EdDSA", "none")) + "." + parts[1] + ".",
		"alg HS256 with the public key":       f.hs256(payload),
		"alg ES256":                           headed("EdDSA", "ES256"),
		"alg Ed25519":                         headed("EdDSA", "Ed25519"),
		"no alg":                              headed(`"alg":"EdDSA",`, ""),
		"typ JWT":                             headed("at+jwt", "JWT"),
		"no typ":                              headed(`"typ":"at+jwt",`, ""),
		"another kid":                         headed(f.key.ID, stranger.key.ID),
		"no kid":                              headed(`,"kid":"`+f.key.ID+`"`, ""),
		"kid is a path":                       headed(f.key.ID, "../../dev/null"),
		"another service's key, its own kid":  stranger.sign(stranger.header(), payload),
		"another service's key, our kid":      stranger.sign(f.header(), payload),
		"another service's key in the header": stranger.sign(replaced(t, f.header(), "}", jwk), payload),
		"another service's key and its kid":   stranger.sign(replaced(t, stranger.header(), "}", jwk), payload),
		"jku":                                 stranger.sign(replaced(t, stranger.header(), "}", `,"jku":"`+s.URL+`/jwks.json"}`), payload),
		"jku, our key":                        headed("}", `,"jku":"`+s.URL+`/jwks.json"}`),
		"x5u":                                 headed("}", `,"x5u":"https://evil.example.com/"}`),
		"crit":                                headed("}", `,"crit":["exp"]}`),
		"another issuer":                      saying(iss, `"iss":"https://evil.example.com"`),
		"no issuer":                           saying(iss+",", ""),
		"another audience":                    saying(aud, `"aud":"https://evil.example.com"`),
		"our audience among others":           saying(aud, fmt.Sprintf(`"aud":[%q,"https://evil.example.com"]`, s.URL)),
		"no audience":                         saying(aud+",", ""),
		"expired":                             saying(exp+","+iat, fmt.Sprintf(`"exp":%d,"iat":%d`, noon, noon-3600)),
		"no exp":                              saying(exp+",", ""),
		"lives too long":                      saying(exp, fmt.Sprintf(`"exp":%d`, noon+3601)),
		"issued in the future":                saying(exp+","+iat, fmt.Sprintf(`"exp":%d,"iat":%d`, noon+3700, noon+100)),
		"an older generation":                 saying(`"gen":1`, `"gen":0`),
		"a generation to come":                saying(`"gen":1`, `"gen":2`),
		"no generation":                       saying(`,"gen":1`, ""),
		"another client":                      saying(key.ID, s.Key("bob").ID+"X"),
		"no client":                           saying(`"client_id":"`+key.ID+`",`, ""),
		"a claim more":                        saying(`"gen":1`, `"gen":1,"scope":"admin"`),
		"no signature":                        parts[0] + "." + parts[1] + ".",
		"another payload":                     parts[0] + "." + encode(replaced(t, payload, "ada", "bob")) + "." + parts[2],
		"a bit of the signature":              good[:len(good)-5] + flipped(good[len(good)-5]) + good[len(good)-4:],
		"data after":                          good + ".x",
		"a space after":                       good + " ",
		"with its scheme":                     "Bearer " + good,
		"an Access Secret":                    key.Secret,
		"bytes that are no text":              "\x00\xff",
		"too long":                            good + strings.Repeat("A", 8<<10),
	} {
		wantInactive(t, name, s.Introspect(resource, token))
		wantInactive(t, name+", asked by the key", s.Introspect(key, token))
	}
	s.Wait(time.Hour - 789*time.Millisecond)
	wantInactive(t, "at its end", s.Introspect(resource, good))
}

func replaced(t *testing.T, in, old, changed string) string {
	t.Helper()
	if strings.Count(in, old) != 1 {
		t.Fatalf("%q is not once in %q", old, in)
	}
	return strings.Replace(in, old, changed, 1)
}

// flipped gives another character of base64url.
func flipped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}
