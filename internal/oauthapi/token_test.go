package oauthapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// refusal is the body of an error reply.
type refusal struct {
	Error       string      `json:"error"`
	Description string      `json:"error_description"`
	Code        keyapi.Code `json:"code"`
}

// wantRefusal checks a whole error reply: status, error, and that it is in the form of RFC 6749, section 5.2.
func wantRefusal(t *testing.T, name string, got oauthtest.Reply, status int, code string) refusal {
	t.Helper()
	var said refusal
	if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
		t.Errorf("%s: status %d, body %q: %v", name, got.Status, got.Body, err)
	}
	if got.Status != status || said.Error != code {
		t.Errorf("%s: %d %s (%s), want %d %s", name, got.Status, said.Error, said.Description, status, code)
	}
	if said.Description == "" || strings.ContainsAny(said.Description, `"\`) {
		t.Errorf("%s: the description %q is none of RFC 6749", name, said.Description)
	}
	if challenge := got.Header.Get("WWW-Authenticate"); (status == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Basic ") {
		t.Errorf("%s: status %d with the challenge %q", name, status, challenge)
	}
	wantPrivate(t, name, got)
	return said
}

// wantPrivate checks that nobody keeps a reply.
func wantPrivate(t *testing.T, name string, got oauthtest.Reply) {
	t.Helper()
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Pragma") != "no-cache" {
		t.Errorf("%s: the reply may be kept: %v", name, got.Header)
	}
}

var grant = url.Values{"grant_type": {"client_credentials"}}

// with gives the form of the grant with more in it.
func with(more ...string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(more); i += 2 {
		form.Add(more[i], more[i+1])
	}
	return form
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// percent encodes every byte: the longest spelling of the same text.
func percent(text string) string {
	var out strings.Builder
	for i := range len(text) {
		const digits = "0123456789ABCDEF"
		out.WriteString("%" + string(digits[text[i]>>4]) + string(digits[text[i]&15]))
	}
	return out.String()
}

// send sends a form, as text, with Authorization headers.
func send(s *oauthtest.Service, path, form string, authorization ...string) oauthtest.Reply {
	r := s.Request(http.MethodPost, path, strings.NewReader(form))
	r.Header["Authorization"] = authorization
	return s.Send(r)
}

func TestToken_Given(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	for name, got := range map[string]oauthtest.Reply{
		"Basic":                        s.Post("/token", key, grant),
		"Basic, small letters":         send(s, "/token", grant.Encode(), "basic"+basic(key.ID, key.Secret)[5:]),
		"Basic, form-encoded":          send(s, "/token", grant.Encode(), basic(percent(key.ID), percent(key.Secret))),
		"form":                         s.Post("/token", oauthtest.Pair{}, with("client_id", key.ID, "client_secret", key.Secret)),
		"Basic and the same client_id": s.Post("/token", key, with("client_id", key.ID)),
		"Basic and empty parameters":   s.Post("/token", key, with("client_id", "", "client_secret", "", "scope", "")),
		"a parameter nobody knows":     s.Post("/token", key, with("audience", "https://api.example.com", "zzz", "1")),
	} {
		var said struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int    `json:"expires_in"`
		}
		decoder := json.NewDecoder(strings.NewReader(got.Body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&said); err != nil || got.Status != http.StatusOK {
			t.Errorf("%s: status %d, %v, %s", name, got.Status, err, got.Body)
			continue
		}
		if strings.Count(said.AccessToken, ".") != 2 || said.TokenType != "Bearer" || said.ExpiresIn != 3600 {
			t.Errorf("%s: %+v", name, said)
		}
		if got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: content type %q", name, got.Header.Get("Content-Type"))
		}
		wantPrivate(t, name, got)
	}
}

// TestToken_Refused is every way to ask wrongly.
func TestToken_Refused(t *testing.T) {
	s := oauthtest.Start(t)
	key, other := s.Key("ada"), s.Key("bob")
	ask := grant.Encode()
	credential := url.Values{"client_id": {key.ID}, "client_secret": {key.Secret}}.Encode()
	good := basic(key.ID, key.Secret)
	for _, test := range []struct {
		name   string
		got    oauthtest.Reply
		status int
		error  string
	}{
		// who asks
		{"nobody", send(s, "/token", ask), 401, "invalid_client"},
		{"an unknown key", send(s, "/token", ask, basic("AK000000000000000000", key.Secret)), 401, "invalid_client"},
		{"a wrong secret", send(s, "/token", ask, basic(key.ID, other.Secret)), 401, "invalid_client"},
		{"a wrong secret in the form", send(s, "/token", ask+"&client_id="+key.ID+"&client_secret="+other.Secret), 401, "invalid_client"},
		{"no secret", send(s, "/token", ask, basic(key.ID, "")), 401, "invalid_client"},
		{"no key", send(s, "/token", ask, basic("", key.Secret)), 401, "invalid_client"},
		{"client_id alone", send(s, "/token", ask+"&client_id="+key.ID), 401, "invalid_client"},
		{"an empty header and the form", send(s, "/token", ask+"&client_id="+key.ID, ""), 401, "invalid_client"},
		{"a resource server", s.Post("/token", s.Resource("api"), grant), 401, "invalid_client"},
		{"Bearer", send(s, "/token", ask, "Bearer "+key.Secret), 401, "invalid_client"},
		{"Basic without a colon", send(s, "/token", ask, "Basic "+base64.StdEncoding.EncodeToString([]byte(key.ID))), 401, "invalid_client"},
		{"Basic that is no base64", send(s, "/token", ask, "Basic "+key.ID+":"+key.Secret), 401, "invalid_client"},
		{"Basic that is no form-encoding", send(s, "/token", ask, basic(key.ID, "%zz")), 401, "invalid_client"},
		{"Basic with a + for a space", send(s, "/token", ask, basic(key.ID, key.Secret+"+")), 401, "invalid_client"},
		{"the secret of another letter case", send(s, "/token", ask, basic(key.ID, strings.ToUpper(key.Secret))), 401, "invalid_client"},
		{"the key in small letters", send(s, "/token", ask, basic(strings.ToLower(key.ID), key.Secret)), 401, "invalid_client"},
		{"bytes that are no text", send(s, "/token", ask, basic("\x00\xff", key.Secret)), 401, "invalid_client"},
		// two credentials, RFC 6749, section 2.3
		{"Basic and the form", send(s, "/token", ask+"&"+credential, good), 400, "invalid_request"},
		{"Basic and a secret", send(s, "/token", ask+"&client_secret="+key.Secret, good), 400, "invalid_request"},
		{"Basic and another client_id", send(s, "/token", ask+"&client_id="+other.ID, good), 400, "invalid_request"},
		{"two headers", send(s, "/token", ask, good, good), 400, "invalid_request"},
		{"Bearer and the form", send(s, "/token", ask+"&"+credential, "Bearer x"), 400, "invalid_request"},
		// the URL: it ends up in logs, so nothing in it counts
		{"the credential in the URL", send(s, "/token?"+credential, ask), 401, "invalid_client"},
		{"the grant in the URL", send(s, "/token?"+ask, "", good), 400, "invalid_request"},
		{"all in the URL", send(s, "/token?"+ask+"&"+credential, ""), 401, "invalid_client"},
		// the form
		{"no grant", send(s, "/token", "", good), 400, "invalid_request"},
		{"an empty grant", send(s, "/token", "grant_type=", good), 400, "invalid_request"},
		{"another grant", send(s, "/token", "grant_type=password", good), 400, "unsupported_grant_type"},
		{"a scope", send(s, "/token", ask+"&scope=admin", good), 400, "invalid_scope"},
		{"the grant twice", send(s, "/token", ask+"&"+ask, good), 400, "invalid_request"},
		{"the secret twice", send(s, "/token", ask+"&"+credential+"&client_secret="+key.Secret), 400, "invalid_request"},
		{"an unknown parameter twice", send(s, "/token", ask+"&a=1&a=2", good), 400, "invalid_request"},
		{"a broken form", send(s, "/token", ask+"&a=%zz", good), 400, "invalid_request"},
		{"a semicolon", send(s, "/token", ask+";a=1", good), 400, "invalid_request"},
		{"too long", send(s, "/token", ask+"&a="+strings.Repeat("a", 16<<10), good), 400, "invalid_request"},
		{"1 MB", send(s, "/token", strings.Repeat("a", 1<<20), good), 400, "invalid_request"},
		{"many parameters", send(s, "/token", strings.Repeat("&", 15<<10), good), 400, "invalid_request"},
	} {
		wantRefusal(t, test.name, test.got, test.status, test.error)
	}
	for _, media := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded2", ";"} {
		r := s.Request(http.MethodPost, "/token", strings.NewReader(ask))
		r.Header.Set("Content-Type", media)
		r.Header.Set("Authorization", good)
		wantRefusal(t, "content type "+media, s.Send(r), 400, "invalid_request")
	}
	r := s.Request(http.MethodPost, "/token", strings.NewReader(ask))
	r.Header.Set("Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
	r.Header.Set("Authorization", good)
	if got := s.Send(r); got.Status != http.StatusOK {
		t.Errorf("a content type in other letters: %d %s", got.Status, got.Body)
	}
}

// TestToken_UnknownAndWrong_SameBytes: who has no secret is not told whether there is such a key, up to and beyond the limit.
func TestToken_UnknownAndWrong_SameBytes(t *testing.T) {
	s := oauthtest.Start(t)
	key, disabled := s.Key("ada"), s.Key("bob")
	s.Act("bob", keyapi.ActionDisable, 0)
	unknown := oauthtest.Pair{ID: "AK000000000000000000", Secret: disabled.Secret}
	others := map[string]oauthtest.Pair{
		"wrong":    {ID: key.ID, Secret: disabled.Secret},
		"disabled": {ID: disabled.ID, Secret: key.Secret},
		"no key":   {ID: "ada", Secret: key.Secret},
	}
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		for try := range 25 {
			want := s.Post(path, unknown, with("token", "x"))
			if limited := want.Status == http.StatusTooManyRequests; limited != (try >= 20) {
				t.Fatalf("%s, try %d: %d %s", path, try, want.Status, want.Body)
			}
			for name, p := range others {
				got := s.Post(path, p, with("token", "x"))
				if got.Status != want.Status || got.Body != want.Body || headers(got) != headers(want) {
					t.Errorf("%s, try %d, %s: %d %s%s, want %d %s%s", path, try, name,
						got.Status, headers(got), got.Body, want.Status, headers(want), want.Body)
				}
			}
		}
		s.Wait(time.Minute)
	}
}

// headers gives all headers but the date, as text.
func headers(r oauthtest.Reply) string {
	var out strings.Builder
	h := r.Header.Clone()
	h.Del("Date")
	_ = h.Write(&out)
	return out.String()
}

// TestToken_Limit_SaysWhen: after too many wrong secrets the answer is to wait; the right secret is served all the same.
func TestToken_Limit_SaysWhen(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	wrong := oauthtest.Pair{ID: key.ID, Secret: s.Key("bob").Secret}
	for range 20 {
		wantRefusal(t, "wrong", s.Post("/token", wrong, grant), 401, "invalid_client")
	}
	got := s.Post("/token", wrong, grant)
	if said := wantRefusal(t, "too many", got, 429, "temporarily_unavailable"); said.Code != keyapi.CodeRateLimited || got.Header.Get("Retry-After") != "60" {
		t.Errorf("%+v, Retry-After %q", said, got.Header.Get("Retry-After"))
	}
	if got := s.Post("/token", key, grant); got.Status != http.StatusOK {
		t.Errorf("the right secret: %d %s", got.Status, got.Body)
	}
}

// TestToken_Blocked: the right secret of a key that does nothing now is told why; a wrong one is not.
func TestToken_Blocked(t *testing.T) {
	for name, test := range map[string]struct {
		block func(s *oauthtest.Service)
		code  keyapi.Code
	}{
		"disabled":      {func(s *oauthtest.Service) { s.Act("ada", keyapi.ActionDisable, 0) }, keyapi.CodeKeyDisabled},
		"expired":       {func(s *oauthtest.Service) { s.At(oauthtest.Noon.AddDate(1, 0, 0)) }, keyapi.CodeKeyExpired},
		"MFA off":       {func(s *oauthtest.Service) { s.Change("ada", func(a *store.Account) { a.MFAEnabled = false }) }, keyapi.CodeMFANotEnabled},
		"not permitted": {func(s *oauthtest.Service) { s.Change("ada", func(a *store.Account) { a.Permitted = false }) }, keyapi.CodeNotPermitted},
	} {
		s := oauthtest.Start(t)
		key := s.Key("ada")
		other := s.Key("bob")
		test.block(s)
		if said := wantRefusal(t, name, s.Post("/token", key, grant), 400, "unauthorized_client"); said.Code != test.code {
			t.Errorf("%s: code %q", name, said.Code)
		}
		wantRefusal(t, name+", wrong secret", s.Post("/token", oauthtest.Pair{ID: key.ID, Secret: other.Secret}, grant), 401, "invalid_client")
	}
}

// TestToken_StoreGone: nothing is said of the key, and the log says what is wrong.
func TestToken_StoreGone(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		got := s.Post(path, key, with("token", "x"))
		if said := wantRefusal(t, path, got, 503, "temporarily_unavailable"); said.Code != keyapi.CodeUnavailable || got.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %+v, %v", path, said, got.Header)
		}
	}
	if !strings.Contains(s.Log(), `"level":"ERROR"`) {
		t.Error("the log does not tell")
	}
}

func TestMethods(t *testing.T) {
	s := oauthtest.Start(t)
	key := s.Key("ada")
	for path, allow := range map[string]string{
		"/token": "POST", "/introspect": "POST", "/revoke": "POST",
		"/jwks.json": "GET, HEAD", "/.well-known/oauth-authorization-server": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			r := s.Request(method, path+"?"+grant.Encode(), strings.NewReader(grant.Encode()))
			r.SetBasicAuth(key.ID, key.Secret)
			got := s.Send(r)
			if got.Status != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q", method, path, got.Status, got.Header.Get("Allow"))
			}
			if method != "HEAD" {
				wantRefusal(t, method+" "+path, got, http.StatusMethodNotAllowed, "invalid_request")
			}
		}
	}
}

// TestLog_TellsNoSecret: at debug, with requests that are good, wrong and broken.
func TestLog_TellsNoSecret(t *testing.T) {
	s := oauthtest.Start(t)
	key, resource := s.Key("ada"), s.Resource("api")
	token := s.Token(key)
	body := strings.Split(token, ".")[1]
	const canary = "canary-7f3a"
	wrong := oauthtest.Pair{ID: canary, Secret: canary}
	for _, path := range []string{"/token", "/introspect", "/revoke", "/token?client_secret=" + canary} {
		for _, p := range []oauthtest.Pair{key, resource, wrong, {ID: key.ID, Secret: canary}} {
			for _, form := range []url.Values{with("token", token), with("token", canary), with("token", token+canary), with("client_secret", canary), {canary: {canary, canary}}} {
				s.Post(path, p, form)
			}
		}
		send(s, path, canary+"=%zz", "Bearer "+canary)
		send(s, path, canary, "Basic "+canary, canary)
	}
	s.Change("ada", func(a *store.Account) { a.Key = lifecycle.Key{} })
	s.Introspect(resource, token)
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		s.Post(path, key, with("token", token))
	}
	log := s.Log()
	if !strings.Contains(log, `"level":"DEBUG"`) || !strings.Contains(log, `"level":"ERROR"`) {
		t.Fatalf("nothing was logged, which proves nothing: %s", log)
	}
	for name, secret := range map[string]string{"canary": canary, "key": key.Secret, "resource": resource.Secret, "token": token, "payload": body} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells the %s", name)
		}
	}
}
