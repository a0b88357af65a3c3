//go:build linux

package speed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// issuer is that of all replicas.
const issuer = "https://keys.example.com"

// world is a service with many accounts, each with a key. All keys have one secret, so that the database can be filled by
// a statement.
type world struct {
	data, database string // database "" = SQLite in data
	mode           string // more settings in the replicas' address of the database
	keys           int
	secret         keyapi.Secret // of every key
	resource       keyapi.Secret // of the resource server "api"
	signing        accesstoken.KeySet
	tokens         []string // one a key
	startTook      time.Duration
}

// accessKey gives the Access Key of the n-th account: digits are letters of Crockford's alphabet too.
func accessKey(n int) string { return fmt.Sprintf("AK%018d", n) }

// The statements that fill a database with accounts 1 to the number given.
const (
	fillSQLite = `
		INSERT INTO accounts (id, login, permitted, mfa_enabled, created_at, revision, last_generation)
			WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1)
			SELECT n, printf('user-%07d', n), 1, 0, ?2, 1, 1 FROM c;
		INSERT INTO keys (account_id, access_key, verifier, created_at, disabled, generation)
			SELECT id, printf('AK%018d', id), ?3, ?2, 0, 1 FROM accounts;`
	fillPostgres = `
		WITH a AS (INSERT INTO accounts (login, permitted, mfa_enabled, created_at, revision, last_generation)
			SELECT 'user-' || lpad(n::text, 7, '0'), TRUE, FALSE, $2, 1, 1 FROM generate_series(1, $1::bigint) n RETURNING id, login)
		INSERT INTO keys (account_id, access_key, verifier, created_at, disabled, generation)
			SELECT id, 'AK' || lpad(substr(login, 6), 18, '0'), $3, $2, FALSE, 1 FROM a`
)

// newWorld makes a database and fills it.
func newWorld(b *testing.B, cluster *testkit.Cluster, keys int) *world {
	b.Helper()
	ctx := context.Background()
	w := &world{data: b.TempDir(), keys: keys}
	if cluster != nil {
		w.database = cluster.Database(b)
	}
	place := datadir.Place{Dir: w.data, Database: w.database}
	data, err := place.Make(ctx, rand.Reader)
	ok(b, err)
	auth, err := authserver.Open(ctx, authserver.Options{
		Store: data.DB, Key: data.Key, Issuer: issuer, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	ok(b, err)
	w.resource, err = auth.AddResource(ctx, "api")
	ok(b, err)
	w.secret, err = keyapi.NewAccessSecret(rand.Reader)
	ok(b, err)
	var sealed []store.SigningKey
	ok(b, data.DB.Read(ctx, func(r store.Reader) (err error) { sealed, err = r.SigningKeys(); return err }))
	seed, err := seal.Open(data.Key.Purpose(masterkey.PurposeSigningKeySeal), sealed[0].Sealed, []byte(sealed[0].ID))
	ok(b, err)
	signer, err := accesstoken.SigningKeyFromSeed(sealed[0].ID, seed, sealed[0].CreatedAt)
	ok(b, err)
	w.signing, err = accesstoken.NewKeySet([]accesstoken.SigningKey{signer})
	ok(b, err)
	verifier := seal.Verifier(data.Key.Purpose(masterkey.PurposeSecretVerifier), w.secret.Reveal())
	ok(b, data.DB.Close())
	w.fill(b, verifier)
	return w
}

func (w *world) fill(b *testing.B, verifier []byte) {
	b.Helper()
	ctx, made := context.Background(), time.Now().Unix()*1e6
	if w.database == "" {
		db, err := sql.Open("sqlite", filepath.Join(w.data, "apikeyd.db"))
		ok(b, err)
		_, err = db.Exec(fillSQLite, w.keys, made, verifier)
		ok(b, err)
		ok(b, db.Close())
		return
	}
	conn, err := pgx.Connect(ctx, w.database)
	ok(b, err)
	_, err = conn.Exec(ctx, fillPostgres, w.keys, made, verifier)
	ok(b, err)
	_, err = conn.Exec(ctx, "ANALYZE")
	ok(b, err)
	ok(b, conn.Close(ctx))
}

// mint makes a token for every key, as /token would.
func (w *world) mint(b *testing.B) {
	b.Helper()
	w.tokens = make([]string, w.keys)
	now := time.Now()
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			for n := worker; n < w.keys; n += workers {
				id, err := accesstoken.NewID(rand.Reader)
				ok(b, err)
				token, err := w.signing.Mint(accesstoken.Claims{
					Issuer: issuer, Audience: issuer, Subject: fmt.Sprintf("user-%07d", n+1), ClientID: accessKey(n + 1), ID: id,
					IssuedAt: now, ExpiresAt: accesstoken.ExpiresAt(now, now.AddDate(1, 0, 0), time.Time{}), Generation: 1,
				})
				ok(b, err)
				w.tokens[n] = token.Reveal()
			}
		})
	}
	wg.Wait()
}

// serve starts replicas and gives where they are.
func (w *world) serve(b *testing.B, program string, replicas int, more ...string) (addresses []string, pids []int) {
	b.Helper()
	for n := range replicas {
		address := freeAddress(b)
		args := append([]string{"serve", "--listen", address, "--issuer", issuer, "--mfa", "optional", "--data", w.data}, more...)
		if w.database != "" {
			args = append(args, "--database", w.database+w.mode)
		}
		cmd := exec.Command(program, args...)
		path := filepath.Join(b.TempDir(), fmt.Sprintf("log%d", n))
		log, err := os.Create(path)
		ok(b, err)
		cmd.Env, cmd.Stderr = []string{"HOME=" + w.data, "TZ=UTC"}, log
		began := time.Now()
		ok(b, cmd.Start())
		b.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = log.Close()
			if said, _ := os.ReadFile(path); b.Failed() {
				b.Logf("the replica said at its end:\n%s", said[max(0, len(said)-4096):])
			}
		})
		await(b, address)
		w.startTook = time.Since(began)
		addresses, pids = append(addresses, "http://"+address), append(pids, cmd.Process.Pid)
	}
	return addresses, pids
}

// asksForToken is a request of the n-th key.
func (w *world) asksForToken(n int64) request {
	return request{"/token", accessKey(int(n%int64(w.keys)) + 1), w.secret.Reveal(), "grant_type=client_credentials"}
}

// asksAboutToken is a request about the n-th token.
func (w *world) asksAboutToken(n int64) request {
	return request{"/introspect", "api", w.resource.Reveal(), "token=" + url.QueryEscape(w.tokens[n%int64(len(w.tokens))])}
}

func ok(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Error(err) // also of goroutines
		panic(err)
	}
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(b, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// await waits until something listens.
func await(b *testing.B, address string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
}
