package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestSignIn_GivesASessionThatWorks(t *testing.T) {
	s := serve(t, false, nil)
	got := s.signIn()
	if got.object["mfaEnabled"] != false || got.string("expiresAt") != "2026-12-23T06:44:00Z" {
		t.Error(got.text)
	}
	s.get(http.StatusOK, "", "/v1/key", "")
}

func TestSignIn_WrongPasswordAndUnknownLogin_AreTheSame(t *testing.T) {
	s := serve(t, false, nil)
	wrong := s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/sessions",
		`{"loginId":"ada","password":"something else"}`)
	unknown := s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/sessions",
		`{"loginId":"eve","password":"something else"}`)
	if a, b := strip(wrong), strip(unknown); a != b {
		t.Errorf("%s, but %s", a, b)
	}
	if wrong.header.Get("WWW-Authenticate") != `Bearer realm="`+issuer+`"` {
		t.Errorf("challenge %q", wrong.header.Get("WWW-Authenticate"))
	}
}

// strip gives a reply without what names the request.
func strip(r reply) string { return strings.ReplaceAll(r.text, r.header.Get("X-Request-Id"), "") }

func TestSignIn_WithMFA_NeedsACode(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	codes := s.enrol()
	s.session = ""
	with := func(more string) string { return fmt.Sprintf(`{"loginId":"ada","password":%q%s}`, password, more) }
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/sessions", with(""))
	s.post(http.StatusUnauthorized, keyapi.CodeOTPInvalid, "/v1/sessions", with(`,"otp":"000000x"`))
	got := s.post(http.StatusCreated, "", "/v1/sessions", with(`,"recoveryCode":"`+codes[0]+`"`))
	if got.object["mfaEnabled"] != true {
		t.Error(got.text)
	}
	s.post(http.StatusUnauthorized, keyapi.CodeOTPInvalid, "/v1/sessions", with(`,"recoveryCode":"`+codes[0]+`"`))
	s.signIn()
	s.get(http.StatusOK, "", "/v1/key", "")
}

func TestSignIn_Guessing_IsSlowedDown(t *testing.T) {
	s := serve(t, false, nil)
	for range 30 {
		got := s.send(http.MethodPost, "/v1/sessions", `{"loginId":"ada","password":"guess"}`)
		if got.status == http.StatusTooManyRequests {
			if got.string("code") != string(keyapi.CodeRateLimited) || got.header.Get("Retry-After") == "" {
				t.Errorf("%v %s", got.header, got.text)
			}
			return
		}
	}
	t.Error("thirty guesses were answered")
}

func TestSignIn_FieldErrors_NeverRepeatWhatWasSent(t *testing.T) {
	s := serve(t, false, nil)
	const secret = "hunter2hunter2"
	const unreadable, wrong = http.StatusBadRequest, http.StatusUnprocessableEntity
	for body, status := range map[string]int{
		`{"loginId":"ada","password":{"is":"` + secret + `"}}`:               wrong,
		`{"loginId":"ada","password":["` + secret + `"]}`:                    wrong,
		`{"loginId":"ada","password":1234567}`:                               wrong,
		`{"loginId":["` + secret + `"],"password":"x"}`:                      wrong,
		`{"loginId":"","password":"` + secret + `"}`:                         wrong,
		`{"password":"` + secret + `"}`:                                      wrong,
		`{"loginId":"ada"}`:                                                  wrong,
		`{"loginId":"ada","password":"` + strings.Repeat(secret, 100) + `"}`: wrong,
		`{"loginId":"ada","password":"x","otp":{"` + secret + `":1}}`:        wrong,
		`{"loginId":"ada","password":"x","Password":{"` + secret + `":{}}}`:  wrong,
		`"` + secret + `"`:                                                   wrong,
		`{"loginId":"ada","password":` + secret:                              unreadable,
		secret:                                                               unreadable,
	} {
		got := s.post(status, keyapi.CodeInvalidRequest, "/v1/sessions", body)
		for _, part := range []string{secret, secret[:6], "1234567"} {
			if strings.Contains(got.text, part) || strings.Contains(s.log.String(), part) {
				t.Errorf("%s: the reply or the log repeats it: %s", body, got.text)
			}
		}
		if got.header.Get("Content-Type") != "application/problem+json" ||
			got.string("requestId") != got.header.Get("X-Request-Id") {
			t.Errorf("%v %s", got.header, got.text)
		}
	}
	got := s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, "/v1/sessions",
		`{"loginId":7,"password":"x"}`)
	if !strings.Contains(got.string("detail"), "loginId") {
		t.Errorf("the field is not named: %s", got.text)
	}
	s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/sessions", "")
}

func TestSignOut_EndsTheSession(t *testing.T) {
	s := open(t)
	if got := s.remove(http.StatusNoContent, "", "/v1/sessions/current", ""); got.text != "" {
		t.Errorf("%q", got.text)
	}
	s.get(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/key", "")
}

func TestVerify(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/sessions/current/verify", `{"otp":"123456"}`)
	codes := s.enrol()
	got := s.post(http.StatusOK, "", "/v1/sessions/current/verify", `{"otp":"`+s.code()+`"}`)
	if got.string("verifiedUntil") != "2026-11-23T07:00:00Z" {
		t.Error(got.text)
	}
	s.post(http.StatusOK, "", "/v1/sessions/current/verify", `{"recoveryCode":"`+codes[3]+`"}`)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/sessions/current/verify", `{}`)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPInvalid, "/v1/sessions/current/verify", `{"otp":"12"}`)
	for range 10 {
		if s.send(http.MethodPost, "/v1/sessions/current/verify", `{"otp":"12"}`).status == http.StatusTooManyRequests {
			s.post(http.StatusTooManyRequests, keyapi.CodeRateLimited, "/v1/sessions/current/verify", `{"otp":"12"}`)
			return
		}
	}
	t.Error("ten guesses were answered")
}

func TestPipelineSession_IsMadeListedUsedAndRevoked(t *testing.T) {
	s := open(t)
	made := s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
		`{"name":"ci","allow":["regenerate"],"ttlSeconds":86400}`)
	allow := fmt.Sprint(made.object["allow"])
	if made.string("kind") != "pipeline" || made.string("name") != "ci" || allow != "[status regenerate]" ||
		made.string("expiresAt") != "2026-11-24T06:44:00Z" || made.object["current"] != false {
		t.Error(made.text)
	}
	all := s.get(http.StatusOK, "", "/v1/sessions", "")
	pipelines := s.get(http.StatusOK, "", "/v1/sessions/pipeline", "")
	if a, p := all.object["items"].([]any), pipelines.object["items"].([]any); len(a) != 2 || len(p) != 1 {
		t.Errorf("%s\n%s", all.text, pipelines.text)
	}
	if strings.Contains(all.text+pipelines.text, made.string("token")) || !strings.Contains(all.text, `"current":true`) {
		t.Error(all.text)
	}
	person := s.session
	s.session = made.string("token")
	s.get(http.StatusOK, "", "/v1/account", "")
	s.session = person
	s.remove(http.StatusNoContent, "", "/v1/sessions/"+made.string("id"), "")
	s.remove(http.StatusNotFound, keyapi.CodeInvalidRequest, "/v1/sessions/"+made.string("id"), "")
	s.session = made.string("token")
	s.get(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/key", "")
}

func TestPipelineSession_FieldErrors(t *testing.T) {
	s := open(t)
	for _, body := range []string{
		`{"name":"","allow":[],"ttlSeconds":1}`, `{"name":"A B","allow":[],"ttlSeconds":1}`,
		`{"name":"ci","allow":["everything"],"ttlSeconds":1}`, `{"name":"ci","allow":"status","ttlSeconds":1}`,
		`{"name":"ci","allow":["status"],"ttlSeconds":0}`, `{"name":"ci","allow":["status"],"ttlSeconds":31622401}`,
		`{"name":"ci","allow":["status"]}`, `{"allow":["status"],"ttlSeconds":1}`, `{"name":"ci","ttlSeconds":1}`,
	} {
		s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, "/v1/sessions/pipeline", body)
	}
}

func TestPipelineSession_LongAfterTheCode_NeedsAFreshOne(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.enrol()
	s.clock.advance(20 * time.Minute)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/sessions/pipeline",
		`{"name":"ci","allow":["status"],"ttlSeconds":60}`)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/account/mfa/codes", "")
}
