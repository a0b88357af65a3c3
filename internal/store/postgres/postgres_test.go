//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

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

func TestContract(t *testing.T) {
	cluster := testkit.StartPostgres(t)
	storetest.Run(t, func(t *testing.T) func() (store.Store, error) {
		address := cluster.Schema(t)
		return func() (store.Store, error) { return postgres.Open(context.Background(), address, postgres.Options{}) }
	})
}

// Replicas that start together on an empty database make its tables once, and are the same instance.
func TestOpen_ManyAtOnce_MakeOneDatabase(t *testing.T) {
	address := testkit.StartPostgres(t).Database(t)
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

func TestOpen_NoRandomness_MakesNothingAndCanBeRepeated(t *testing.T) {
	address := testkit.StartPostgres(t).Database(t)
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
	cluster := testkit.StartPostgres(t)
	_, err := postgres.Open(ctx, cluster.Address("absent"), postgres.Options{})
	if keyapi.CodeOf(err) != keyapi.CodeUnavailable || !strings.Contains(hintOf(err), "Make the database") {
		t.Errorf("a database that is not there: %v", err)
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
