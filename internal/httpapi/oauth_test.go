package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// The authorization server is another package's; that it is served beside and answers as the document says is ours.
func TestAuthorizationServer_IsServedAndDescribed(t *testing.T) {
	s := open(t)
	made := s.generate()
	s.session = ""
	pair := made.string("accessKey") + ":" + made.string("accessSecret")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	wrong := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair+"x"))
	form := func(status int, path, body, authorization string) reply {
		t.Helper()
		got := s.send(http.MethodPost, path, body,
			"Content-Type", "application/x-www-form-urlencoded", "Authorization", authorization)
		if got.status != status {
			t.Fatalf("%s: %d %s, want %d", path, got.status, got.text, status)
		}
		return got
	}
	token := form(http.StatusOK, "/token", "grant_type=client_credentials", basic).string("access_token")
	got := form(http.StatusOK, "/introspect", "token="+token, basic)
	if got.object["active"] != true || got.string("client_id") != made.string("accessKey") || got.string("sub") != login {
		t.Error(got.text)
	}
	form(http.StatusBadRequest, "/token", "grant_type=password", basic)
	form(http.StatusBadRequest, "/introspect", "", basic)
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		refused := form(http.StatusUnauthorized, path, "grant_type=client_credentials&token=x", wrong)
		if refused.header.Get("WWW-Authenticate") == "" || refused.string("error") != "invalid_client" {
			t.Errorf("%s: %v %s", path, refused.header, refused.text)
		}
		form(http.StatusRequestEntityTooLarge, path, strings.Repeat("x", 16<<10+1), basic)
	}
	form(http.StatusOK, "/revoke", "token="+token, basic)
	if got := form(http.StatusOK, "/introspect", "token="+token, basic); got.object["active"] != false {
		t.Error(got.text)
	}
	for _, path := range []string{"/jwks.json", "/.well-known/oauth-authorization-server"} {
		if got := s.get(http.StatusOK, "", path, ""); !strings.HasPrefix(got.header.Get("Cache-Control"), "public") {
			t.Errorf("%s: %v", path, got.header)
		}
	}
}
