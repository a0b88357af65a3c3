package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestAccount(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	got := s.want(http.StatusOK, "", http.MethodGet, "/v1/account", "")
	session, _ := got.object["session"].(map[string]any)
	if got.string("login") != login || got.string("email") != "ada@example.org" || got.object["permitted"] != true ||
		got.object["mfaEnabled"] != false || got.object["mfaRequired"] != true || got.object["recoveryCodesLeft"] != 0.0 ||
		got.string("createdAt") != "2026-11-23T06:44:00Z" || session["current"] != true || session["kind"] != "person" ||
		session["from"] != "127.0.0.1" {
		t.Error(got.text)
	}
}

func TestMFA_FromBeginningToEnd(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.want(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, http.MethodPost, "/v1/account/mfa/confirm", `{"code":"123456"}`)
	begun := s.want(http.StatusOK, "", http.MethodPost, "/v1/account/mfa", "")
	if !strings.HasPrefix(begun.string("otpauthUri"), "otpauth://totp/") || !strings.Contains(begun.string("otpauthUri"), begun.string("secret")) {
		t.Error(begun.text)
	}
	s.want(http.StatusUnauthorized, keyapi.CodeOTPInvalid, http.MethodPost, "/v1/account/mfa/confirm", `{"code":"12"}`)
	s.want(http.StatusForbidden, keyapi.CodeMFANotEnabled, http.MethodPost, "/v1/account/mfa/codes", "")
	s.want(http.StatusForbidden, keyapi.CodeMFANotEnabled, http.MethodPost, "/v1/account/mfa/disable", `{"password":"x","code":"y"}`)

	first := s.enrol()
	if len(first) != 10 {
		t.Errorf("%d recovery codes", len(first))
	}
	s.want(http.StatusConflict, keyapi.CodeMFAAlreadyEnabled, http.MethodPost, "/v1/account/mfa", "")
	s.want(http.StatusConflict, keyapi.CodeMFAAlreadyEnabled, http.MethodPost, "/v1/account/mfa/confirm", `{"code":"123456"}`)
	renewed := s.want(http.StatusOK, "", http.MethodPost, "/v1/account/mfa/codes", "")
	codes, _ := renewed.object["recoveryCodes"].([]any)
	if len(codes) != 10 || codes[0] == first[0] {
		t.Error(renewed.text)
	}
	if got := s.want(http.StatusOK, "", http.MethodGet, "/v1/account", ""); got.object["recoveryCodesLeft"] != 10.0 {
		t.Error(got.text)
	}

	off := func(password, code any) string { return fmt.Sprintf(`{"password":"%v","code":"%v"}`, password, code) }
	s.want(http.StatusUnauthorized, keyapi.CodeUnauthenticated, http.MethodPost, "/v1/account/mfa/disable", off("wrong", codes[0]))
	s.want(http.StatusUnauthorized, keyapi.CodeOTPInvalid, http.MethodPost, "/v1/account/mfa/disable", off(password, first[0]))
	s.want(http.StatusNoContent, "", http.MethodPost, "/v1/account/mfa/disable", off(password, codes[0]))
	if got := s.want(http.StatusOK, "", http.MethodGet, "/v1/account", ""); got.object["mfaEnabled"] != false {
		t.Error(got.text)
	}
}

func TestMFA_FieldErrors(t *testing.T) {
	s := open(t)
	for path, body := range map[string]string{
		"/v1/account/mfa/confirm": `{"code":123456}`, "/v1/account/mfa/disable": `{"password":"x"}`,
		"/v1/sessions/current/verify": `{"otp":123456}`,
	} {
		got := s.want(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, http.MethodPost, path, body)
		if strings.Contains(got.text, "123456") {
			t.Errorf("%s: the reply repeats the code: %s", path, got.text)
		}
	}
}
