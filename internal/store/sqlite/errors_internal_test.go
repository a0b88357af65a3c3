package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The errors of SQLite itself, not made-up ones.
func TestWrite_ErrorsOfSQLite(t *testing.T) {
	for name, test := range map[string]struct {
		prepare string // run on the store's only connection
		code    keyapi.Code
		hint    string
	}{
		"full":     {"PRAGMA max_page_count = 1", keyapi.CodeUnavailable, "disk is full"},
		"readonly": {"PRAGMA query_only = 1", keyapi.CodeUnavailable, "can't be written"},
		"mistake":  {"DROP TABLE replies; DROP TABLE previous_keys; DROP TABLE keys; DROP TABLE events; DROP TABLE meta", keyapi.CodeInternal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s := openOne(t)
			if _, err := s.db.ExecContext(ctx, test.prepare); err != nil {
				t.Fatal(err)
			}
			err := s.Write(ctx, func(w store.Writer) error { return w.SetMeta("name", make([]byte, 100_000)) })
			wantError(t, s.path, err, test.code, test.hint)
		})
	}
}

func TestWrite_BusyForTooLong(t *testing.T) {
	ctx := context.Background()
	s := openOne(t)
	if _, err := s.db.ExecContext(ctx, "PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	other, err := Open(ctx, s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	err = other.Write(ctx, func(store.Writer) error {
		err := s.Write(ctx, func(store.Writer) error { t.Error("two writers at once"); return nil })
		wantError(t, s.path, err, keyapi.CodeUnavailable, "Try again")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, func(w store.Writer) error { return w.SetMeta("a", nil) }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A connection left within a transaction would let later work see an old snapshot, or commit what was given up.
func TestWrite_FailedCommit_LeavesNoTransactionBehind(t *testing.T) {
	ctx := context.Background()
	s := openOne(t)
	_ = s.Write(ctx, func(w store.Writer) error { // SQLite itself rolls back: our ROLLBACK is one too many
		if err := w.SetMeta("a", nil); err != nil {
			return err
		}
		_, err := w.(sqlstore.Writer).Conn.Exec("ROLLBACK")
		return err
	})
	if err := s.Write(ctx, func(w store.Writer) error { return w.SetMeta("b", nil) }); err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	err := s.Read(ctx, func(r store.Reader) error { _, err := r.Meta("a"); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was given up: error %v, want ErrNotFound", err)
	}
}

func TestConnections_AreDurableAndKeepReferences(t *testing.T) {
	s := openOne(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "30000", "journal_size_limit": "0",
	} {
		var got string
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
}

func TestMigrations_AreAllThere(t *testing.T) {
	for number := 1; number <= newest; number++ {
		if _, err := migrations().Text(number); err != nil {
			t.Error(err)
		}
	}
	if files, err := files.ReadDir("migrations"); err != nil || len(files) != newest {
		t.Errorf("%d files (%v), but the newest migration is %d", len(files), err, newest)
	}
}

// Every lookup and every deletion by condition goes by an index: a service has a million keys.
func TestQueries_UseIndexes(t *testing.T) {
	s := openOne(t)
	for _, query := range []string{
		"SELECT login FROM accounts WHERE login = 'a'",
		"SELECT account_id FROM keys WHERE access_key = 'a' UNION ALL SELECT account_id FROM previous_keys WHERE access_key = 'a'",
		"SELECT * FROM replies r JOIN accounts a ON a.id = r.account_id WHERE r.hash = x'00'",
		"UPDATE replies SET sealed = NULL WHERE account_id = (SELECT id FROM accounts WHERE login = 'a') AND access_key = 'a'",
		"DELETE FROM replies WHERE made_at < 1",
		"SELECT e.id FROM events e JOIN accounts a ON a.id = e.account_id WHERE a.login = 'a' AND e.id < 9 ORDER BY e.id DESC LIMIT 2",
		"SELECT m.id FROM outbox m JOIN accounts a ON a.id = m.account_id WHERE m.due_at <= 1 ORDER BY m.due_at, m.id LIMIT 2",
		"SELECT a.login FROM keys k JOIN accounts a ON a.id = k.account_id WHERE k.created_at > 1 AND k.created_at <= 2 AND NOT EXISTS (" +
			"SELECT 1 FROM expiry_notices n WHERE n.account_id = k.account_id AND n.access_key = k.access_key AND n.days <= 7) ORDER BY k.created_at LIMIT 2",
	} {
		rows, err := s.db.Query("EXPLAIN QUERY PLAN " + query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN") || strings.Contains(detail, "TEMP B-TREE") {
				t.Errorf("%s: %s", query, detail)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // in a loop
			t.Fatal(err)
		}
	}
}

// openOne opens a store that has one connection only, so that a PRAGMA set on it counts for all that follows.
func openOne(t *testing.T) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func wantError(t *testing.T, path string, err error, code keyapi.Code, hint string) {
	t.Helper()
	var e *keyapi.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *keyapi.Error", err)
	}
	if e.Code != code || !strings.Contains(e.Message, path) || !strings.Contains(e.Hint, hint) {
		t.Errorf("code %s, message %q, hint %q; want %s, the file's name and %q", e.Code, e.Message, e.Hint, code, hint)
	}
}
