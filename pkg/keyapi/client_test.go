package keyapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	local "github.com/apikey-cli/apikey/internal/embedded"
	"github.com/apikey-cli/apikey/internal/keyapitest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// bridge answers the wire calls of the key API from another implementation of it.
type bridge struct{ api keyapi.API }

func (b bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	c := keyapi.Change{UserAgent: r.Header.Get("User-Agent"), IdempotencyKey: keyapi.IdempotencyKey{Secret: keyapi.NewSecret(r.Header.Get("Idempotency-Key"))}}
	if tag := strings.Trim(r.Header.Get("If-Match"), `"`); tag != "" {
		n, err := strconv.ParseInt(tag, 10, 64)
		if err != nil {
			b.answer(w, nil, keyapi.Errorf(keyapi.CodeInvalidRequest, "no revision", ""))
			return
		}
		c.IfMatch = &n
	}
	var body struct {
		GraceSeconds int64 `json:"graceSeconds"`
	}
	if r.Header.Get("Content-Type") == "application/json" && json.NewDecoder(r.Body).Decode(&body) != nil {
		b.answer(w, nil, keyapi.Errorf(keyapi.CodeInvalidRequest, "no JSON", ""))
		return
	}
	c.Grace = time.Duration(body.GraceSeconds) * time.Second
	actions := map[string]func(context.Context, keyapi.Change) (keyapi.Result, error){
		"POST /v1/key": b.api.Generate, "POST /v1/key/disable": b.api.Disable, "POST /v1/key/activate": b.api.Activate,
		"POST /v1/key/regenerate": b.api.Regenerate, "DELETE /v1/key": b.api.Delete, "DELETE /v1/key/previous": b.api.DeletePrevious,
		"POST /v1/key/recover": func(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
			return b.api.Recover(ctx, c.IdempotencyKey)
		},
	}
	switch route := r.Method + " " + r.URL.Path; route {
	case "GET /v1/key":
		key, err := b.api.Key(ctx)
		b.answer(w, key, err)
	case "GET /v1/key/events":
		page, err := b.api.Events(ctx, r.URL.Query().Get("cursor"))
		b.answer(w, map[string]any{"schema": 1, "items": append([]keyapi.Event{}, page.Items...), "nextCursor": page.NextCursor}, err)
	case "POST /token":
		user, password, _ := r.BasicAuth()
		err := b.api.Authenticate(ctx, user, keyapi.NewSecret(password))
		b.answer(w, json.RawMessage(tokenBody), err)
	default:
		result, err := actions[route](ctx, c)
		out := map[string]any{}
		data, _ := json.Marshal(result.Key)
		_ = json.Unmarshal(data, &out)
		out["changed"] = result.Changed
		if !result.AccessSecret.IsZero() {
			out["accessSecret"] = result.AccessSecret.Reveal()
		}
		b.answer(w, out, err)
	}
}

// The statuses of the codes (§5) that the behaviour suite meets.
var statuses = map[keyapi.Code]int{
	keyapi.CodeInvalidRequest: 422, keyapi.CodeIdempotencyMismatch: 422, keyapi.CodeUnauthenticated: 401, keyapi.CodeKeyDisabled: 400,
	keyapi.CodeNoKey: 404, keyapi.CodeNotExecuted: 404, keyapi.CodeKeyExists: 409, keyapi.CodeKeyExpired: 409,
	keyapi.CodeVersionConflict: 412, keyapi.CodeSuperseded: 410,
}

func (b bridge) answer(w http.ResponseWriter, value any, err error) {
	var e *keyapi.Error
	if !errors.As(err, &e) {
		data, _ := json.Marshal(value)
		reply(w, 200, "application/json", string(data))
		return
	}
	data, _ := json.Marshal(map[string]any{"detail": e.Message, "hint": e.Hint, "code": e.Code, "actions": e.Actions})
	reply(w, statuses[e.Code], "application/problem+json", string(data))
}

// The client passes the suite the embedded service passes, against that service.
func TestClient_Behaviour(t *testing.T) {
	keyapitest.Run(t, func(t *testing.T) keyapitest.Subject {
		clock := &aClock{at: made}
		db, err := local.Open(context.Background(), local.Options{
			Dir: filepath.Join(t.TempDir(), "local"), Login: func() string { return "ada" }, Now: clock.now, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(bridge{db})
		t.Cleanup(func() { server.Close(); _ = db.Close() })
		c, err := keyapi.NewClient(keyapi.ClientOptions{Server: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		return keyapitest.Subject{API: c, Login: "ada", Advance: func(d time.Duration) { _ = clock.sleep(context.Background(), d) }}
	})
}

// Every call goes over the wire as the contract writes it, and takes the answer the contract writes.
func TestClient_EveryCall_IsAsTheContractWritesIt(t *testing.T) {
	for _, call := range calls() {
		t.Run(call.name, func(t *testing.T) {
			s := serve(t, always(call.status, "application/json", call.ok))
			c, _ := client(t, s.URL+"/")
			if err := call.run(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			got := s.requests()
			if len(got) != 1 || strings.TrimSpace(got[0].line+" "+got[0].body) != call.want {
				t.Fatalf("got %+v, want %s", got, call.want)
			}
			h := got[0].header
			authorization := "Bearer " + session
			switch call.name {
			case "SignIn":
				authorization = ""
			case "Authenticate":
				authorization = "Basic QUswMDAwMDAwMDAwMDAwMDAwQTE6Q2FuYXJ5VGhhdE11c3ROZXZlckJlU2Vlbg=="
			}
			if h.Get("Authorization") != authorization || h.Get("User-Agent") != "test/1" || h.Get("Accept") != "application/json" {
				t.Errorf("headers %v, want Authorization %q", h, authorization)
			}
			if _, key := h["Idempotency-Key"]; key != (call.changes && call.repeatable || call.name == "Recover") || key && h.Get("Idempotency-Key") != ik.Reveal() {
				t.Errorf("Idempotency-Key %q", h["Idempotency-Key"])
			}
			if _, match := h["If-Match"]; match {
				t.Error("If-Match that nobody asked for")
			}
		})
	}
}

func TestClient_Change_SendsWhatTheCallerSays(t *testing.T) {
	s := serve(t, always(200, "application/json", resultBody))
	c, _ := client(t, s.URL+"/keys/")
	zero := int64(0)
	result, err := c.Disable(context.Background(), keyapi.Change{IfMatch: &zero, UserAgent: "pipeline\r\nX-Evil: 1/ü"})
	if err != nil || !result.Changed || result.Key.AccessKey != "AK0000000000000000A1" || result.Key.Revision != 1 {
		t.Fatalf("got %+v, %v", result, err)
	}
	got := s.requests()[0]
	if got.line != "POST /keys/v1/key/disable" || got.header.Get("If-Match") != `"0"` || got.header.Get("User-Agent") != "pipeline  X-Evil: 1/" {
		t.Errorf("got %+v", got)
	}
}

func TestClient_Answers_AreRead(t *testing.T) {
	of := func(name string) *keyapi.Client {
		call := named(name)
		c, _ := client(t, serve(t, always(call.status, "application/json; charset=utf-8", call.ok)).URL)
		return c
	}
	ctx := context.Background()
	made1 := func(r keyapi.Result, err error) {
		if err != nil || !r.Changed || r.AccessSecret.Reveal() != text || r.Key.Status != keyapi.StatusActive || !r.Key.ExpiresAt.Equal(made.AddDate(1, 0, 0)) {
			t.Errorf("got %+v, %v", r, err)
		}
	}
	made1(of("Generate").Generate(ctx, keyapi.Change{IdempotencyKey: ik}))
	made1(of("Regenerate").Regenerate(ctx, keyapi.Change{IdempotencyKey: ik}))
	made1(of("Recover").Recover(ctx, ik))
	if s, err := of("SignIn").SignIn(ctx, keyapi.SignIn{}); err != nil || s.Token.Reveal() != "aps_x" || !s.ExpiresAt.Equal(made) || !s.MFAEnabled {
		t.Errorf("got %+v, %v", s, err)
	}
	if until, err := of("Verify").Verify(ctx, hidden, keyapi.Secret{}); err != nil || !until.Equal(made.Add(15*time.Minute)) {
		t.Errorf("got %v, %v", until, err)
	}
	if list, err := of("Sessions").Sessions(ctx); err != nil || len(list) != 1 || list[0].ID != "s1" || list[0].Name != "ci" {
		t.Errorf("got %+v, %v", list, err)
	}
	if info, token, err := of("CreatePipelineSession").CreatePipelineSession(ctx, "ci", nil, time.Hour); err != nil || token.Reveal() != "aps_x" || info.ID != "s1" {
		t.Errorf("got %+v, %v", info, err)
	}
	if a, err := of("Account").Account(ctx); err != nil || a.Login != "ada" || a.RecoveryCodesLeft != 10 || a.Session.ID != "s1" {
		t.Errorf("got %+v, %v", a, err)
	}
	if e, err := of("BeginMFA").BeginMFA(ctx); err != nil || e.Secret.Reveal() != "JBSWY3DP" || e.URI.Reveal() != "otpauth://totp/x" {
		t.Errorf("got %+v, %v", e, err)
	}
	if codes, err := of("ConfirmMFA").ConfirmMFA(ctx, hidden); err != nil || len(codes) != 2 || codes[1].Reveal() != "eeeee-fffff-ggggg-hhhhh" {
		t.Errorf("got %v, %v", codes, err)
	}
	if token, err := of("Authenticate").Token(ctx, "AK0000000000000000A1", hidden); err != nil || token.AccessToken.Reveal() != "ey.J.x" || !token.ExpiresAt.Equal(made.Add(time.Hour)) {
		t.Errorf("got %+v, %v", token, err)
	}
}

// Reading the answers to their end keeps the connection.
func TestClient_Calls_ShareOneConnection(t *testing.T) {
	addresses := map[string]bool{}
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		addresses[r.RemoteAddr] = true // one call after the other
		if n%2 == 0 {
			problem(w, 404, keyapi.CodeNoKey)
			return
		}
		reply(w, 200, "application/json", keyBody+strings.Repeat(" ", 100_000))
	})
	c, _ := client(t, s.URL)
	for range 6 {
		_, _ = c.Key(context.Background())
	}
	if n := len(s.requests()); n != 6 || len(addresses) != 1 {
		t.Errorf("%d requests over %d connections", n, len(addresses))
	}
}

func TestSetSession_ChangesTheNextCalls(t *testing.T) {
	s := serve(t, always(200, "application/json", keyBody))
	c, _ := client(t, s.URL)
	for _, token := range []string{"aps_other", ""} {
		c.SetSession(keyapi.NewSecret(token))
		if _, err := c.Key(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	got := s.requests()
	if got[0].header.Get("Authorization") != "Bearer aps_other" || got[1].header.Get("Authorization") != "" {
		t.Errorf("got %v", got)
	}
}

// What can't be sent, or would become another request on its way, is refused before anything is sent.
func TestClient_NotSendable_SendsNothing(t *testing.T) {
	s := serve(t, always(200, "application/json", keyBody))
	c, _ := client(t, s.URL)
	ctx := context.Background()
	for _, id := range []string{"", ".", "..", "a/b", "../key", "a?b", "a%2fb", "ä"} {
		_ = wantCode(t, "id "+id, c.RevokeSession(ctx, id), keyapi.CodeInvalidRequest)
	}
	for _, grace := range []time.Duration{-time.Second, time.Millisecond, keyapi.MaxGrace + time.Second} {
		_, err := c.Regenerate(ctx, keyapi.Change{IdempotencyKey: ik, Grace: grace})
		_ = wantCode(t, grace.String(), err, keyapi.CodeInvalidRequest)
	}
	_, err := c.Delete(ctx, keyapi.Change{Grace: time.Hour})
	_ = wantCode(t, "delete with grace", err, keyapi.CodeInvalidRequest)
	for _, ttl := range []time.Duration{0, -time.Hour, time.Second + time.Millisecond} {
		_, _, err := c.CreatePipelineSession(ctx, "ci", nil, ttl)
		_ = wantCode(t, ttl.String(), err, keyapi.CodeInvalidRequest)
	}
	_, err = c.Generate(ctx, keyapi.Change{IdempotencyKey: keyapi.IdempotencyKey{Secret: keyapi.NewSecret("ik_\r\nX: y")}})
	_ = wantCode(t, "idempotency key", err, keyapi.CodeInvalidRequest)
	c.SetSession(keyapi.NewSecret("aps_\nX: y"))
	_, err = c.Key(ctx)
	_ = wantCode(t, "session", err, keyapi.CodeUnauthenticated)
	if got := s.requests(); len(got) != 0 {
		t.Errorf("sent %v", got)
	}
}

var addresses = []struct{ server, origin string }{
	{"https://keys.example", "https://keys.example"},
	{"https://Keys.EXAMPLE:443/", "https://keys.example"},
	{"HTTPS://keys.example:/a/b/", "https://keys.example"},
	{"https://keys.example:8443", "https://keys.example:8443"},
	{"https://keys.example:0443", "https://keys.example"},
	{"https://keys.example:80", "https://keys.example:80"},
	{"http://localhost:8750", "http://localhost:8750"},
	{"http://LocalHost:80", "http://localhost"},
	{"http://127.0.0.1:8750/", "http://127.0.0.1:8750"},
	{"http://127.9.9.9", "http://127.9.9.9"},
	{"http://[::1]:8750", "http://[::1]:8750"},
	{"http://[0:0:0:0:0:0:0:1]", "http://[::1]"},
	{"https://[2001:DB8::1]:443", "https://[2001:db8::1]"},

	{"", ""},
	{"keys.example", ""},
	{"keys.example:443", ""},
	{"https://", ""},
	{"https://:443", ""},
	{"https:keys.example", ""},
	{"ftp://keys.example", ""},
	{"https://keys.example:0", ""},
	{"https://keys.example:65536", ""},
	{"https://keys.example:x", ""},
	{"https://ada@keys.example", ""},
	{"https://ada:" + canary + "@keys.example", ""},
	{"https://ada:" + canary + "@keys.example:x", ""},
	{"https://keys.example?a=b", ""},
	{"https://keys.example?", ""},
	{"https://keys.example#a", ""},
	{"https://keys.example#", ""},
	{"http://keys.example", ""},
	{"http://localhost.example", ""},
	{"http://127.0.0.1.example", ""},
	{"http://128.0.0.1", ""},
	{"http://0.0.0.0", ""},
	{"http://[::2]", ""},
	{"http://192.0.2.1:8750", ""},
	{"https://keys.example\x7f", ""},
}

func TestOrigin_AndNewClient_TakeTheSameAddresses(t *testing.T) {
	for _, a := range addresses {
		got, err := keyapi.Origin(a.server)
		c, clientErr := keyapi.NewClient(keyapi.ClientOptions{Server: a.server})
		if a.origin == "" {
			for _, err := range []error{err, clientErr} {
				if e := wantCode(t, a.server, err, keyapi.CodeUsage); strings.Contains(e.Error()+e.Hint, canary) {
					t.Errorf("%s: the password is shown: %v", a.server, e)
				}
			}
			continue
		}
		if err != nil || clientErr != nil || got != a.origin || c.Origin() != a.origin {
			t.Errorf("%s: got %q (%v, %v), want %q", a.server, got, err, clientErr, a.origin)
		}
	}
}

func TestNewClient_CAFileThatIsNone_IsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + ".missing", t.TempDir()} {
		_, err := keyapi.NewClient(keyapi.ClientOptions{Server: "https://keys.example", CAFile: file})
		_ = wantCode(t, file, err, keyapi.CodeUsage)
	}
}

// roundTripper is a transport of a test that tells nobody how far it got.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestClient_OwnTransport_IsUsed(t *testing.T) {
	answer := func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(keyBody))), Request: r}, nil
	}
	c, _ := client(t, "https://keys.example", func(o *keyapi.ClientOptions) { o.Transport = roundTripper(answer) })
	if key, err := c.Key(context.Background()); err != nil || key.AccessKey != "AK0000000000000000A1" {
		t.Errorf("got %+v, %v", key, err)
	}
}

func TestNewTypes_JSONRoundTrip(t *testing.T) {
	full := keyapi.SessionInfo{
		ID: "s1", Kind: keyapi.SessionPipeline, Name: "ci", Allow: []string{"status", "regenerate"}, CreatedAt: made, ExpiresAt: made.Add(time.Hour),
		LastUsedAt: made.Add(time.Minute), From: "192.0.2.1", UserAgent: "apikey/1", Current: true,
	}
	bare := keyapi.SessionInfo{ID: "s2", Kind: keyapi.SessionPerson, CreatedAt: made, ExpiresAt: made}
	const fullJSON = `{"id":"s1","kind":"pipeline","name":"ci","allow":["status","regenerate"],"createdAt":"2026-11-23T06:44:00Z",` +
		`"expiresAt":"2026-11-23T07:44:00Z","lastUsedAt":"2026-11-23T06:45:00Z","from":"192.0.2.1","userAgent":"apikey/1","current":true}`
	const bareJSON = `{"id":"s2","kind":"person","name":null,"allow":null,"createdAt":"2026-11-23T06:44:00Z",` +
		`"expiresAt":"2026-11-23T06:44:00Z","lastUsedAt":null,"from":null,"userAgent":null,"current":false}`
	for want, value := range map[string]any{
		fullJSON: full, bareJSON: bare,
		`{"schema":1,"login":"ada","email":null,"permitted":true,"mfaEnabled":false,"mfaRequired":true,"recoveryCodesLeft":0,` +
			`"createdAt":"2026-11-23T06:44:00Z","session":` + bareJSON + `}`: keyapi.Account{
			Login: "ada", Permitted: true, MFARequired: true, CreatedAt: made, Session: bare,
		},
		`{"schema":1,"login":"ada","email":"a@b.example","permitted":false,"mfaEnabled":true,"mfaRequired":false,"recoveryCodesLeft":7,` +
			`"createdAt":"2026-11-23T06:44:00Z","session":` + fullJSON + `}`: keyapi.Account{
			Login: "ada", Email: "a@b.example", MFAEnabled: true, RecoveryCodesLeft: 7, CreatedAt: made, Session: full,
		},
	} {
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
		back := reflect.New(reflect.TypeOf(value))
		if err := json.Unmarshal(got, back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), value) {
			t.Errorf("read back %+v (%v)\nwant %+v", back.Elem(), err, value)
		}
	}
	for _, broken := range []string{`[]`, `{"createdAt":1}`} {
		if json.Unmarshal([]byte(broken), &keyapi.Account{}) == nil || json.Unmarshal([]byte(broken), &keyapi.SessionInfo{}) == nil {
			t.Errorf("%s was read", broken)
		}
	}
}

func TestNewTypes_HideTheirSecrets(t *testing.T) {
	s := keyapi.NewSecret(text)
	for name, value := range map[string]any{
		"sign-in": keyapi.SignIn{LoginID: "ada", Password: s, OTP: s, RecoveryCode: s}, "session": keyapi.Session{Token: s},
		"enrolment": keyapi.Enrolment{Secret: s, URI: s}, "token": keyapi.Token{AccessToken: s}, "options": keyapi.ClientOptions{Session: s},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			wantHidden(t, name+" with "+verb, strings.TrimSpace(fmt.Sprintf(verb, value)))
		}
		if name == "options" {
			continue // functions have no JSON
		}
		out, err := json.Marshal(value)
		if err != nil || !strings.Contains(string(out), "***") {
			t.Errorf("%s: %s (%v)", name, out, err)
		}
		wantHidden(t, name+" as JSON", string(out))
	}
	c, err := keyapi.NewClient(keyapi.ClientOptions{Server: "https://keys.example", Session: s})
	if err != nil {
		t.Fatal(err)
	}
	wantHidden(t, "client", fmt.Sprintf("%+v %#v", c, c))
}
