package authserver_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const address = "192.0.2.1"

func issue(s *oauthtest.Service, p oauthtest.Pair) (authserver.Token, error) {
	return s.Auth.Issue(context.Background(), address, p.ID, keyapi.NewSecret(p.Secret))
}

func wantCode(t *testing.T, err error, code keyapi.Code) {
	t.Helper()
	if keyapi.CodeOf(err) != code {
		t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, code)
	}
}

// says gives what a token says, unchecked.
func says(t *testing.T, s *oauthtest.Service, token keyapi.Secret) accesstoken.Claims {
	t.Helper()
	caller := authserver.Caller{Resource: "any"}
	claims, good, err := s.Auth.Introspect(context.Background(), caller, token)
	if err != nil || !good {
		t.Fatalf("good %t, %v", good, err)
	}
	return claims
}

func TestIssue_WhatATokenSays(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	token, err := issue(s, key)
	wantCode(t, err, "")
	if token.ExpiresIn != time.Hour {
		t.Errorf("expires in %v", token.ExpiresIn)
	}
	got := says(t, s, token.AccessToken)
	second := oauthtest.Noon.Truncate(time.Second)
	want := accesstoken.Claims{
		Issuer: s.URL, Subject: "ada", ClientID: key.ID, Audience: s.URL, ID: got.ID,
		IssuedAt: second, ExpiresAt: second.Add(time.Hour), Generation: 1,
	}
	if got != want || len(got.ID) != 22 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	again, err := issue(s, key)
	wantCode(t, err, "")
	if says(t, s, again.AccessToken).ID == got.ID {
		t.Error("two tokens of one name")
	}
}

// TestIssue_NeverPastItsKey: a token ends with its key or the grace of it, to the second, and is given up to the last one.
func TestIssue_NeverPastItsKey(t *testing.T) {
	s := oauthtest.Start(t)
	old := s.Key("ada")
	expiry := oauthtest.Noon.Truncate(time.Second).AddDate(1, 0, 0)
	graced := oauthtest.Noon.Add(30 * time.Minute).Truncate(time.Second)
	s.Act("ada", keyapi.ActionRegenerate, 30*time.Minute)
	young := s.Key("bob")
	for _, test := range []struct {
		name string
		key  oauthtest.Pair
		at   time.Time
		want time.Duration
		code keyapi.Code
	}{
		{"in grace", old, oauthtest.Noon, 30 * time.Minute, ""},
		{"the last instant of grace", old, graced.Add(-time.Nanosecond), time.Second, ""},
		{"grace over", old, graced, 0, keyapi.CodeUnauthenticated},
		{"59 minutes before expiry", young, expiry.Add(-59 * time.Minute), 59 * time.Minute, ""},
		{"the last instant", young, expiry.Add(-time.Nanosecond), time.Second, ""},
		{"expired", young, expiry, 0, keyapi.CodeKeyExpired},
	} {
		s.At(test.at)
		token, err := issue(s, test.key)
		if keyapi.CodeOf(err) != test.code || token.ExpiresIn != test.want {
			t.Errorf("%s: %v for %v, want %q for %v", test.name, err, token.ExpiresIn, test.code, test.want)
		}
	}
}

// TestIssue_RightSecretNeverWaits: however often somebody guesses from the same address.
func TestIssue_RightSecretNeverWaits(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	wrong := oauthtest.Pair{ID: key.ID, Secret: s.Key("bob").Secret}
	unknown := oauthtest.Pair{ID: "AK000000000000000000", Secret: key.Secret}
	for i := range 100 {
		want := keyapi.CodeUnauthenticated
		if i >= 20 {
			want = keyapi.CodeRateLimited
		}
		for _, p := range []oauthtest.Pair{wrong, unknown} {
			if _, err := issue(s, p); keyapi.CodeOf(err) != want {
				t.Fatalf("wrong secret %d of %s: %v, want %q", i+1, p.ID, err, want)
			}
		}
		if _, err := issue(s, key); err != nil {
			t.Fatalf("the right secret after %d wrong ones: %v", i+1, err)
		}
	}
	if _, err := s.Auth.Issue(context.Background(), "192.0.2.2", wrong.ID, keyapi.NewSecret(wrong.Secret)); keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
		t.Errorf("from another address: %v", err)
	}
}

// TestIssue_WhatIsNoKey_IsUnknown: no database sees what it may not cope with.
func TestIssue_WhatIsNoKey_IsUnknown(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	s.Account("without")
	for _, id := range []string{"", "\x00", "\xff", "ak" + key.ID[2:], key.ID + " ", strings.Repeat("A", 1<<14), "ada", "without"} {
		_, err := issue(s, oauthtest.Pair{ID: id, Secret: key.Secret})
		wantCode(t, err, keyapi.CodeUnauthenticated)
		_, err = s.Auth.Authenticate(context.Background(), address, id, keyapi.NewSecret(key.Secret))
		wantCode(t, err, keyapi.CodeUnauthenticated)
	}
}

func TestResources(t *testing.T) {
	s, ctx := oauthtest.Start(t), context.Background()
	zeta, alpha := s.Resource("zeta-1"), s.Resource("alpha")
	all, err := s.Auth.Resources(ctx)
	wantCode(t, err, "")
	if len(all) != 2 || all[0].Name != "alpha" || all[1].Name != "zeta-1" || !all[0].CreatedAt.Equal(oauthtest.Noon.Truncate(time.Second)) {
		t.Errorf("they are %+v", all)
	}
	for _, name := range []string{"", "Zeta", "a b", "a_b", "ä", strings.Repeat("a", 33), "alpha", "AK000000000000000000"} {
		_, err := s.Auth.AddResource(ctx, name)
		wantCode(t, err, keyapi.CodeInvalidRequest)
	}
	who := func(p oauthtest.Pair) (authserver.Caller, error) {
		return s.Auth.Authenticate(ctx, address, p.ID, keyapi.NewSecret(p.Secret))
	}
	caller, err := who(alpha)
	if err != nil || caller != (authserver.Caller{Resource: "alpha"}) {
		t.Errorf("%+v, %v", caller, err)
	}
	for _, p := range []oauthtest.Pair{{ID: "alpha", Secret: zeta.Secret}, {ID: "nobody", Secret: zeta.Secret}, {ID: "alpha"}} {
		_, err := who(p)
		wantCode(t, err, keyapi.CodeUnauthenticated)
	}
	_, err = issue(s, alpha)
	wantCode(t, err, keyapi.CodeUnauthenticated)
	wantCode(t, s.Auth.RemoveResource(ctx, "alpha"), "")
	wantCode(t, s.Auth.RemoveResource(ctx, "alpha"), keyapi.CodeInvalidRequest)
	_, err = who(alpha)
	wantCode(t, err, keyapi.CodeUnauthenticated)
	if again := s.Resource("alpha"); again.Secret == alpha.Secret {
		t.Error("a resource server that is added again has its old secret")
	}
}

// TestResource_IsNoKey: a resource server and a key have verifiers of different purposes: the one's is not the other's.
func TestResource_IsNoKey(t *testing.T) {
	s := oauthtest.Start(t)
	resource := s.Resource("api")
	_, err := issue(s, oauthtest.Pair{ID: s.Key("ada").ID, Secret: resource.Secret})
	wantCode(t, err, keyapi.CodeUnauthenticated)
}

// TestOpen_ErrorsOfRandom: without randomness nothing is made.
func TestOpen_ErrorsOfRandom(t *testing.T) {
	s := oauthtest.Start(t)
	server, err := authserver.Open(context.Background(), authserver.Options{
		Store: s.DB, Key: s.Master, Keys: s.Keys, Issuer: s.URL, Now: s.Now, Random: strings.NewReader(""),
	})
	wantCode(t, err, "")
	key := s.Key("ada")
	if _, err := server.Issue(context.Background(), address, key.ID, keyapi.NewSecret(key.Secret)); err == nil {
		t.Error("a token without a random name")
	}
	if _, err := server.AddResource(context.Background(), "api"); err == nil {
		t.Error("a secret without randomness")
	}
	if _, err := server.Rotate(context.Background()); err == nil {
		t.Error("a signing key without randomness")
	}
	if terms, err := s.Auth.SigningKeys(context.Background()); err != nil || len(terms) != 1 {
		t.Errorf("%d signing keys, %v", len(terms), err)
	}
}

// keyIDs gives the names in a key set.
func keyIDs(t *testing.T, jwks []byte) []string {
	t.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(set.Keys))
	for i, k := range set.Keys {
		ids[i] = k.ID
	}
	return ids
}
