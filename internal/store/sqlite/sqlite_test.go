package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/internal/store/storetest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() (store.Store, error) {
		path := filepath.Join(t.TempDir(), "a", "b", "apikey.db")
		return func() (store.Store, error) { return sqlite.Open(context.Background(), path, sqlite.Options{}) }
	})
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// A column that a migration adds is not forgotten by copies.
func TestTables_AreTheWholeSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	storetest.WantWhole(t, s, db, `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
}

// addAccount writes something.
func addAccount(w store.Writer) error {
	return w.CreateAccount(store.Account{Login: "ada", Permitted: true, CreatedAt: time.Unix(0, 0)})
}

func TestOpen_EachDatabaseIsAnotherInstance(t *testing.T) {
	a, b := open(t, filepath.Join(t.TempDir(), "a.db")), open(t, filepath.Join(t.TempDir(), "a.db"))
	if a.Instance() == b.Instance() {
		t.Errorf("two databases are both %q", a.Instance())
	}
}

func TestOpen_InstanceComesFromRandom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{Random: strings.NewReader("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if want := "db-30313233343536373839616263646566"; s.Instance() != want {
		t.Errorf("instance %q, want %q", s.Instance(), want)
	}
}

func TestOpen_NoRandomness_MakesNoDatabaseAndCanBeRepeated(t *testing.T) {
	path, broken := filepath.Join(t.TempDir(), "a.db"), errors.New("no randomness")
	if _, err := sqlite.Open(context.Background(), path, sqlite.Options{Random: iotest.ErrReader(broken)}); !errors.Is(err, broken) {
		t.Fatalf("error %v, want that of the reader", err)
	}
	if err := open(t, path).Write(context.Background(), addAccount); err != nil {
		t.Error(err)
	}
}

func TestOpen_PathWithSyntaxOfURLs(t *testing.T) {
	for _, name := range []string{"a b", "a?mode=memory", "a#b", "a%20b", "ü", "a&b=c", "-a;'\""} {
		path := filepath.Join(t.TempDir(), name, name+".db")
		if err := open(t, path).Write(context.Background(), addAccount); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: the database is not in its file: %v", name, err)
		}
	}
}

func TestOpen_RelativePath_StaysWhenTheFolderIsChanged(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := open(t, "a.db")
	t.Chdir(t.TempDir())
	if err := s.Write(context.Background(), addAccount); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	err := open(t, "a.db").Read(context.Background(), func(r store.Reader) error { _, err := r.Account("ada"); return err })
	if err != nil {
		t.Error(err)
	}
}

// Errors name the file and say what to do.
func TestOpen_Errors(t *testing.T) {
	for name, test := range map[string]struct {
		prepare   func(t *testing.T, path string)
		text      string
		hint      string
		unchanged bool
	}{
		"no database": {
			prepare: func(t *testing.T, path string) {
				if err := os.WriteFile(path, []byte(strings.Repeat("this is a shopping list\n", 500)), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			hint: "no database", unchanged: true,
		},
		"a newer program's": {
			prepare: func(t *testing.T, path string) { setVersion(t, path, 2000) },
			text:    "newer apikey", hint: "Use the newer", unchanged: true,
		},
		"a folder": {
			prepare: func(t *testing.T, path string) {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			hint: "permissions",
		},
		"below a file": {
			prepare: func(t *testing.T, path string) {
				if err := os.WriteFile(filepath.Dir(path), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			},
			hint: "folder",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a.db")
			if name == "below a file" {
				path = filepath.Join(dir, "file", "a.db")
			}
			test.prepare(t, path)
			before, _ := os.ReadFile(path)
			_, err := sqlite.Open(context.Background(), path, sqlite.Options{})
			var e *keyapi.Error
			if !errors.As(err, &e) || e.Code != keyapi.CodeUnavailable {
				t.Fatalf("error %v (%s), want %s", err, keyapi.CodeOf(err), keyapi.CodeUnavailable)
			}
			if !strings.Contains(e.Error(), path) || !strings.Contains(e.Error(), test.text) || !strings.Contains(e.Hint, test.hint) {
				t.Errorf("message %q, hint %q", e.Error(), e.Hint)
			}
			if after, _ := os.ReadFile(path); test.unchanged && string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

// An empty file is what a start leaves that died between making the file and the migration.
func TestOpen_EmptyFile_IsAFreshDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Write(context.Background(), addAccount); err != nil {
		t.Error(err)
	}
}

// A write that has begun ends: whoever interrupts a command then learns what it came to.
func TestWrite_CancelledMeanwhile_IsCommitted(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Write(ctx, func(w store.Writer) error {
		cancel()
		return addAccount(w)
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Read(context.Background(), func(r store.Reader) error { _, err := r.Account("ada"); return err }); err != nil {
		t.Error(err)
	}
}

// What a closed database leaves in its log would be read, and written again, by every later start.
func TestClose_EmptiesTheLog(t *testing.T) {
	for _, lastIs := range []string{"writer", "reader"} {
		t.Run(lastIs, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			writer, reader := open(t, path), open(t, path)
			if err := writer.Write(context.Background(), addAccount); err != nil {
				t.Fatal(err)
			}
			if size(t, path+"-wal") == 0 {
				t.Fatal("the write is not in the log")
			}
			first, last := reader, writer
			if lastIs == "reader" {
				first, last = writer, reader
			}
			if err := errors.Join(first.Close(), last.Close()); err != nil {
				t.Fatal(err)
			}
			if n := size(t, path+"-wal"); n != 0 {
				t.Errorf("the log has %d bytes", n)
			}
		})
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
