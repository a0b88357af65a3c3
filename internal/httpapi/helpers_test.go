package httpapi_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/routers"
	"github.com/pquerna/otp/totp"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/oauthapi"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const (
	login    = "ada"
	password = "correct horse battery staple"
	issuer   = "https://keys.example.org"
	contact  = "your administrator"
)

// clock is a clock that stands until it is moved.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// faulty is a store that fails while it has a fault.
type faulty struct {
	store.Store
	fault atomic.Pointer[error]
}

func (f *faulty) Read(ctx context.Context, fn func(store.Reader) error) error {
	if fault := f.fault.Load(); fault != nil {
		return *fault
	}
	return f.Store.Read(ctx, fn)
}

func (f *faulty) Write(ctx context.Context, fn func(store.Writer) error) error {
	if fault := f.fault.Load(); fault != nil {
		return *fault
	}
	return f.Store.Write(ctx, fn)
}

// service is a whole key service on a loopback address.
type service struct {
	t        testing.TB
	clock    *clock
	dir      string
	log      *testkit.Buffer
	db       *faulty
	keys     *keyservice.Service
	accounts *accounts.Service
	handler  http.Handler
	url      string
	document routers.Router
	client   *http.Client

	session string // sent with every call; "" = none
	seed    string // of the authenticator; "" = none is set up
}

// serve starts a service with one account, which may have a key. change may alter the options of the API.
func serve(t testing.TB, mfaRequired bool, change func(*httpapi.Options)) *service {
	t.Helper()
	ctx := context.Background()
	s := &service{t: t, clock: &clock{}, dir: t.TempDir(), log: &testkit.Buffer{}, document: openDocument(t)}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opened, err := sqlite.Open(ctx, filepath.Join(s.dir, "apikeyd.db"), sqlite.Options{Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	db := &faulty{Store: opened}
	s.db = db
	key, err := masterkey.Open(ctx, filepath.Join(s.dir, "master.key"), db, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	policy := keyservice.Policy{MFARequired: mfaRequired, Contact: "Ask " + contact + "."}
	s.keys = keyservice.New(db, key, policy, s.clock.now, rand.Reader)
	s.accounts = accounts.New(accounts.Options{
		Store: db, Key: key, MFARequired: mfaRequired, Contact: contact, Now: s.clock.now, Random: rand.Reader, Log: logger,
	})
	tokens, err := authserver.Open(ctx, authserver.Options{
		Store: db, Key: key, Keys: s.keys, Issuer: issuer, Now: s.clock.now, Random: rand.Reader, Log: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := httpapi.Options{
		Keys: s.keys, Accounts: s.accounts, MFARequired: mfaRequired, Issuer: issuer, Now: s.clock.now, Random: rand.Reader,
		Log: logger,
		Routes: func(mux *http.ServeMux) {
			oauthapi.Routes(mux, oauthapi.Options{
				Server: tokens, Issuer: issuer, Log: logger, ClientAddress: func(*http.Request) string { return "127.0.0.1" },
			})
		},
	}
	if change != nil {
		change(&o)
	}
	s.handler = httpapi.New(o)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 64, 64
	s.url, s.client = server.URL, &http.Client{
		Transport:     &checked{t: t, next: transport, document: s.document},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	err = s.accounts.Add(ctx, accounts.NewAccount{
		Login: login, Email: "ada@example.org", Password: keyapi.NewSecret(password), Permitted: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reply is a reply that was read whole.
type reply struct {
	status int
	header http.Header
	text   string
	object map[string]any // nil if the body is no JSON object
}

func (r reply) string(field string) string {
	text, _ := r.object[field].(string)
	return text
}

// send makes a request with a body ("" = none) and with headers given as name, value, name, value.
func (s *service) send(method, path, body string, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.session != "" {
		r.Header.Set("Authorization", "Bearer "+s.session)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		if i >= 2 && headers[i] == headers[i-2] {
			r.Header.Add(headers[i], headers[i+1])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	got := reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &got.object)
	return got
}

// want makes a request and expects a status, and a code for a problem ("" = none).
func (s *service) want(status int, code keyapi.Code, method, path, body string, headers ...string) reply {
	s.t.Helper()
	got := s.send(method, path, body, headers...)
	if got.status != status || got.string("code") != string(code) {
		s.t.Fatalf("%s %s: %d %s, want %d %q", method, path, got.status, got.text, status, code)
	}
	return got
}

func (s *service) get(status int, code keyapi.Code, path, body string, headers ...string) reply {
	s.t.Helper()
	return s.want(status, code, http.MethodGet, path, body, headers...)
}

func (s *service) post(status int, code keyapi.Code, path, body string, headers ...string) reply {
	s.t.Helper()
	return s.want(status, code, http.MethodPost, path, body, headers...)
}

func (s *service) remove(status int, code keyapi.Code, path, body string, headers ...string) reply {
	s.t.Helper()
	return s.want(status, code, http.MethodDelete, path, body, headers...)
}

// withIdempotencyKey is the header of a fresh Idempotency-Key.
func (s *service) withIdempotencyKey() []string {
	s.t.Helper()
	key, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{"Idempotency-Key", key.Reveal()}
}

// signIn signs the account in, with a code if it has an authenticator, and uses the session from then on.
func (s *service) signIn() reply {
	s.t.Helper()
	s.session = ""
	body := `{"loginId":"` + login + `","password":"` + password + `"}`
	if s.seed != "" {
		body = `{"loginId":"` + login + `","password":"` + password + `","otp":"` + s.code() + `"}`
	}
	got := s.post(http.StatusCreated, "", "/v1/sessions", body)
	s.session = got.string("token")
	return got
}

// code gives the code the authenticator shows now.
func (s *service) code() string {
	s.t.Helper()
	code, err := totp.GenerateCode(s.seed, s.clock.now())
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// enrol turns multi-factor authentication on and gives the recovery codes. The time moves on: the code is spent.
func (s *service) enrol() []string {
	s.t.Helper()
	s.seed = s.post(http.StatusOK, "", "/v1/account/mfa", "").string("secret")
	got := s.post(http.StatusOK, "", "/v1/account/mfa/confirm", `{"code":"`+s.code()+`"}`)
	s.clock.advance(time.Minute)
	var codes []string
	for _, code := range got.object["recoveryCodes"].([]any) {
		codes = append(codes, code.(string))
	}
	return codes
}

// generate makes the key.
func (s *service) generate() reply {
	s.t.Helper()
	return s.post(http.StatusCreated, "", "/v1/key", "", s.withIdempotencyKey()...)
}
