//go:build unix

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // database/sql's "pgx"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/store/storetest"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func open(t testing.TB, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), address, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestPostgres runs everything that needs a database on one cluster: to make one takes longer than most of the tests.
func TestPostgres(t *testing.T) {
	cluster := testkit.StartPostgres(t)
	for name, test := range map[string]func(*testing.T, *testkit.Cluster){
		"Contract": contract, "Contract_BehindAPooler": contractBehindAPooler,
		"Open_ManyAtOnce_MakeOneDatabase": openManyAtOnce, "Open_NoRandomness_MakesNothingAndCanBeRepeated": openNoRandomness,
		"Open_Absent_SaysWhatToDo": openAbsent, "Open_Existing_MakesNothing": openExisting,
		"Look_WithoutItsStatement": looksWithoutTheirStatement, "Tables_AreTheWholeSchema": tablesAreTheWholeSchema,
	} {
		t.Run(name, func(t *testing.T) { test(t, cluster) })
	}
}

func contract(t *testing.T, cluster *testkit.Cluster) {
	storetest.Run(t, func(t *testing.T) func() (store.Store, error) { return opener(cluster.Schema(t)) })
}

// Behind a pgbouncer that lends a connection for one transaction at a time, to more clients than it has connections,
// everything that has to do with transactions is as it is without.
func contractBehindAPooler(t *testing.T, cluster *testkit.Cluster) {
	pooler := testkit.StartPooler(t, cluster)
	storetest.Run(t, func(t *testing.T) func() (store.Store, error) {
		return opener(pooler.Address(cluster, cluster.Database(t)))
	}, "transactions", "concurrency", "replies", "tokens", "tables", "changes")
}

// A column that a migration adds is not forgotten by copies.
func tablesAreTheWholeSchema(t *testing.T, cluster *testkit.Cluster) {
	address := cluster.Database(t)
	s := open(t, address)
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	storetest.WantWhole(t, s, db, `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'schema'`)
}

func opener(address string) func() (store.Store, error) {
	return func() (store.Store, error) { return postgres.Open(context.Background(), address, postgres.Options{}) }
}

// Replicas that start together on an empty database make its tables once, and are the same instance.
func openManyAtOnce(t *testing.T, cluster *testkit.Cluster) {
	address := cluster.Database(t)
	instances := make([]string, 10)
	var wg sync.WaitGroup
	for i := range instances {
		wg.Go(func() {
			s, err := postgres.Open(context.Background(), address, postgres.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			instances[i] = s.Instance()
			_ = s.Close()
		})
	}
	wg.Wait()
	for _, instance := range instances {
		if instance == "" || instance != instances[0] {
			t.Fatalf("they are %q", instances)
		}
	}
}

// Without randomness no database is made.
func openNoRandomness(t *testing.T, cluster *testkit.Cluster) {
	address := cluster.Schema(t)
	if _, err := postgres.Open(context.Background(), address, postgres.Options{Random: iotest.ErrReader(context.Canceled)}); err == nil {
		t.Fatal("a database without an identifier was made")
	}
	open(t, address)
}

// Who cannot connect is told where, and never a password.
func TestOpen_Errors_SayWhereAndNoPassword(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	for address, want := range map[string]struct {
		code keyapi.Code
		says string
	}{
		"postgres://ada:hunter2@127.0.0.1:1/keys": {keyapi.CodeUnavailable, "127.0.0.1:1/keys"},
		"postgres://ada:hunter2@:x:/":             {keyapi.CodeUsage, "not well-formed"},
		"host=127.0.0.1 password=hunter2 port=y":  {keyapi.CodeUsage, "not well-formed"},
	} {
		_, err := postgres.Open(ctx, address, postgres.Options{})
		if keyapi.CodeOf(err) != want.code || !strings.Contains(err.Error(), want.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", want.says, keyapi.CodeOf(err), err)
		}
	}
}

// A database that is not there is told with what to do.
func openAbsent(t *testing.T, cluster *testkit.Cluster) {
	_, err := postgres.Open(context.Background(), cluster.Address("absent"), postgres.Options{})
	if keyapi.CodeOf(err) != keyapi.CodeUnavailable || !strings.Contains(hintOf(err), "Make the database") {
		t.Errorf("a database that is not there: %v", err)
	}
}

// A database that must be one of a service already does not become one, and is opened once it is.
func openExisting(t *testing.T, cluster *testkit.Cluster) {
	address := cluster.Schema(t)
	for range 2 {
		_, err := postgres.Open(context.Background(), address, postgres.Options{Existing: true})
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), "no key service") {
			t.Errorf("an empty database: %v", err)
		}
	}
	open(t, address)
	s, err := postgres.Open(context.Background(), address, postgres.Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// hintOf gives what an error says is to be done.
func hintOf(err error) string {
	var known *keyapi.Error
	if errors.As(err, &known) {
		return known.Hint
	}
	return ""
}
