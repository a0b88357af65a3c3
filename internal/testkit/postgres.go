//go:build unix

package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const installPostgres = "apt-get install postgresql"

// Cluster is a PostgreSQL of the test's own, on loopback, with nothing in it.
type Cluster struct {
	Port int
	made atomic.Int64
	cmd  *exec.Cmd
	end  sync.Once
}

// PostgreSQL refuses to be run by root: then it runs as the user its package made.
func postgresUser(t testing.TB) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		Missing(t, "postgres", err.Error(), installPostgres)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatalf("the user postgres has the numbers %s and %s", u.Uid, u.Gid)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// postgresProgram finds a program of PostgreSQL, whose folder is seldom on the path.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well-formed
	if len(found) == 0 {
		Missing(t, "postgres", name+" is not there", installPostgres)
	}
	return found[len(found)-1]
}

// StartPostgres starts a cluster that ends with the test.
func StartPostgres(t testing.TB) *Cluster {
	t.Helper()
	as := postgresUser(t)
	initdb, postgres := postgresProgram(t, "initdb"), postgresProgram(t, "postgres")
	dir, err := os.MkdirTemp("", "pg-") // not the test's own folder, which only its user can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if as != nil {
		if err := os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	run := func(path string, args ...string) *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}, as
		return cmd
	}
	if out, err := run(initdb, "-D", data, "-U", "apikey", "--auth=trust", "--encoding=UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c := &Cluster{Port: freePort(t)}
	c.cmd = run(postgres, "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(c.Port), "-k", dir,
		"-c", "fsync=off", "-c", "max_connections=300", "-c", "timezone=UTC")
	log := &strings.Builder{}
	c.cmd.Stderr = log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	deadline := time.Now().Add(patience)
	for c.try("SELECT 1") != nil {
		if time.Now().After(deadline) {
			t.Fatalf("PostgreSQL did not come up:\n%s", log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return c
}

// Stop ends the cluster before the test does, for what is tried without its database.
func (c *Cluster) Stop() {
	c.end.Do(func() {
		_ = c.cmd.Process.Signal(syscall.SIGQUIT) // at once: nothing of it is worth keeping
		_ = c.cmd.Wait()
	})
}

// Database makes an empty database and gives its address.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprint("test", c.made.Add(1))
	c.does(t, "CREATE DATABASE "+name)
	return c.Address(name)
}

// Schema makes an empty schema and gives the address of a database that has nothing else: some hundred times faster to
// make than a database.
func (c *Cluster) Schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprint("test", c.made.Add(1))
	c.does(t, "CREATE SCHEMA "+name)
	return c.Address("postgres") + "&search_path=" + name
}

func (c *Cluster) does(t testing.TB, statement string) {
	t.Helper()
	if err := c.try(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (c *Cluster) try(statement string) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	conn, err := pgx.Connect(ctx, c.Address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Address gives the address of a database of the cluster.
func (c *Cluster) Address(name string) string {
	return fmt.Sprintf("postgres://apikey@127.0.0.1:%d/%s?sslmode=disable", c.Port, name)
}

// freePort gives a port of the loopback address that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
