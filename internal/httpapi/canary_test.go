package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// contains tells whether a text has a secret in it. Six digits are looked for on their own: by chance they are in many
// a longer number.
func contains(text []byte, secret string) bool {
	if len(secret) > 6 {
		return bytes.Contains(text, []byte(secret))
	}
	return regexp.MustCompile(`(^|[^0-9A-Za-z])` + regexp.QuoteMeta(secret) + `([^0-9A-Za-z]|$)`).Match(text)
}

// Everything secret that passes through the service is looked for in its log, with every level on, and in its database
// and what belongs to that: it is in none, in no form.
func TestNoSecret_IsInTheLogOrTheDatabase(t *testing.T) {
	s := serve(t, true, nil)
	secrets := map[string]string{"password": password}
	s.signIn()
	secrets["session before MFA"] = s.session
	for i, code := range s.enrol() {
		secrets["recovery code "+string(rune('0'+i))] = code
	}
	secrets["seed"] = s.seed
	secrets["first code"] = s.code()
	s.signIn()
	secrets["session"] = s.session

	keep := func(name string, key []string, got reply) {
		secrets["Idempotency-Key of "+name] = key[1]
		secrets["access secret of "+name] = got.string("accessSecret")
	}
	key := s.withIdempotencyKey()
	made := s.post(http.StatusCreated, "", "/v1/key", "", key...)
	keep("generate", key, made)
	key = s.withIdempotencyKey()
	keep("regenerate", key, s.post(http.StatusOK, "", "/v1/key/regenerate", `{"graceSeconds":60}`, key...))
	s.post(http.StatusOK, "", "/v1/key/recover", "", key...)
	pipeline := s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
		`{"name":"ci","allow":["regenerate"],"ttlSeconds":60}`)
	secrets["session of the pipeline"] = pipeline.string("token")
	renewed := s.post(http.StatusOK, "", "/v1/account/mfa/codes", "")
	for _, code := range renewed.object["recoveryCodes"].([]any) {
		secrets["new "+code.(string)] = code.(string)
	}

	s.clock.advance(time.Minute)
	client := s.newClient()
	token, err := client.Token(t.Context(), made.string("accessKey"), keyapi.NewSecret(made.string("accessSecret")))
	if err == nil {
		t.Error("the grace period is over and the old secret still works")
		secrets["access token of the old key"] = token.AccessToken.Reveal()
	}
	now := s.get(http.StatusOK, "", "/v1/key", "").string("accessKey")
	token, err = client.Token(t.Context(), now, keyapi.NewSecret(secrets["access secret of regenerate"]))
	if err != nil {
		t.Fatal(err)
	}
	secrets["access token"] = token.AccessToken.Reveal()

	// What is refused leaves as little behind as what is done.
	const wrong = "a wrong password that is one elsewhere"
	secrets["wrong password"] = wrong
	session := s.session
	s.session = ""
	s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/sessions", `{"loginId":"ada","password":"`+wrong+`"}`)
	s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/sessions", `{"loginId":"`+wrong+`","password":"x"}`)
	s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, "/v1/sessions",
		`{"loginId":"ada","password":["`+wrong+`"]}`)
	s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/sessions", wrong)
	s.session = session
	s.get(http.StatusNotFound, keyapi.CodeInvalidRequest, "/v1/"+strings.ReplaceAll(wrong, " ", "-"), "")
	s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/account/mfa/disable",
		`{"password":"`+wrong+`","code":"`+s.code()+`"}`)

	places := map[string][]byte{"log": []byte(s.log.String())}
	files, err := filepath.Glob(filepath.Join(s.dir, "apikeyd.db*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v: the write-ahead log is missing", files, err)
	}
	for _, file := range files {
		if places[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	for place, text := range places {
		for name, secret := range secrets {
			if secret == "" || len(secret) < 6 {
				t.Fatalf("%s is %q: the test looks for nothing", name, secret)
			}
			for _, form := range []string{
				secret, strings.ReplaceAll(secret, "-", ""), hex.EncodeToString([]byte(secret)),
				base64.StdEncoding.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, " ", "-"),
			} {
				if contains(text, form) {
					t.Errorf("%s is in %s", name, place)
				}
			}
		}
	}
	if len(places["log"]) < 1000 {
		t.Errorf("the log has only %d bytes: was it on?", len(places["log"]))
	}
}
