package keyapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const (
	session = "aps_TheSessionThatMustNeverBeSeenByAnybody0000000000000"
	keyJSON = `{"schema":1,"account":"ada","status":"active","usable":true,"blockedBy":[],"accessKey":"AK0000000000000000A1",` +
		`"createdAt":"2026-11-23T06:44:00Z","expiresAt":"2027-11-23T06:44:00Z","lastUsedAt":null,"previous":null,` +
		`"revision":1,"mfaEnabled":false,"actions":["disable","regenerate","delete"]`
	keyBody    = keyJSON + `}`
	resultBody = keyJSON + `,"changed":true}`
	madeBody   = keyJSON + `,"changed":true,"accessSecret":"` + text + `"}`
	tokenBody  = `{"access_token":"ey.J.x","token_type":"Bearer","expires_in":3600}`
)

// ik is an Idempotency-Key.
var ik = keyapi.IdempotencyKey{Secret: keyapi.NewSecret("ik_0000000000000000000042")}

// aClock is the time of a test: it stands but for the waits, which it remembers.
type aClock struct {
	mu    sync.Mutex
	at    time.Time
	waits []time.Duration
}

func (c *aClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *aClock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.waits = c.at.Add(d), append(c.waits, d)
	return ctx.Err()
}

// seen is a request as it arrived.
type seen struct {
	line, body string
	header     http.Header
}

// service is a server of a test: it remembers what arrives.
type service struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

func (s *service) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// serve starts a server on this machine that ends with the test. The handler gets the number of the request, from 1.
func serve(t testing.TB, handle func(n int, w http.ResponseWriter, r *http.Request)) *service {
	t.Helper()
	s := unstarted(handle)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func unstarted(handle func(n int, w http.ResponseWriter, r *http.Request)) *service {
	s := &service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, seen{r.Method + " " + r.RequestURI, string(body), r.Header.Clone()})
		n := len(s.seen)
		s.mu.Unlock()
		handle(n, w, r)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	return s
}

// reply answers with a status and a body of a media type.
func reply(w http.ResponseWriter, status int, mediaType, body string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("X-Request-Id", "req-1")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// problem answers with a problem of a code.
func problem(w http.ResponseWriter, status int, code keyapi.Code) {
	reply(w, status, "application/problem+json", fmt.Sprintf(`{"status":%d,"code":%q,"detail":"It is so."}`, status, code))
}

// always answers every request in the same way.
func always(status int, mediaType, body string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) { reply(w, status, mediaType, body) }
}

// inMemory is a transport that answers without a connection.
func inMemory(handle http.HandlerFunc) func(*keyapi.ClientOptions) {
	return func(o *keyapi.ClientOptions) {
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			handle(w, r)
			return w.Result(), nil
		})
	}
}

// hangUp ends the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: it ends the stream
	}
	_ = conn.Close()
}

// client makes a client of a server with a session, and the clock it runs by.
func client(t testing.TB, server string, change ...func(*keyapi.ClientOptions)) (*keyapi.Client, *aClock) {
	t.Helper()
	clock := &aClock{at: made}
	o := keyapi.ClientOptions{
		Server: server, Session: keyapi.NewSecret(session), UserAgent: "test/1", Now: clock.now, Sleep: clock.sleep,
		Random: bytes.NewReader(bytes.Repeat([]byte{0xff}, 1<<12)), // every wait is the longest
	}
	for _, c := range change {
		c(&o)
	}
	c, err := keyapi.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, clock
}

// wantCode checks the code of an error, and that it is an *Error.
func wantCode(t *testing.T, what string, err error, want keyapi.Code) *keyapi.Error {
	t.Helper()
	e, ok := err.(*keyapi.Error) //nolint:errorlint // the client promises the type itself
	if !ok || e == nil || e.Code != want {
		t.Fatalf("%s: got %T %v (%s), want %s", what, err, err, keyapi.CodeOf(err), want)
	}
	if strings.ContainsAny(err.Error()+e.Hint, "\n\r\x1b") {
		t.Errorf("%s: more than a line: %q", what, err)
	}
	return e
}

// aCall is a method of the client, with arguments that hold secrets wherever they can.
type aCall struct {
	name       string
	run        func(context.Context, *keyapi.Client) error
	ok         string // body of a success; "" is 204
	status     int
	want       string // request line, and the body after a blank, if any
	changes    bool
	repeatable bool
}

const canary = "CanaryThatMustNeverBeSeen"

var hidden = keyapi.NewSecret(canary)

func calls() []aCall {
	change := keyapi.Change{IdempotencyKey: ik}
	act := func(do func(keyapi.API, context.Context, keyapi.Change) (keyapi.Result, error), c keyapi.Change) func(context.Context, *keyapi.Client) error {
		return func(ctx context.Context, k *keyapi.Client) error { _, err := do(k, ctx, c); return err }
	}
	const sessionBody = `{"id":"s1","kind":"pipeline","name":"ci","allow":["status"],"createdAt":"2026-11-23T06:44:00Z",` +
		`"expiresAt":"2026-11-23T07:44:00Z","lastUsedAt":null,"from":null,"userAgent":null,"current":false,"token":"aps_x"}`
	codes := `{"recoveryCodes":["aaaaa-bbbbb-ccccc-ddddd","eeeee-fffff-ggggg-hhhhh"]}`
	return []aCall{
		{"Key", func(ctx context.Context, k *keyapi.Client) error { _, err := k.Key(ctx); return err }, keyBody, 200, "GET /v1/key", false, true},
		{"Generate", act(keyapi.API.Generate, change), madeBody, 201, "POST /v1/key", true, true},
		{"Generate without key", act(keyapi.API.Generate, keyapi.Change{}), madeBody, 201, "POST /v1/key", true, false},
		{"Disable", act(keyapi.API.Disable, change), resultBody, 200, "POST /v1/key/disable", true, true},
		{"Disable without key", act(keyapi.API.Disable, keyapi.Change{}), resultBody, 200, "POST /v1/key/disable", true, false},
		{"Activate", act(keyapi.API.Activate, change), resultBody, 200, "POST /v1/key/activate", true, true},
		{"Regenerate", act(keyapi.API.Regenerate, change), madeBody, 200, "POST /v1/key/regenerate", true, true},
		{
			"Regenerate with grace", act(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik, Grace: 24 * time.Hour}), madeBody, 200,
			`POST /v1/key/regenerate {"graceSeconds":86400}`, true, true,
		},
		{"Delete", act(keyapi.API.Delete, change), resultBody, 200, "DELETE /v1/key", true, true},
		{"Delete without key", act(keyapi.API.Delete, keyapi.Change{}), resultBody, 200, "DELETE /v1/key", true, false},
		{"DeletePrevious", act(keyapi.API.DeletePrevious, change), resultBody, 200, "DELETE /v1/key/previous", true, true},
		{"Recover", func(ctx context.Context, k *keyapi.Client) error { _, err := k.Recover(ctx, ik); return err }, madeBody, 200, "POST /v1/key/recover", false, true},
		{
			"Events", func(ctx context.Context, k *keyapi.Client) error { _, err := k.Events(ctx, "1&2"); return err },
			`{"schema":1,"items":[{"at":"2026-11-23T06:44:00Z","action":"generate","actor":"ada","from":null,"userAgent":null,` +
				`"accessKey":"AK0000000000000000A1","revision":1}],"nextCursor":null}`, 200, "GET /v1/key/events?cursor=1%262", false, true,
		},
		{
			"Authenticate", func(ctx context.Context, k *keyapi.Client) error {
				return k.Authenticate(ctx, "AK0000000000000000A1", hidden)
			}, tokenBody, 200,
			"POST /token grant_type=client_credentials", false, true,
		},
		{
			"SignIn", func(ctx context.Context, k *keyapi.Client) error {
				_, err := k.SignIn(ctx, keyapi.SignIn{LoginID: "ada", Password: hidden, OTP: hidden, RecoveryCode: hidden})
				return err
			}, `{"token":"aps_x","expiresAt":"2026-11-23T06:44:00Z","mfaEnabled":true}`, 201,
			`POST /v1/sessions {"loginId":"ada","password":"` + canary + `","otp":"` + canary + `","recoveryCode":"` + canary + `"}`, true, false,
		},
		{"SignOut", func(ctx context.Context, k *keyapi.Client) error { return k.SignOut(ctx) }, "", 204, "DELETE /v1/sessions/current", true, false},
		{
			"Verify", func(ctx context.Context, k *keyapi.Client) error {
				_, err := k.Verify(ctx, hidden, keyapi.Secret{})
				return err
			},
			`{"verifiedUntil":"2026-11-23T06:59:00Z"}`, 200, `POST /v1/sessions/current/verify {"otp":"` + canary + `"}`, true, false,
		},
		{
			"Sessions", func(ctx context.Context, k *keyapi.Client) error { _, err := k.Sessions(ctx); return err },
			`{"schema":1,"items":[` + sessionBody + `],"nextCursor":null}`, 200, "GET /v1/sessions", false, true,
		},
		{
			"CreatePipelineSession", func(ctx context.Context, k *keyapi.Client) error {
				_, _, err := k.CreatePipelineSession(ctx, "ci", []string{"status"}, time.Hour)
				return err
			}, sessionBody, 201, `POST /v1/sessions/pipeline {"name":"ci","allow":["status"],"ttlSeconds":3600}`, true, false,
		},
		{"RevokeSession", func(ctx context.Context, k *keyapi.Client) error { return k.RevokeSession(ctx, "s1") }, "", 204, "DELETE /v1/sessions/s1", true, false},
		{
			"Account", func(ctx context.Context, k *keyapi.Client) error { _, err := k.Account(ctx); return err },
			`{"schema":1,"login":"ada","email":null,"permitted":true,"mfaEnabled":true,"mfaRequired":true,"recoveryCodesLeft":10,` +
				`"createdAt":"2026-11-23T06:44:00Z","session":` + sessionBody + `}`, 200, "GET /v1/account", false, true,
		},
		{
			"BeginMFA", func(ctx context.Context, k *keyapi.Client) error { _, err := k.BeginMFA(ctx); return err },
			`{"secret":"JBSWY3DP","otpauthUri":"otpauth://totp/x"}`, 200, "POST /v1/account/mfa", true, false,
		},
		{
			"ConfirmMFA", func(ctx context.Context, k *keyapi.Client) error { _, err := k.ConfirmMFA(ctx, hidden); return err },
			codes, 200, `POST /v1/account/mfa/confirm {"code":"` + canary + `"}`, true, false,
		},
		{"NewRecoveryCodes", func(ctx context.Context, k *keyapi.Client) error { _, err := k.NewRecoveryCodes(ctx); return err }, codes, 200, "POST /v1/account/mfa/codes", true, false},
		{
			"DisableMFA", func(ctx context.Context, k *keyapi.Client) error { return k.DisableMFA(ctx, hidden, hidden) }, "", 204,
			`POST /v1/account/mfa/disable {"password":"` + canary + `","code":"` + canary + `"}`, true, false,
		},
	}
}

// named finds a call by its name.
func named(name string) aCall {
	all := calls()
	return all[slices.IndexFunc(all, func(c aCall) bool { return c.name == name })]
}
