package foreign_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var start = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)

// service is a foreign service at an instant that can be moved.
type service struct {
	*foreign.Service
	now time.Time
}

func newService(t *testing.T, client *keyapi.Client) *service {
	t.Helper()
	s := &service{now: start}
	s.Service = foreign.New(foreign.Options{
		Notes: filepath.Join(t.TempDir(), "accounts", "key.json"), Account: "registry", Client: client, Now: func() time.Time { return s.now },
	})
	return s
}

func (s *service) key(t *testing.T) keyapi.Key {
	t.Helper()
	k, err := s.Key(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKey_IsWhatItsOwnerSaid(t *testing.T) {
	s := newService(t, nil)
	if k := s.key(t); k.Status != keyapi.StatusNone || k.Usable || k.Account != "registry" {
		t.Errorf("before the import: %+v", k)
	}
	created := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	if got, want := foreign.Lifetime(created), time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("made on 29 February it expires %v, want %v", got, want)
	}
	if err := s.Note("client/1", start, foreign.Lifetime(start)); err != nil {
		t.Fatal(err)
	}
	k := s.key(t)
	if k.Status != keyapi.StatusActive || !k.Usable || k.AccessKey != "client/1" || !k.CreatedAt.Equal(start) || len(k.Actions) != 0 {
		t.Errorf("got %+v", k)
	}
	s.now = k.ExpiresAt
	if k := s.key(t); k.Status != keyapi.StatusExpired || k.Usable {
		t.Errorf("after its year: %+v", k)
	}
	if err := s.Forget(); err != nil {
		t.Fatal(err)
	}
	if k := s.key(t); k.Status != keyapi.StatusNone {
		t.Errorf("forgotten: %+v", k)
	}
	if err := s.Forget(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestKey_DamagedNotes_SayWhich(t *testing.T) {
	s := newService(t, nil)
	if err := s.Note("id", time.Time{}, start); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.Notes); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(s.Notes, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Key(context.Background())
	if keyapi.CodeOf(err) != keyapi.CodeStoreFailed || !strings.Contains(hintOf(err), s.Notes) {
		t.Errorf("got %v", err)
	}
}

func TestActions_AreDoneOnThePage(t *testing.T) {
	s := newService(t, nil)
	for name, call := range map[string]func(context.Context, keyapi.Change) (keyapi.Result, error){
		"Generate": s.Generate, "Disable": s.Disable, "Activate": s.Activate, "Regenerate": s.Regenerate,
		"Delete": s.Delete, "DeletePrevious": s.DeletePrevious,
	} {
		_, err := call(context.Background(), keyapi.Change{})
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(hintOf(err), "page") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Recover(context.Background(), keyapi.IdempotencyKey{}); keyapi.CodeOf(err) != keyapi.CodeNotExecuted {
		t.Errorf("Recover: %v", err)
	}
	if _, err := s.Events(context.Background(), ""); keyapi.CodeOf(err) != keyapi.CodeUsage {
		t.Errorf("Events: %v", err)
	}
}

func TestAuthenticate_IsARealGrant(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		id, secret, _ := r.BasicAuth()
		if r.URL.Path != "/oauth2/token" || r.FormValue("grant_type") != "client_credentials" || id != "client" || secret != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"t","token_type":"bearer","expires_in":60}`))
	}))
	defer server.Close()
	client, err := keyapi.NewClient(keyapi.ClientOptions{Server: server.URL, TokenPath: "/oauth2/token"})
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t, client)
	if err := s.Authenticate(context.Background(), "client", keyapi.NewSecret("right")); err != nil {
		t.Error(err)
	}
	if err := s.Authenticate(context.Background(), "client", keyapi.NewSecret("wrong")); keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
		t.Errorf("got %v", err)
	}
}

// hintOf gives what an error says is to be done.
func hintOf(err error) string {
	var known *keyapi.Error
	if errors.As(err, &known) {
		return known.Hint
	}
	return ""
}
