package signin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// wire answers every request with one reply and notes what was sent.
type wire struct {
	status int
	body   string
	sent   []string // path and Authorization
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.sent = append(w.sent, r.URL.Path+" "+r.Header.Get("Authorization"))
	return &http.Response{
		StatusCode: w.status, Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"req-1"}},
		Body: io.NopCloser(strings.NewReader(w.body)), Request: r,
	}, nil
}

func newAPI(t *testing.T, w *wire, source signin.Source) *signin.API {
	t.Helper()
	client, err := keyapi.NewClient(keyapi.ClientOptions{Server: server, Transport: w})
	if err != nil {
		t.Fatal(err)
	}
	return signin.NewAPI(client, ada, source)
}

func TestAPI_LooksForTheSessionOnce_AtTheFirstCallThatNeedsIt(t *testing.T) {
	looked := 0
	w := &wire{status: http.StatusOK, body: `{"account":"ada","status":"none"}`}
	api := newAPI(t, w, func(context.Context) (keyapi.Secret, error) {
		looked++
		return keyapi.NewSecret("aps_ada"), nil
	})
	_ = api.Authenticate(context.Background(), "AK0", keyapi.NewSecret("aks_0"))
	if looked != 0 || len(w.sent) != 1 || strings.Contains(w.sent[0], "aps_ada") {
		t.Errorf("a pair was shown with a session: %v", w.sent)
	}
	for range 2 {
		if _, err := api.Key(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if looked != 1 || w.sent[2] != "/v1/key Bearer aps_ada" {
		t.Errorf("looked %d times, sent %v", looked, w.sent)
	}
}

func TestAPI_WithoutASession_SendsNothing(t *testing.T) {
	w := &wire{status: http.StatusOK, body: "{}"}
	missing := keyapi.Errorf(keyapi.CodeUnauthenticated, "none", "")
	api := newAPI(t, w, func(context.Context) (keyapi.Secret, error) { return keyapi.Secret{}, missing })
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"key":        func() error { _, err := api.Key(ctx); return err },
		"generate":   func() error { _, err := api.Generate(ctx, keyapi.Change{}); return err },
		"disable":    func() error { _, err := api.Disable(ctx, keyapi.Change{}); return err },
		"activate":   func() error { _, err := api.Activate(ctx, keyapi.Change{}); return err },
		"regenerate": func() error { _, err := api.Regenerate(ctx, keyapi.Change{}); return err },
		"delete":     func() error { _, err := api.Delete(ctx, keyapi.Change{}); return err },
		"previous":   func() error { _, err := api.DeletePrevious(ctx, keyapi.Change{}); return err },
		"recover":    func() error { _, err := api.Recover(ctx, keyapi.IdempotencyKey{}); return err },
		"events":     func() error { _, err := api.Events(ctx, ""); return err },
	} {
		if err := call(); !errors.Is(err, missing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.sent) > 0 {
		t.Errorf("sent %v", w.sent)
	}
}

func TestAPI_ASessionThatIsOver_SaysHowToSignIn(t *testing.T) {
	w := &wire{status: http.StatusUnauthorized, body: "{}"}
	api := newAPI(t, w, func(context.Context) (keyapi.Secret, error) { return keyapi.NewSecret("aps_ada"), nil })
	_, err := api.Key(context.Background())
	var told *keyapi.Error
	if !errors.As(err, &told) || told.Code != keyapi.CodeUnauthenticated || told.RequestID != "req-1" ||
		told.Hint != "Sign in with: apikey login --server https://keys.example" {
		t.Errorf("got %+v", err)
	}
}
