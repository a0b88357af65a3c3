package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// routes are all routes that need a session, with a verb of which each lets a pipeline in ("" = none does).
var routes = []struct{ method, path, verb string }{
	{http.MethodGet, "/v1/key", "status"},
	{http.MethodPost, "/v1/key", "generate"},
	{http.MethodPost, "/v1/key/disable", "disable"},
	{http.MethodPost, "/v1/key/activate", "activate"},
	{http.MethodPost, "/v1/key/regenerate", "regenerate"},
	{http.MethodDelete, "/v1/key", "delete"},
	{http.MethodDelete, "/v1/key/previous", "delete"},
	{http.MethodPost, "/v1/key/recover", "generate"},
	{http.MethodGet, "/v1/key/events", "history"},
	{http.MethodGet, "/v1/account", "status"},
	{http.MethodGet, "/v1/sessions", ""},
	{http.MethodDelete, "/v1/sessions/current", ""},
	{http.MethodDelete, "/v1/sessions/x", ""},
	{http.MethodPost, "/v1/sessions/current/verify", ""},
	{http.MethodPost, "/v1/sessions/pipeline", ""},
	{http.MethodGet, "/v1/sessions/pipeline", ""},
	{http.MethodPost, "/v1/account/mfa", ""},
	{http.MethodPost, "/v1/account/mfa/confirm", ""},
	{http.MethodPost, "/v1/account/mfa/codes", ""},
	{http.MethodPost, "/v1/account/mfa/disable", ""},
}

// The session comes before everything else of the request, whatever that is.
func TestEveryRoute_WithoutASession_IsUnauthenticated(t *testing.T) {
	s := serve(t, false, nil)
	for _, r := range routes {
		for _, value := range []string{
			"", "Bearer", "Bearer ", "Basic YWRhOnB3", "Bearer aps_wrong", "Bearer " + strings.Repeat("a", 129),
			"Bearer aps_000000000000000000000000000000000000000000000000000",
		} {
			got := s.want(http.StatusUnauthorized, keyapi.CodeUnauthenticated, r.method, r.path, "{",
				"Content-Type", "text/plain", "Authorization", value)
			if got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: no challenge", r.method, r.path)
			}
		}
	}
	s.get(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/key", "",
		"Authorization", "Bearer a", "Authorization", "Bearer b")
}

// The scope comes next: a pipeline is let in by a verb of the route and by nothing else, and the refusal names it.
func TestEveryRoute_OutsideTheScope_IsNotPermitted(t *testing.T) {
	s := open(t)
	person := s.session
	for _, verb := range []string{"status", "generate", "disable", "activate", "regenerate", "delete", "history"} {
		s.session = person
		made := s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
			fmt.Sprintf(`{"name":"may-%s","allow":[%q],"ttlSeconds":86400}`, verb, verb))
		s.session = made.string("token")
		for _, r := range routes {
			recovers := r.path == "/v1/key/recover" && verb == "regenerate"
			if r.verb == verb || r.verb == "status" || recovers {
				got := s.send(r.method, r.path, "")
				if got.status == http.StatusForbidden || got.status == http.StatusUnauthorized {
					t.Errorf("%s: %s %s: %s", verb, r.method, r.path, got.text)
				}
				continue
			}
			got := s.want(http.StatusForbidden, keyapi.CodeNotPermitted, r.method, r.path, "{", "Content-Type", "text/plain",
				"If-Match", "garbage")
			if !strings.Contains(got.string("detail"), r.verb) {
				t.Errorf("%s %s: the verb is not named: %s", r.method, r.path, got.text)
			}
		}
	}
}

func TestPipeline_ActsUnderItsName(t *testing.T) {
	s := open(t)
	made := s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
		`{"name":"ci","allow":["generate","history"],"ttlSeconds":86400}`)
	s.session = made.string("token")
	s.clock.advance(time.Hour) // a pipeline has nobody to ask for a code
	s.generate()
	if got := s.get(http.StatusOK, "", "/v1/key/events", ""); !strings.Contains(got.text, `"actor":"ada/ci"`) {
		t.Error(got.text)
	}
}

// Where two things are wrong the first of the contract's order is told: session, scope, replay, permission, MFA, fresh
// code, If-Match, state. Every row breaks one thing less.
func TestOrderOfChecks(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.enrol()
	s.generate()
	used := s.withIdempotencyKey()
	s.post(http.StatusOK, "", "/v1/key/regenerate", "", used...)
	pipeline := s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
		`{"name":"ci","allow":["status"],"ttlSeconds":86400}`).string("token")
	s.clock.advance(20 * time.Minute)
	person := s.session
	if err := s.accounts.Revoke(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	grant := func() {
		if err := s.accounts.Grant(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name    string
		mend    func()
		session string
		key     []string
		ifMatch string
		status  int
		code    keyapi.Code
	}{
		{"session", nil, "", used, `"99"`, http.StatusUnauthorized, keyapi.CodeUnauthenticated},
		{"scope", nil, pipeline, used, `"99"`, http.StatusForbidden, keyapi.CodeNotPermitted},
		{"replay", nil, person, used, `"99"`, http.StatusUnprocessableEntity, keyapi.CodeIdempotencyMismatch},
		{"permission", nil, person, s.withIdempotencyKey(), `"99"`, http.StatusForbidden, keyapi.CodeNotPermitted},
		{"fresh code", grant, person, s.withIdempotencyKey(), `"99"`, http.StatusUnauthorized, keyapi.CodeOTPRequired},
		{"If-Match", func() {
			s.session = person
			s.post(http.StatusOK, "", "/v1/sessions/current/verify", `{"otp":"`+s.code()+`"}`)
		}, person, s.withIdempotencyKey(), `"99"`, http.StatusPreconditionFailed, keyapi.CodeVersionConflict},
		{"state", nil, person, s.withIdempotencyKey(), `*`, http.StatusConflict, keyapi.CodeKeyExists},
	} {
		if row.mend != nil {
			row.mend()
		}
		s.session = row.session
		got := s.send(http.MethodPost, "/v1/key", "", append(row.key, "If-Match", row.ifMatch)...)
		if got.status != row.status || got.string("code") != string(row.code) {
			t.Errorf("%s: %d %s, want %d %s", row.name, got.status, got.text, row.status, row.code)
		}
	}
	// MFA stands between the permission and the fresh code: whoever has none can have no code.
	other := serve(t, true, nil)
	other.signIn()
	other.clock.advance(20 * time.Minute)
	other.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/key", "",
		append(other.withIdempotencyKey(), "If-Match", `"99"`)...)
	if err := other.accounts.Revoke(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	other.post(http.StatusForbidden, keyapi.CodeNotPermitted, "/v1/key", "", other.withIdempotencyKey()...)
}
