package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/internal/store/storetest"
)

func openAlone(path string) (*sqlite.Store, error) {
	return sqlite.Open(context.Background(), path, sqlite.Options{Alone: true})
}

func TestAlone_Contract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() (store.Store, error) {
		path := filepath.Join(t.TempDir(), "a.db")
		return func() (store.Store, error) { return openAlone(path) }
	}, "tables")
}

// It has no log while it is filled, and then is a database as any other.
func TestAlone_GetsItsLogAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := openAlone(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), addAccount); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it has a log already (%v)", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if again.Instance() != s.Instance() {
		t.Errorf("opened again it is %q, was %q", again.Instance(), s.Instance())
	}
	if err := again.Write(t.Context(), func(w store.Writer) error { _, err := w.Account("ada"); return err }); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("it has no log: %v", err)
	}
}
