//go:build linux

package speed

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// furnish gives every account of a SQLite world what a person has: something to sign in with, a session and three events.
const furnish = `
	INSERT INTO credentials (account_id, password_hash, seed, last_step)
		SELECT id, '$argon2id$v=19$m=19456,t=2,p=1$' || hex(randomblob(24)), randomblob(48), 1 FROM accounts;
	INSERT INTO sessions (id, hash, account_id, name, created_at, expires_at, origin, user_agent)
		SELECT hex(randomblob(8)), randomblob(32), id, '', created_at, created_at, '192.0.2.1', 'apikey/1' FROM accounts;
	INSERT INTO events (account_id, at, action, actor, origin, user_agent, access_key, revision)
		SELECT id, a.created_at, action.column1, login, '192.0.2.1', 'apikey/1', access_key, 1
		FROM accounts a JOIN keys ON account_id = id, (VALUES ('generate'), ('disable'), ('activate')) action;`

// BenchmarkCopy: how long apikeyd copy takes for so many accounts as APIKEY_SPEED_ACCOUNTS says, and its peak of memory.
func BenchmarkCopy(b *testing.B) {
	accounts := 10_000
	if text := os.Getenv("APIKEY_SPEED_ACCOUNTS"); text != "" {
		_, err := fmt.Sscan(text, &accounts)
		ok(b, err)
	}
	path, cluster := program(b), testkit.StartPostgres(b)
	w := newWorld(b, nil, accounts)
	db, err := sql.Open("sqlite", filepath.Join(w.data, "apikeyd.db"))
	ok(b, err)
	_, err = db.ExecContext(context.Background(), furnish)
	ok(b, err)
	ok(b, db.Close())
	folder := func() string { return filepath.Join(b.TempDir(), "copy") }
	database := func() string { return cluster.Database(b) }
	up := database()
	w.copy(b, path, w.data, up)
	for _, way := range []struct {
		name, from string
		to         func() string
	}{
		{"folder-to-folder", w.data, folder}, {"folder-to-postgres", w.data, database}, {"postgres-to-folder", up, folder},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				used := w.copy(b, path, way.from, way.to())
				b.ReportMetric(float64(used.Maxrss)/1024, "most-MiB")
			}
			b.ReportMetric(float64(accounts*b.N)/b.Elapsed().Seconds(), "accounts/s")
		})
	}
}

// copy runs apikeyd copy, and gives what it used.
func (w *world) copy(b *testing.B, program, from, to string) *syscall.Rusage {
	b.Helper()
	cmd := exec.Command(program, "copy", "--data", w.data, "--from", from, "--to", to)
	cmd.Env = []string{"HOME=" + w.data, "TZ=UTC"}
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage)
}
