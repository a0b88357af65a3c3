// Package oauthtest runs the authorization server as a service has it, on the loopback interface, over a SQLite file
// and with a clock that can be moved. Only tests may import it.
package oauthtest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/oauthapi"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Noon is where the clock of a service stands at first. It is no whole second, as no clock's is.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 789_000_000, time.UTC)

// Service is a running authorization server with what is behind it. It requires MFA.
type Service struct {
	*httptest.Server
	DB     store.Store
	Master masterkey.Key
	Keys   *keyservice.Service
	People *accounts.Service
	Auth   *authserver.Server
	Path   string // of the database
	t      testing.TB
	log    testkit.Buffer

	mu  sync.Mutex
	now func() time.Time
}

// Start starts a service whose clock stands at Noon. The test ends it.
func Start(t testing.TB) *Service {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	s := &Service{Path: filepath.Join(dir, "keys.db"), t: t, now: func() time.Time { return Noon }}
	var err error
	if s.DB, err = sqlite.Open(ctx, s.Path, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.DB.Close() })
	if s.Master, err = masterkey.Open(ctx, filepath.Join(dir, "master.key"), s.DB, rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.Keys = keyservice.New(s.DB, s.Master, keyservice.Policy{MFARequired: true}, s.Now, rand.Reader)
	s.People = accounts.New(accounts.Options{
		Store: s.DB, Key: s.Master, MFARequired: true, Now: s.Now, Random: rand.Reader,
	})
	mux := http.NewServeMux()
	s.Server = httptest.NewUnstartedServer(mux)
	if s.Auth, err = s.Another(s.DB); err != nil {
		t.Fatal(err)
	}
	oauthapi.Routes(mux, oauthapi.Options{
		Server: s.Auth, Issuer: s.issuer(), Log: s.logger(),
		ClientAddress: func(*http.Request) string { return "127.0.0.1" },
	})
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// Another opens another authorization server of the same issuer on a database: another replica of the service, or
// another process.
func (s *Service) Another(db store.Store) (*authserver.Server, error) {
	keys := keyservice.New(db, s.Master, keyservice.Policy{MFARequired: true}, s.Now, rand.Reader)
	return authserver.Open(context.Background(), authserver.Options{
		Store: db, Key: s.Master, Keys: keys,
		Issuer: s.issuer(), Now: s.Now, Random: rand.Reader, Log: s.logger(),
	})
}

// issuer is the URL of the service, known before it runs.
func (s *Service) issuer() string { return "http://" + s.Listener.Addr().String() }

func (s *Service) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Log gives all that was logged, at every level.
func (s *Service) Log() string { return s.log.String() }

// Now gives the time of the service.
func (s *Service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// At puts the clock of the service to an instant.
func (s *Service) At(instant time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = func() time.Time { return instant }
}

// Wait moves the clock of the service on.
func (s *Service) Wait(d time.Duration) { s.At(s.Now().Add(d)) }

// Pair is a credential: of a key, or of a resource server by its name.
type Pair struct{ ID, Secret string }

// Account adds an account that may have a key and has MFA.
func (s *Service) Account(login string) {
	s.t.Helper()
	s.write(func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: login, Permitted: true, MFAEnabled: true, CreatedAt: s.Now()})
	})
}

// Key adds an account with a key.
func (s *Service) Key(login string) Pair {
	s.t.Helper()
	s.Account(login)
	return s.Act(login, keyapi.ActionGenerate, 0)
}

// Act carries out an action on the key of an account, and gives the credential it made, if it made one.
func (s *Service) Act(login string, action keyapi.Action, grace time.Duration) Pair {
	s.t.Helper()
	key, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	actor := keyservice.Actor{Name: login, Verified: true}
	change := keyapi.Change{IdempotencyKey: key, Grace: grace}
	result, err := s.Keys.Act(context.Background(), login, actor, action, change)
	if err != nil || !result.Changed {
		s.t.Fatalf("%s: changed %t, %v", action, result.Changed, err)
	}
	return Pair{result.Key.AccessKey, result.AccessSecret.Reveal()}
}

// Change changes what is stored of an account and its key.
func (s *Service) Change(login string, change func(a *store.Account)) {
	s.t.Helper()
	s.write(func(w store.Writer) error {
		a, err := w.Account(login)
		if err != nil {
			return err
		}
		change(&a)
		return errors.Join(w.PutAccount(a), w.PutKey(login, a.Key))
	})
}

func (s *Service) write(fn func(w store.Writer) error) {
	s.t.Helper()
	if err := s.DB.Write(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// Resource adds a resource server.
func (s *Service) Resource(name string) Pair {
	s.t.Helper()
	secret, err := s.Auth.AddResource(context.Background(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return Pair{name, secret.Reveal()}
}

// Reply is what a request came to.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Post sends a form to a path with a credential in the header; the zero Pair sends none.
func (s *Service) Post(path string, p Pair, form url.Values) Reply {
	s.t.Helper()
	r := s.Request(http.MethodPost, path, strings.NewReader(form.Encode()))
	if p != (Pair{}) {
		r.SetBasicAuth(url.QueryEscape(p.ID), url.QueryEscape(p.Secret))
	}
	return s.Send(r)
}

// Request makes a request with the content type of a form.
func (s *Service) Request(method, path string, body io.Reader) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// Send sends a request.
func (s *Service) Send(r *http.Request) Reply {
	s.t.Helper()
	reply, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	if err := errors.Join(err, reply.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	return Reply{reply.StatusCode, reply.Header, string(body)}
}

// Token gives a fresh access token of a key.
func (s *Service) Token(p Pair) string {
	s.t.Helper()
	token, err := s.Auth.Issue(context.Background(), "127.0.0.1", p.ID, keyapi.NewSecret(p.Secret))
	if err != nil {
		s.t.Fatal(err)
	}
	return token.AccessToken.Reveal()
}

// Introspect asks about a token.
func (s *Service) Introspect(p Pair, token string) Reply {
	s.t.Helper()
	return s.Post("/introspect", p, url.Values{"token": {token}})
}
