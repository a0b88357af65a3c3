//go:build unix

package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/testkit"
)

// A look whose prepared statement is not there, is there already or fits the tables no more finds what it would have found.
func looksWithoutTheirStatement(t *testing.T, cluster *testkit.Cluster) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		happens  func(t *testing.T, s *postgres.Store)
		prepares bool // after that
	}{
		"nothing": {func(*testing.T, *postgres.Store) {}, true},
		"another connection": {func(t *testing.T, s *postgres.Store) {
			execute(t, s, "DEALLOCATE ALL")
		}, false},
		"another connection that another client used": {func(t *testing.T, s *postgres.Store) {
			name := prepared(t, s)
			s.Pool().Reset()
			execute(t, s, "PREPARE "+name+" (text) AS SELECT $1")
		}, false},
		"a migration": {func(t *testing.T, s *postgres.Store) {
			execute(t, s, "ALTER TABLE accounts ALTER COLUMN login TYPE varchar(100)")
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, oneConnection(cluster.Database(t)))
			err := s.Write(ctx, func(w store.Writer) error {
				if err := w.CreateAccount(store.Account{Login: "ada"}); err != nil {
					return err
				}
				return w.PutKey("ada", lifecycle.Key{AccessKey: "AK1", Verifier: []byte("v"), Generation: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
			find := func() {
				t.Helper()
				err := s.Look(ctx, func(r store.Reader) error {
					a, _, err := r.KeyHolder("AK1")
					if a.Login != "ada" || a.Key.Generation != 1 {
						t.Errorf("it finds %+v", a)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
			find()
			if prepared(t, s) == "" {
				t.Fatal("nothing is prepared")
			}
			c.happens(t, s)
			find()
			find()
			if s.Prepares() != c.prepares {
				t.Errorf("it prepares statements: %t", s.Prepares())
			}
		})
	}
}

// oneConnection gives an address whose pool has one connection.
func oneConnection(address string) string {
	if strings.Contains(address, "?") {
		return address + "&pool_max_conns=1"
	}
	return address + "?pool_max_conns=1"
}

func execute(t *testing.T, s *postgres.Store, statement string) {
	t.Helper()
	if _, err := s.Pool().Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// prepared gives the name of a statement that is prepared on the connection.
func prepared(t *testing.T, s *postgres.Store) (name string) {
	t.Helper()
	err := s.Pool().QueryRow(context.Background(), "SELECT COALESCE(min(name), '') FROM pg_prepared_statements").Scan(&name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
