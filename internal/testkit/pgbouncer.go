//go:build unix

package testkit

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// poolSize is how many connections a Pooler keeps to a database: fewer than its clients, so that they share.
const poolSize = 4

// Pooler is a pgbouncer of the test's own before a Cluster, on loopback. It lends its connections for a transaction each.
type Pooler struct{ Port int }

// StartPooler starts a pooler before a cluster. It ends with the test.
func StartPooler(t testing.TB, c *Cluster) Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // seldom on the path of who is not root
	}
	if _, err := os.Stat(program); err != nil {
		Missing(t, "pgbouncer", "it is not there", "apt-get install pgbouncer")
	}
	as := postgresUser(t) // it refuses root too
	dir, err := os.MkdirTemp("", "pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := Pooler{Port: freePort(t)}
	config, users := filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "users.txt")
	for path, text := range map[string]string{
		users: `"apikey" ""` + "\n",
		config: fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
			"unix_socket_dir =\nauth_type = trust\nauth_file = %s\npool_mode = transaction\ndefault_pool_size = %d\nmax_client_conn = 500\n",
			c.Port, p.Port, users, poolSize),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if as != nil {
		for _, path := range []string{dir, users, config} {
			if err := os.Chown(path, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	log := &strings.Builder{}
	cmd := exec.Command(program, "--quiet", config)
	cmd.Dir, cmd.Env, cmd.SysProcAttr, cmd.Stderr = dir, []string{"PATH=/usr/bin:/bin"}, as, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // at once
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("pgbouncer:\n%s", log)
		}
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port))
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return p
		}
		if time.Now().After(deadline) {
			t.Fatal("pgbouncer did not come up")
		}
	}
}

// Address gives the address through the pooler of a database that a cluster gave the address of.
func (p Pooler) Address(c *Cluster, address string) string {
	return strings.Replace(address, fmt.Sprintf(":%d/", c.Port), fmt.Sprintf(":%d/", p.Port), 1)
}
