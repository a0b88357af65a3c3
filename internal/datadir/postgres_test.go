//go:build unix

package datadir_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestPostgres(t *testing.T) {
	cluster := testkit.StartPostgres(t)
	t.Run("Copy_ThereAndBack_LosesNothing", func(t *testing.T) {
		first, back := datadir.Place{Dir: t.TempDir()}, datadir.Place{Dir: t.TempDir()}
		made := furnished(t, first.Dir)
		want := contents(t, openService(t, first.Dir))
		up := datadir.Place{Dir: first.Dir, Database: cluster.Schema(t)}
		further := datadir.Place{Dir: first.Dir, Database: cluster.Schema(t)}
		for _, s := range []*datadir.Service{move(t, first, up), move(t, up, further), move(t, further, back)} {
			wantContents(t, s, want)
			if _, err := authenticate(t, s, made); err != nil {
				t.Errorf("the old secret: %v", err)
			}
		}
		_, err := datadir.Copy(context.Background(), first, up, rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "is not empty")
	})
	t.Run("Make_MasterKeyAloneInTheFolder", func(t *testing.T) {
		p := datadir.Place{Dir: filepath.Join(t.TempDir(), "new"), Database: cluster.Schema(t)}
		_, err := p.Open(context.Background(), rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "There is no key service in the database")
		wantAbsent(t, p.Dir)
		s, err := p.Make(context.Background(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DB.Close(); err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(p.Dir); err != nil || len(entries) != 1 || entries[0].Name() != "master.key" {
			t.Errorf("in the folder are %v, %v", entries, err)
		}
		// Another replica without that file can do nothing, and makes none.
		other := datadir.Place{Dir: filepath.Join(t.TempDir(), "other"), Database: p.Database}
		_, err = other.Make(context.Background(), rand.Reader)
		wantCode(t, err, keyapi.CodeUnavailable, "master key cannot be read")
		wantAbsent(t, filepath.Join(other.Dir, "master.key"))
	})
	t.Run("Make_EmptyBesideAFolderWithADatabase_IsRefused", func(t *testing.T) {
		dir := t.TempDir()
		makeService(t, dir)
		_, err := datadir.Place{Dir: dir, Database: cluster.Schema(t)}.Make(context.Background(), rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "apikeyd copy")
	})
	t.Run("Copy_OntoAccountsWithoutAService_IsRefused", func(t *testing.T) {
		first, up := datadir.Place{Dir: t.TempDir()}, datadir.Place{Dir: t.TempDir(), Database: cluster.Schema(t)}
		furnished(t, first.Dir)
		db, err := postgres.Open(context.Background(), up.Database, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if err := db.Write(context.Background(), func(w store.Writer) error { return w.CreateAccount(store.Account{Login: "zoe"}) }); err != nil {
			t.Fatal(err)
		}
		_, err = datadir.Copy(context.Background(), first, up, rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, "the account zoe is in it")
	})
}
