package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
)

// BenchmarkOpenReadClose is what a command that only looks costs: apikey status may cost a quarter of apikey --version.
func BenchmarkOpenReadClose(b *testing.B) {
	ctx, stop := context.WithCancel(context.Background()) // a command's context can always be cancelled
	defer stop()
	path := filepath.Join(b.TempDir(), "apikey.db")
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Write(ctx, func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: "ada", CreatedAt: time.Unix(1, 0)})
	}); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := sqlite.Open(ctx, path, sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		err = s.Read(ctx, func(r store.Reader) error { _, err := r.Account("ada"); return err })
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
