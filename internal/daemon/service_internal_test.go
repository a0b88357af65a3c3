package daemon

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// program is a client of the service: it asks for tokens and about them, without a network between.
type program struct {
	t        testing.TB
	service  service
	db       datadir.Database
	key      keyapi.Result
	resource keyapi.Secret
	token    string
}

// newProgram makes a service with one key, and its client.
func newProgram(t testing.TB) *program {
	t.Helper()
	ctx := context.Background()
	s := &session{
		env: &Env{IO: &term.IO{Err: io.Discard}, Getenv: func(string) string { return "" }, Now: time.Now, Random: rand.Reader},
		log: slog.New(slog.DiscardHandler), config: Config{Issuer: "https://keys.example.com", CachedKeys: 1000},
	}
	data, err := datadir.Place{Dir: t.TempDir()}.Make(ctx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.DB.Close() })
	p := &program{t: t, db: data.DB}
	if p.service, err = s.service(ctx, data, "", metrics.New(), nil); err != nil {
		t.Fatal(err)
	}
	// Another process makes the account, its key and the resource server.
	err = data.DB.Write(ctx, func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: "ada", Permitted: true, CreatedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := s.keys(data.DB, data.Key)
	p.key, err = keys.Act(ctx, "ada", keyservice.Actor{Verified: true}, keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: attempt})
	if err != nil {
		t.Fatal(err)
	}
	if p.resource, err = p.addResource(s, data); err != nil {
		t.Fatal(err)
	}
	if err := p.service.watch.Poll(ctx); err != nil {
		t.Fatal(err)
	}
	if p.token = p.issue(); p.token == "" {
		t.Fatal("no token")
	}
	return p
}

func (p *program) addResource(s *session, data *datadir.Service) (secret keyapi.Secret, err error) {
	server, err := s.openAuthServer(context.Background(), data)
	if err != nil {
		return keyapi.Secret{}, err
	}
	return server.AddResource(context.Background(), "api")
}

// post sends a form and gives the answer.
func (p *program) post(path, user string, secret keyapi.Secret, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(user, secret.Reveal())
	w := httptest.NewRecorder()
	p.service.ServeHTTP(w, r)
	return w
}

func (p *program) issue() string {
	body := p.post("/token", p.key.Key.AccessKey, p.key.AccessSecret, url.Values{"grant_type": {"client_credentials"}}).Body.String()
	_, rest, _ := strings.Cut(body, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

func (p *program) introspect() *httptest.ResponseRecorder {
	return p.post("/introspect", "api", p.resource, url.Values{"token": {p.token}})
}

// TestProgram_AllocatesLittle holds what a request of a program costs: with the client's own part here, some 20.
func TestProgram_AllocatesLittle(t *testing.T) {
	p := newProgram(t)
	for _, c := range []struct {
		name string
		do   func()
		most float64
	}{
		{"introspect", func() { p.introspect() }, 75},
		{"token", func() { p.issue() }, 75},
	} {
		c.do()
		if got := testing.AllocsPerRun(200, c.do); got > c.most {
			t.Errorf("%s: %.0f allocations, %.0f at most", c.name, got, c.most)
		} else {
			t.Logf("%s: %.0f allocations", c.name, got)
		}
	}
}

// BenchmarkProgram measures the same without a network.
func BenchmarkProgram(b *testing.B) {
	p := newProgram(b)
	stop, done := context.WithCancel(context.Background())
	go p.service.watch.Run(stop, func(error) {})
	defer done()
	b.Run("introspect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.introspect()
		}
	})
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.issue()
		}
	})
}
