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
	got := s.get(http.StatusOK, "", "/v1/account", "")
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
	s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, "/v1/account/mfa/confirm", `{"code":"123456"}`)
	begun := s.post(http.StatusOK, "", "/v1/account/mfa", "")
	uri := begun.string("otpauthUri")
	if !strings.HasPrefix(uri, "otpauth://totp/") || !strings.Contains(uri, begun.string("secret")) {
		t.Error(begun.text)
	}
	s.post(http.StatusUnauthorized, keyapi.CodeOTPInvalid, "/v1/account/mfa/confirm", `{"code":"12"}`)
	s.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/account/mfa/codes", "")
	s.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/account/mfa/disable", `{"password":"x","code":"y"}`)

	first := s.enrol()
	if len(first) != 10 {
		t.Errorf("%d recovery codes", len(first))
	}
	s.post(http.StatusConflict, keyapi.CodeMFAAlreadyEnabled, "/v1/account/mfa", "")
	s.post(http.StatusConflict, keyapi.CodeMFAAlreadyEnabled, "/v1/account/mfa/confirm", `{"code":"123456"}`)
	renewed := s.post(http.StatusOK, "", "/v1/account/mfa/codes", "")
	codes, _ := renewed.object["recoveryCodes"].([]any)
	if len(codes) != 10 || codes[0] == first[0] {
		t.Error(renewed.text)
	}
	if got := s.get(http.StatusOK, "", "/v1/account", ""); got.object["recoveryCodesLeft"] != 10.0 {
		t.Error(got.text)
	}

	off := func(password, code any) string { return fmt.Sprintf(`{"password":"%v","code":"%v"}`, password, code) }
	s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/account/mfa/disable", off("wrong", codes[0]))
	s.post(http.StatusUnauthorized, keyapi.CodeOTPInvalid, "/v1/account/mfa/disable", off(password, first[0]))
	s.post(http.StatusNoContent, "", "/v1/account/mfa/disable", off(password, codes[0]))
	if got := s.get(http.StatusOK, "", "/v1/account", ""); got.object["mfaEnabled"] != false {
		t.Error(got.text)
	}
}

func TestMFA_FieldErrors(t *testing.T) {
	s := open(t)
	for path, body := range map[string]string{
		"/v1/account/mfa/confirm": `{"code":123456}`, "/v1/account/mfa/disable": `{"password":"x"}`,
		"/v1/sessions/current/verify": `{"otp":123456}`,
	} {
		got := s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, path, body)
		if strings.Contains(got.text, "123456") {
			t.Errorf("%s: the reply repeats the code: %s", path, got.text)
		}
	}
}
