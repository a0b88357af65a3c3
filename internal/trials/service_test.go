//go:build unix

package trials

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a program; no trial passes because of it.
const patience = 30 * time.Second

// service is an apikeyd that can be ended and started again on the same database.
type service struct {
	program string
	data    string
	where   []string // flags that say where it keeps what it keeps, and who it is
	cmd     *exec.Cmd
	address string // written by start; others read it by at
	mu      sync.Mutex
	log     *lockedBuffer
}

// at gives where it listens, or did last.
func (s *service) at() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// lockedBuffer is what a program wrote so far.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// password is that of every account of a trial.
const password = "correct horse battery staple"

// newService makes a service with accounts that may have a key; it does not serve yet.
func newService(t testing.TB, program string, accounts ...string) *service {
	t.Helper()
	return newServiceOn(t, "", program, accounts...)
}

// newServiceOn makes one whose database is in a PostgreSQL, at its address; "" = in a file.
func newServiceOn(t testing.TB, database, program string, accounts ...string) *service {
	t.Helper()
	s := &service{program: program, data: t.TempDir(), log: &lockedBuffer{}}
	s.where = []string{"--data", s.data}
	if database != "" {
		s.where = append(s.where, "--database", database)
	}
	for _, login := range accounts {
		cmd := exec.Command(program, append([]string{"account", "add", login, "--key-permission", "--password-stdin"}, s.where...)...)
		cmd.Env, cmd.Stdin = []string{"HOME=" + s.data, "TZ=UTC"}, strings.NewReader(password)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	t.Cleanup(s.end)
	return s
}

// start serves, with env added to the environment, and waits until it listens.
func (s *service) start(env ...string) error {
	s.cmd = exec.Command(s.program, append([]string{"serve", "--listen", "127.0.0.1:0", "--mfa", "optional"}, s.where...)...)
	s.cmd.Env = append([]string{"HOME=" + s.data, "TZ=UTC"}, env...)
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	listens := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			_, _ = fmt.Fprintln(s.log, lines.Text())
			var line struct{ Msg, Address string }
			if !bytes.Contains(lines.Bytes(), []byte("listening on ")) { // there may be thousands a second
				continue
			}
			if json.Unmarshal(lines.Bytes(), &line) == nil && strings.HasPrefix(line.Msg, "listening on ") {
				listens <- strings.TrimPrefix(line.Address, "http://")
			}
		}
	}()
	select {
	case address := <-listens:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.address = address
		return nil
	case <-time.After(patience):
		s.end()
		return fmt.Errorf("the service does not listen:\n%s", s.log)
	}
}

// stop ends it in order: it answers the requests in hand.
func (s *service) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := s.cmd.Wait()
	s.cmd = nil
	return err
}

// restart ends it in order and starts it again.
func (s *service) restart(env ...string) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start(env...)
}

// end kills it.
func (s *service) end() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// breakage is what a relay does to its connections when so many bytes went one way.
type breakage struct {
	up   bool // counted from the tool to the service; else the other way
	at   int64
	does string // "half-close", "stall" or "reset"; "" = nothing
}

// relay stands at an address that stays the same between the tool and whatever is behind it, counts and breaks.
type relay struct {
	listener net.Listener

	mu       sync.Mutex
	upstream string
	breaks   breakage
	conns    map[net.Conn]bool
	up, down int64 // bytes
}

func newRelay(t testing.TB) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = listener.Close(); r.lead("", breakage{}) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(conn)
		}
	}()
	return r
}

// lead closes what is open, counts anew and leads to an address from now on.
func (r *relay) lead(upstream string, b breakage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.Close()
	}
	r.conns, r.upstream, r.breaks, r.up, r.down = map[net.Conn]bool{}, upstream, b, 0, 0
}

func (r *relay) counted() (up, down int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.up, r.down
}

func (r *relay) serve(client net.Conn) {
	r.mu.Lock()
	upstream, b := r.upstream, r.breaks
	r.conns[client] = true
	r.mu.Unlock()
	server, err := net.Dial("tcp", upstream)
	if err != nil {
		_ = client.(*net.TCPConn).SetLinger(0)
		_ = client.Close()
		return
	}
	r.mu.Lock()
	r.conns[server] = true
	r.mu.Unlock()
	go r.carry(server, client, b, true)
	r.carry(client, server, b, false)
}

// carry copies one way until there is no more or it breaks.
func (r *relay) carry(to, from net.Conn, b breakage, up bool) {
	left := int64(-1)
	if b.does != "" && b.up == up {
		left = b.at
	}
	buf := make([]byte, 4096)
	for left != 0 {
		n, err := from.Read(buf)
		if left >= 0 && int64(n) > left {
			n = int(left)
		}
		if left > 0 {
			left -= int64(n)
		}
		r.mu.Lock()
		if up {
			r.up += int64(n)
		} else {
			r.down += int64(n)
		}
		r.mu.Unlock()
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.(*net.TCPConn).CloseWrite()
				return
			}
			_ = to.Close()
			return
		}
	}
	switch b.does {
	case "half-close":
		_ = to.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, from) // what is still said is heard and goes nowhere
	case "reset":
		for _, conn := range []net.Conn{to, from} {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}
}

// signedIn is a user who signed in, through a relay, to a service.
func signedIn(t testing.TB, tool string, s *service, login string) (user, *relay) {
	t.Helper()
	u, r := newUser(t, tool), newRelay(t)
	r.lead(s.address, breakage{})
	cmd, out, errs := u.command(nil, "login", "--server", "http://"+r.listener.Addr().String(), "--login-id", login, "--password-stdin")
	cmd.Stdin = strings.NewReader(password)
	if err := cmd.Run(); err != nil {
		t.Fatalf("login: %v %s %s", err, out, errs)
	}
	return u, r
}

// buildService gives the path of the key service, built with tags.
func buildService(t testing.TB, tags ...string) string {
	t.Helper()
	return buildProgram(t, "../../cmd/apikeyd", tags...)
}

// keptSecrets lists the Access Secrets in private files.
func (u user) keptSecrets() (found []string) {
	for _, path := range u.files("secrets") {
		if strings.HasPrefix(filepath.Base(path), "AK") {
			found = append(found, path)
		}
	}
	return found
}

// codeOf gives the code in the JSON form of an error.
func codeOf(e ended) string {
	var told struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	for line := range strings.Lines(e.stderr) {
		if json.Unmarshal([]byte(line), &told) == nil && told.Error.Code != "" {
			return told.Error.Code
		}
	}
	return ""
}

// within runs the tool and kills it when it takes longer than anybody would wait.
func (u user) within(limit time.Duration, env []string, args ...string) (ended, error) {
	cmd, out, errs := u.command(env, args...)
	if err := cmd.Start(); err != nil {
		return ended{}, err
	}
	late := false
	timer := time.AfterFunc(limit, func() { late = true; _ = cmd.Process.Kill() })
	_ = cmd.Wait() // the status says it
	if !timer.Stop() && late {
		return ended{}, fmt.Errorf("apikey %v did not end within %v", args, limit)
	}
	return ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}, nil
}
