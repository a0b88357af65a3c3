package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// version1 makes a database as the first release did, with all it knew.
func version1(t *testing.T, path string) {
	t.Helper()
	schema, err := os.ReadFile("migrations/0001_init.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, text := range []string{
		"PRAGMA journal_mode = WAL",
		string(schema),
		`INSERT INTO meta (name, value) VALUES ('instance', CAST('db-one' AS BLOB))`,
		`INSERT INTO accounts (id, login, permitted, mfa_enabled, created_at, revision, last_generation) VALUES (1, 'ada', 1, 0, 1000000, 2, 2)`,
		`INSERT INTO keys (account_id, access_key, verifier, created_at, disabled, generation, last_used_at) VALUES (1, 'AK1', x'01', 2000000, 0, 2, 3000000)`,
		`INSERT INTO previous_keys (account_id, access_key, verifier, generation, ends_at) VALUES (1, 'AK0', x'02', 1, 4000000)`,
		`INSERT INTO replies (hash, account_id, fingerprint, access_key, sealed, made_at) VALUES (x'03', 1, x'04', 'AK1', x'05', 2000000)`,
		`INSERT INTO events (account_id, at, action, actor, origin, user_agent, access_key, revision) VALUES (1, 2000000, 'generate', 'ada', '', 'apikey', 'AK1', 2)`,
		"PRAGMA user_version = 1",
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

func TestMigrate_FromVersion1_KeepsAllAndKnowsPeople(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	version1(t, path)
	s := open(t, path)
	if s.Instance() != "db-one" {
		t.Errorf("the instance became %q", s.Instance())
	}
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	err := s.Read(context.Background(), func(r store.Reader) error {
		account, err := r.Account("ada")
		if err != nil {
			return err
		}
		want := store.Account{
			Login: "ada", Permitted: true, CreatedAt: second(1), LastUsedAt: second(3),
			Key: lifecycle.Key{
				AccessKey: "AK1", Verifier: []byte{1}, CreatedAt: second(2), Generation: 2, Revision: 2, LastGeneration: 2,
				Previous: &lifecycle.Previous{AccessKey: "AK0", Verifier: []byte{2}, Generation: 1, EndsAt: second(4)},
			},
		}
		if !reflect.DeepEqual(account, want) {
			t.Errorf("got  %+v\nwant %+v", account, want)
		}
		reply, err := r.Reply([]byte{3})
		if err != nil || reply.Login != "ada" || string(reply.Sealed) != "\x05" {
			t.Errorf("reply %+v, %v", reply, err)
		}
		events, err := r.Events("ada", 0, 10)
		if err != nil || len(events) != 1 || events[0].Action != keyapi.ActionGenerate {
			t.Errorf("events %+v, %v", events, err)
		}
		if c, err := r.Credentials("ada"); err != nil || !reflect.DeepEqual(c, store.Credentials{}) {
			t.Errorf("credentials %+v, %v", c, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Write(context.Background(), func(w store.Writer) error {
		return errors.Join(w.PutCredentials("ada", store.Credentials{PasswordHash: "x", RecoveryCodes: [][]byte{{1}}}),
			w.CreateSession(store.Session{ID: "s", Hash: []byte{1}, Login: "ada"}),
			w.PutAttempts("name", store.Attempts{Failures: 1}),
			w.CreateResource(store.Resource{Name: "r", Verifier: []byte{1}}))
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMigrate_FromVersion1_ByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	version1(t, path)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := sqlite.Open(context.Background(), path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if s.Instance() != "db-one" {
				t.Errorf("instance %q", s.Instance())
			}
			_ = s.Close()
		})
	}
	wg.Wait()
}
