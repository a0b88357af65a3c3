package embedded_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/embedded"
	"github.com/apikey-cli/apikey/internal/keyapitest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// clock is a clock that stands until it is moved.
type clock struct{ offset atomic.Int64 }

var start = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)

func (c *clock) now() time.Time          { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func open(t *testing.T, dir string, c *clock) *embedded.Service {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{Dir: dir, Login: func() string { return "ada" }, Now: c.now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestBehaviour(t *testing.T) {
	keyapitest.Run(t, func(t *testing.T) keyapitest.Subject {
		c := &clock{}
		return keyapitest.Subject{API: open(t, filepath.Join(t.TempDir(), "local"), c), Login: "ada", Advance: c.advance}
	})
}

func TestOpen_Again_IsTheSameServiceAndAccount(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, &clock{})
	second, err := embedded.Open(context.Background(), embedded.Options{
		Dir: dir, Login: func() string { return "somebody-else" }, Now: (&clock{}).now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if first.Instance() != second.Instance() || second.Login() != "ada" {
		t.Errorf("instance %q and %q, login %q", first.Instance(), second.Instance(), second.Login())
	}
	if other := open(t, t.TempDir(), &clock{}); other.Instance() == first.Instance() {
		t.Error("two folders are one service")
	}
}

func TestMasterKey_MissingOrOfAnother_RefusesAndSaysWhich(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &clock{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "master.key")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	open(t, other, &clock{})
	foreign, err := os.ReadFile(filepath.Join(other, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"missing": nil, "foreign": foreign, "damaged": []byte("x"), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(path)
			if text != nil {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := embedded.Open(context.Background(), embedded.Options{Dir: dir, Login: func() string { return "ada" }, Now: time.Now, Random: rand.Reader})
			if keyapi.CodeOf(err) != keyapi.CodeUnavailable || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
			if _, statErr := os.Stat(path); text == nil && statErr == nil {
				t.Error("a new master key was made for a database that has one")
			}
		})
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, &clock{})
}

func TestFiles_ArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "local")
	s := open(t, dir, &clock{})
	ik, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Generate(context.Background(), keyapi.Change{IdempotencyKey: ik})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{made.AccessSecret.Reveal(), ik.Reveal()} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds a secret in the clear", path)
			}
		}
	}
}
