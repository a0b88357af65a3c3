package datadir_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// clock is the time of every test.
func clock() time.Time { return time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC) }

func makeService(t *testing.T, dir string) *datadir.Service {
	t.Helper()
	s, err := datadir.Place{Dir: dir}.Make(context.Background(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.DB.Close() })
	return s
}

func openService(t *testing.T, dir string) *datadir.Service {
	t.Helper()
	s, err := datadir.Place{Dir: dir}.Open(context.Background(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.DB.Close() })
	return s
}

func keysOf(s *datadir.Service) *keyservice.Service {
	return keyservice.New(s.DB, s.Key, keyservice.Policy{}, clock, rand.Reader)
}

// addKey makes an account with a key.
func addKey(t *testing.T, s *datadir.Service, login string) keyapi.Result {
	t.Helper()
	err := s.DB.Write(context.Background(), func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: login, Permitted: true, CreatedAt: clock()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return act(t, s, login, keyapi.ActionGenerate)
}

func act(t *testing.T, s *datadir.Service, login string, a keyapi.Action) keyapi.Result {
	t.Helper()
	return actUnder(t, s, login, a, newIdempotencyKey(t))
}

func newIdempotencyKey(t *testing.T) keyapi.IdempotencyKey {
	t.Helper()
	once, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return once
}

func actUnder(t *testing.T, s *datadir.Service, login string, a keyapi.Action, once keyapi.IdempotencyKey) keyapi.Result {
	t.Helper()
	result, err := keysOf(s).Act(context.Background(), login, keyservice.Actor{Name: login}, a, keyapi.Change{IdempotencyKey: once})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func authenticate(t *testing.T, s *datadir.Service, made keyapi.Result) (keyservice.Client, error) {
	t.Helper()
	return keysOf(s).Authenticate(context.Background(), made.Key.AccessKey, made.AccessSecret)
}

func wantCode(t *testing.T, err error, want keyapi.Code, text string) {
	t.Helper()
	var known *keyapi.Error
	if !errors.As(err, &known) || known.Code != want || !strings.Contains(known.Error()+" "+known.Hint, text) {
		t.Errorf("error %v, want %s with %q", err, want, text)
	}
}

func wantAbsent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there: %v", path, err)
	}
}

func TestDefault(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		goos string
		want string
	}{
		"XDG":          {map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "linux", "/x/apikeyd"},
		"relative XDG": {map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "linux", "/h/.local/share/apikeyd"},
		"macOS":        {map[string]string{"HOME": "/h"}, "darwin", "/h/.local/share/apikeyd"},
		"Windows":      {map[string]string{"LocalAppData": "/l", "HOME": "/h"}, "windows", "/l/apikeyd"},
	} {
		got, err := datadir.Default(func(name string) string { return c.env[name] }, c.goos)
		if err != nil || filepath.ToSlash(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	_, err := datadir.Default(func(string) string { return "" }, "linux")
	wantCode(t, err, keyapi.CodeUsage, "--data")
}

func TestMake_AFolderOfTheTool_IsRefusedAndLeftAlone(t *testing.T) {
	for _, name := range []string{"apikey.db", "local/apikey.db"} {
		dir := t.TempDir()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		_, err := datadir.Place{Dir: dir}.Make(context.Background(), rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "inside the tool")
		_, err = datadir.Place{Dir: dir}.Open(context.Background(), rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "inside the tool")
		wantAbsent(t, filepath.Join(dir, "apikeyd.db"))
	}
}

func TestOpen_WhereThereIsNoService_MakesNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "typo")
	_, err := datadir.Place{Dir: dir}.Open(context.Background(), rand.Reader)
	wantCode(t, err, keyapi.CodeUsage, "There is no key service in "+dir)
	wantAbsent(t, dir)
}

func TestBackup_IsPrivateAndNeverOverwrites(t *testing.T) {
	ctx := context.Background()
	s := makeService(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "copy")
	name, err := s.Backup(ctx, path)
	if err != nil || len(name) != 8 {
		t.Fatalf("master key %q, %v", name, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("%v, %v; want a private file", info.Mode(), err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	addKey(t, s, "ada")
	_, err = s.Backup(ctx, path)
	wantCode(t, err, keyapi.CodeUsage, "is there already")
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the copy was overwritten: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files beside each other, want the copy alone: %v", len(entries), err)
	}
	_, err = s.Backup(ctx, filepath.Join(t.TempDir(), "missing", "copy"))
	wantCode(t, err, keyapi.CodeUsage, "cannot be written")
}

func TestBackup_HasNoMasterKey(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	s := makeService(t, dir)
	addKey(t, s, "ada")
	if _, err := s.Backup(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := strings.Cut(strings.TrimSpace(string(key)), ":")
	if len(digits) != 64 || strings.Contains(string(text), digits) {
		t.Error("the master key is in the copy")
	}
}
