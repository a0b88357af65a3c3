package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// copied writes a copy of a database and gives its path.
func copied(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.CopyTo(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCopyTo_HasWhatWasCommittedAndNothingLater(t *testing.T) {
	ctx := context.Background()
	original := open(t, filepath.Join(t.TempDir(), "a.db"))
	if err := original.Write(ctx, addAccount); err != nil {
		t.Fatal(err)
	}
	path := copied(t, original)
	if err := original.Write(ctx, func(w store.Writer) error { return w.RemoveAccount("ada") }); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Adopt(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Read(ctx, func(r store.Reader) error { _, err := r.Account("ada"); return err }); err != nil {
		t.Errorf("the account of the copy: %v", err)
	}
	if s.Instance() != original.Instance() {
		t.Errorf("instance %q, want %q", s.Instance(), original.Instance())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want that of the empty file: %v", info.Mode(), err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the copy has no write-ahead log: %v", err)
	}
}

func TestAdopt_RefusesWhatIsNoCopy(t *testing.T) {
	whole, err := os.ReadFile(copied(t, open(t, filepath.Join(t.TempDir(), "a.db"))))
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	for i := 100; i < len(damaged); i++ { // all but the header of the file
		damaged[i] ^= 0xff
	}
	for name, text := range map[string][]byte{
		"empty": {}, "text": []byte("a text that is no database at all"), "cut short": whole[:len(whole)/2], "damaged": damaged,
	} {
		path := filepath.Join(t.TempDir(), "copy")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sqlite.Adopt(context.Background(), path, sqlite.Options{}); keyapi.CodeOf(err) != keyapi.CodeUnavailable {
			t.Errorf("%s: error %v, want %s", name, err, keyapi.CodeUnavailable)
		}
	}
}

func TestAdopt_NoFile_MakesNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Adopt(context.Background(), path, sqlite.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want that there is no file", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}
