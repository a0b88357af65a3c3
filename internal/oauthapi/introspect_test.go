package oauthapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const inactive = `{"active":false}`

// wantInactive checks that a token is refused, and that the reply says nothing else.
func wantInactive(t *testing.T, name string, got oauthtest.Reply) {
	t.Helper()
	if got.Status != http.StatusOK || got.Body != inactive {
		t.Errorf("%s: %d %s, want exactly %s", name, got.Status, got.Body, inactive)
	}
	wantPrivate(t, name, got)
}

// wantActive checks that a token is good, and gives what is said of it.
func wantActive(t *testing.T, name string, got oauthtest.Reply) map[string]any {
	t.Helper()
	said := map[string]any{}
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil || got.Status != http.StatusOK || said["active"] != true {
		t.Errorf("%s: %d %s, want it active", name, got.Status, got.Body)
	}
	wantPrivate(t, name, got)
	return said
}

func TestIntrospect_WhoAsks(t *testing.T) {
	s := oauthtest.Start(t)
	key, other, resource := s.Key("ada"), s.Key("bob"), s.Resource("api")
	token := s.Token(key)
	said := wantActive(t, "a resource server", s.Introspect(resource, token))
	id, _ := said["jti"].(string)
	noon := float64(oauthtest.Noon.Unix())
	want := map[string]any{
		"active": true, "iss": s.URL, "aud": s.URL, "sub": "ada", "client_id": key.ID, "token_type": "Bearer",
		"iat": noon, "exp": noon + 3600, "jti": id,
	}
	if !maps.Equal(said, want) || id == "" {
		t.Errorf("said %v, want %v", said, want)
	}
	wantActive(t, "the key itself", s.Introspect(key, token))
	wantActive(t, "a hint that is none", s.Post("/introspect", resource, url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}))
	wantActive(t, "by the form", s.Post("/introspect", oauthtest.Pair{},
		url.Values{"token": {token}, "client_id": {resource.ID}, "client_secret": {resource.Secret}}))
	wantInactive(t, "another key", s.Introspect(other, token))
	wantRefusal(t, "nobody", s.Introspect(oauthtest.Pair{}, token), 401, "invalid_client")
	wantRefusal(t, "with the token itself", send(s, "/introspect", "token="+token, "Bearer "+token), 401, "invalid_client")
	wantRefusal(t, "a wrong secret", s.Introspect(oauthtest.Pair{ID: "api", Secret: key.Secret}, token), 401, "invalid_client")
	wantRefusal(t, "an unknown resource server", s.Introspect(oauthtest.Pair{ID: "nobody", Secret: resource.Secret}, token), 401, "invalid_client")
	wantRefusal(t, "no token", s.Post("/introspect", resource, url.Values{}), 400, "invalid_request")
	wantRefusal(t, "an empty token", s.Introspect(resource, ""), 400, "invalid_request")
	wantRefusal(t, "the token in the URL", s.Post("/introspect?token="+token, resource, url.Values{}), 400, "invalid_request")
	wantRefusal(t, "two tokens", s.Post("/introspect", resource, url.Values{"token": {token, token}}), 400, "invalid_request")
	s.Act("ada", keyapi.ActionDisable, 0)
	wantInactive(t, "a blocked key about its own", s.Introspect(key, token))
	if err := s.Auth.RemoveResource(context.Background(), "api"); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "a resource server that was removed", s.Introspect(resource, token), 401, "invalid_client")
}

// TestIntrospect_AfterWhatEndsTokens is the promise of the design, §2: a token that was good a moment before is refused
// at the next introspection, and stays so when the account has again what it lost.
func TestIntrospect_AfterWhatEndsTokens(t *testing.T) {
	const grace = 30 * time.Minute
	operates := func(do func(*accounts.Service, context.Context, string) error) func(*oauthtest.Service) {
		return func(s *oauthtest.Service) {
			if err := do(s.People, context.Background(), "ada"); err != nil {
				t.Error(err)
			}
		}
	}
	act := func(action keyapi.Action) func(*oauthtest.Service) {
		return func(s *oauthtest.Service) { s.Act("ada", action, 0) }
	}
	previous := func(s *oauthtest.Service) { s.Act("ada", keyapi.ActionRegenerate, grace) }
	mfaOff, mfaOn := operates((*accounts.Service).ResetMFA), func(s *oauthtest.Service) {
		s.Change("ada", func(a *store.Account) { a.MFAEnabled, a.Key = true, a.Key.Revise() })
	}
	revoke, grants := operates((*accounts.Service).Revoke), operates((*accounts.Service).Grant)
	lock, unlock := operates((*accounts.Service).Lock), operates((*accounts.Service).Unlock)
	for name, test := range map[string]struct {
		before, event, after func(*oauthtest.Service) // before: what makes the token's key what the event is about
	}{
		"disable":                  {nil, act(keyapi.ActionDisable), act(keyapi.ActionActivate)},
		"delete":                   {nil, act(keyapi.ActionDelete), act(keyapi.ActionGenerate)},
		"regenerate without grace": {nil, act(keyapi.ActionRegenerate), nil},
		"regenerate of a disabled key": {nil, func(s *oauthtest.Service) {
			s.Act("ada", keyapi.ActionDisable, 0)
			s.Act("ada", keyapi.ActionRegenerate, grace) // grace is for active keys
		}, nil},
		"the end of a grace":             {previous, func(s *oauthtest.Service) { s.Wait(grace) }, nil},
		"delete --previous":              {previous, act(keyapi.ActionDeletePrevious), nil},
		"a second regenerate with grace": {previous, func(s *oauthtest.Service) { s.Act("ada", keyapi.ActionRegenerate, grace) }, nil},
		"disable, in grace":              {previous, act(keyapi.ActionDisable), act(keyapi.ActionActivate)},
		"delete, in grace":               {previous, act(keyapi.ActionDelete), act(keyapi.ActionGenerate)},
		"MFA off":                        {nil, mfaOff, mfaOn},
		"MFA off, in grace":              {previous, mfaOff, mfaOn},
		"permission gone":                {nil, revoke, grants},
		"permission gone, in grace":      {previous, revoke, grants},
		"locked":                         {nil, lock, unlock},
		"locked, in grace":               {previous, lock, unlock},
		"account removed":                {nil, operates((*accounts.Service).Remove), func(s *oauthtest.Service) { s.Key("ada") }},
		"its own end":                    {nil, func(s *oauthtest.Service) { s.Wait(accesstoken.Lifetime) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := oauthtest.Start(t)
			key, bystander, resource := s.Key("ada"), s.Key("bob"), s.Resource("api")
			s.At(oauthtest.Noon.Truncate(time.Second)) // a whole second: what grace leaves is then to the instant
			token, others := s.Token(key), s.Token(bystander)
			if test.before != nil {
				test.before(s)
			}
			wantActive(t, "a moment before", s.Introspect(resource, token))
			test.event(s)
			wantInactive(t, "after", s.Introspect(resource, token))
			if s.Now().Before(oauthtest.Noon.Add(accesstoken.Lifetime - time.Second)) {
				wantActive(t, "another account's", s.Introspect(resource, others))
			}
			if test.after != nil {
				test.after(s)
				wantInactive(t, "after all is well again", s.Introspect(resource, token))
			}
		})
	}
}

// TestIntrospect_WhatEndsNoToken: nor does anything else end one.
func TestIntrospect_WhatEndsNoToken(t *testing.T) {
	s := oauthtest.Start(t)
	key, resource := s.Key("ada"), s.Resource("api")
	token := s.Token(key)
	second := s.Act("ada", keyapi.ActionRegenerate, time.Hour)
	wantActive(t, "in grace", s.Introspect(resource, token))
	wantActive(t, "in grace, by its own key", s.Introspect(key, token))
	wantInactive(t, "in grace, by the key after it", s.Introspect(second, token))
	s.Change("ada", func(a *store.Account) { a.Key = a.Key.Revise() })
	wantActive(t, "after a revision", s.Introspect(resource, token))
	if _, err := s.Auth.Rotate(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.Wait(accesstoken.PublicationLead)
	wantActive(t, "after a rotation of the signing keys", s.Introspect(resource, token))
	s.At(oauthtest.Noon.Truncate(time.Second).Add(accesstoken.Lifetime - time.Nanosecond))
	wantActive(t, "in its last instant", s.Introspect(resource, token))
}

// TestIntrospect_DisableActivateNewToken_WithinOneSecond: nothing is told apart by the clock.
func TestIntrospect_DisableActivateNewToken_WithinOneSecond(t *testing.T) {
	s := oauthtest.Start(t) // whose clock stands still
	key, resource := s.Key("ada"), s.Resource("api")
	for range 3 {
		old := s.Token(key)
		wantActive(t, "before", s.Introspect(resource, old))
		s.Act("ada", keyapi.ActionDisable, 0)
		s.Act("ada", keyapi.ActionActivate, 0)
		fresh := s.Token(key)
		wantInactive(t, "the old one", s.Introspect(resource, old))
		wantActive(t, "the new one", s.Introspect(resource, fresh))
	}
}

func TestRevoke(t *testing.T) {
	s := oauthtest.Start(t)
	key, other, resource := s.Key("ada"), s.Key("bob"), s.Resource("api")
	token, kept := s.Token(key), s.Token(key)
	revoke := func(p oauthtest.Pair, token string) oauthtest.Reply {
		return s.Post("/revoke", p, url.Values{"token": {token}})
	}
	wantRefusal(t, "another key's", revoke(other, token), 400, "unauthorized_client")
	wantRefusal(t, "a resource server", revoke(resource, token), 400, "unauthorized_client")
	wantRefusal(t, "nobody", revoke(oauthtest.Pair{}, token), 401, "invalid_client")
	wantRefusal(t, "a wrong secret", revoke(oauthtest.Pair{ID: key.ID, Secret: other.Secret}, token), 401, "invalid_client")
	wantRefusal(t, "no token", s.Post("/revoke", key, url.Values{}), 400, "invalid_request")
	wantActive(t, "after all these", s.Introspect(resource, token))
	for _, got := range []oauthtest.Reply{
		revoke(key, "garbage"), revoke(key, token), revoke(key, token),
		s.Post("/revoke", key, url.Values{"token": {token}, "token_type_hint": {"access_token"}}),
	} {
		if got.Status != http.StatusOK || got.Body != "" {
			t.Errorf("%d %q", got.Status, got.Body)
		}
		wantPrivate(t, "revoke", got)
	}
	wantInactive(t, "a revoked token", s.Introspect(resource, token))
	wantActive(t, "another one of the key", s.Introspect(resource, kept))
	if got := s.Post("/token", key, grant); got.Status != http.StatusOK {
		t.Errorf("a new token: %d %s", got.Status, got.Body)
	}
	wantRefusal(t, "another key's revoked one", revoke(other, token), 400, "unauthorized_client")

	// Taking a right away is not harder while the key is blocked: the policy may change within the hour.
	s.Change("ada", func(a *store.Account) { a.MFAEnabled = false })
	if got := revoke(key, kept); got.Status != http.StatusOK {
		t.Errorf("by a blocked key: %d %s", got.Status, got.Body)
	}
	s.Change("ada", func(a *store.Account) { a.MFAEnabled = true })
	wantInactive(t, "what a blocked key revoked", s.Introspect(resource, kept))
}

// TestRevoke_KeptUntilTheEnd: the note of a revoked token stays as long as the token could be good, and no longer.
func TestRevoke_KeptUntilTheEnd(t *testing.T) {
	s := oauthtest.Start(t)
	key, resource := s.Key("ada"), s.Resource("api")
	token := s.Token(key)
	id, _ := wantActive(t, "before", s.Introspect(resource, token))["jti"].(string)
	noted := func() (noted bool) {
		t.Helper()
		if err := s.DB.Read(context.Background(), func(r store.Reader) error {
			all, err := r.RevokedTokens()
			noted = slices.ContainsFunc(all, func(t store.RevokedToken) bool { return t.ID == id })
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return noted
	}
	s.Post("/revoke", key, url.Values{"token": {token}})
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{
		{accesstoken.Lifetime - time.Second, true},
		{accesstoken.Lifetime + accesstoken.ClockSkew - time.Second, true},
		{accesstoken.Lifetime + accesstoken.ClockSkew + time.Second, false},
	} {
		s.At(oauthtest.Noon.Add(step.after))
		s.Post("/revoke", key, url.Values{"token": {s.Token(key)}}) // each looks after the notes
		if noted() != step.want {
			t.Errorf("%v later: noted %t", step.after, !step.want)
		}
		wantInactive(t, fmt.Sprint(step.after), s.Introspect(resource, token))
	}
}

// TestDiscovery: the key set and the metadata, and how long they may be kept.
func TestDiscovery(t *testing.T) {
	s := oauthtest.Start(t)
	got := s.Send(s.Request(http.MethodGet, "/.well-known/oauth-authorization-server", nil))
	var said map[string]any
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
		t.Fatal(err)
	}
	methods := `["client_secret_basic","client_secret_post"]`
	for name, want := range map[string]string{
		"issuer": `"` + s.URL + `"`, "jwks_uri": `"` + s.URL + `/jwks.json"`,
		"token_endpoint": `"` + s.URL + `/token"`, "token_endpoint_auth_methods_supported": methods,
		"introspection_endpoint": `"` + s.URL + `/introspect"`, "introspection_endpoint_auth_methods_supported": methods,
		"revocation_endpoint": `"` + s.URL + `/revoke"`, "revocation_endpoint_auth_methods_supported": methods,
		"grant_types_supported": `["client_credentials"]`, "response_types_supported": `[]`,
	} {
		text, err := json.Marshal(said[name])
		if err != nil || string(text) != want {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
		if path, ours := strings.CutPrefix(strings.Trim(want, `"`), s.URL+"/"); ours { // every endpoint is there
			if status := s.Send(s.Request(http.MethodGet, "/"+path, nil)).Status; status == http.StatusNotFound {
				t.Errorf("%s: status %d", name, status)
			}
		}
	}
	jwks := s.Send(s.Request(http.MethodGet, "/jwks.json", nil))
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal([]byte(jwks.Body), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", jwks.Body, err)
	}
	for name, want := range map[string]string{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"} {
		if set.Keys[0][name] != want {
			t.Errorf("%s: %q", name, set.Keys[0][name])
		}
	}
	if len(set.Keys[0]) != 6 { // and kid, x: in particular no d
		t.Errorf("the key says %v", set.Keys[0])
	}
	for name, r := range map[string]oauthtest.Reply{"metadata": got, "key set": jwks} {
		var age time.Duration
		if _, err := fmt.Sscanf(r.Header.Get("Cache-Control"), "public, max-age=%d", &age); err != nil {
			t.Fatalf("%s: %q: %v", name, r.Header.Get("Cache-Control"), err)
		}
		// Another replica publishes a new key up to a minute later.
		if age *= time.Second; age <= 0 || age > accesstoken.PublicationLead-time.Minute {
			t.Errorf("%s may be kept for %v", name, age)
		}
		if r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: content type %q", name, r.Header.Get("Content-Type"))
		}
	}
}
