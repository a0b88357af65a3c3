package interop_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// patience bounds every wait for a program; no test passes because of it.
const patience = 60 * time.Second

const password = "correct horse battery staple"

// programs are built once for all tests.
type programs struct{ apikey, apikeyd string }

var built programs

// TestMain builds the programs before the tests and removes them after.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "apikey-interop-")
	if err != nil {
		panic(err)
	}
	built = programs{filepath.Join(dir, "apikey"), filepath.Join(dir, "apikeyd")}
	build := exec.Command("go", "build", "-trimpath", "-o", dir, "../../cmd/apikey", "../../cmd/apikeyd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// service is a running apikeyd with an account that has a key, and a resource server.
type service struct {
	t        *testing.T
	url      string
	data     string
	key      pair
	resource pair
}

// pair is a credential.
type pair struct{ id, secret string }

// start starts a service. The test ends it.
func start(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.operate(password, "account", "add", "ada", "--key-permission", "--password-stdin")
	s.resource = s.addResource("api")
	cmd := exec.Command(built.apikeyd, "serve", "--data", s.data, "--listen", "127.0.0.1:0", "--mfa", "optional")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() { follow(log, address) })
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("apikeyd ended with %v", err)
		}
	})
	select {
	case s.url = <-address:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("apikeyd never was ready")
	}
	s.key = s.generate()
	return s
}

// follow reads a log to its end and gives the address it names.
func follow(log io.Reader, address chan<- string) {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line struct {
			Message string `json:"msg"`
			Address string `json:"address"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && strings.HasPrefix(line.Message, "listening on ") {
			address <- line.Address
		}
	}
}

// operate runs a command of apikeyd on the folder of the service and gives what it prints.
func (s *service) operate(stdin string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(built.apikeyd, append(args, "--data", s.data)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("apikeyd %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

func (s *service) addResource(name string) pair {
	s.t.Helper()
	var added struct{ Name, Secret string }
	if err := json.Unmarshal([]byte(s.operate("", "resource", "add", name, "-o", "json")), &added); err != nil {
		s.t.Fatal(err)
	}
	return pair{added.Name, added.Secret}
}

// client is the account of the service, signed in.
func (s *service) client() *keyapi.Client {
	s.t.Helper()
	ctx := context.Background()
	client, err := keyapi.NewClient(keyapi.ClientOptions{Server: s.url})
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := client.SignIn(ctx, keyapi.SignIn{LoginID: "ada", Password: keyapi.NewSecret(password)})
	if err != nil {
		s.t.Fatal(err)
	}
	client, err = keyapi.NewClient(keyapi.ClientOptions{Server: s.url, Session: session.Token})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

func (s *service) generate() pair {
	s.t.Helper()
	attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := s.client().Generate(context.Background(), keyapi.Change{IdempotencyKey: attempt})
	if err != nil {
		s.t.Fatal(err)
	}
	return pair{made.Key.AccessKey, made.AccessSecret.Reveal()}
}

// disable disables the key of the service: its tokens are dead from then on.
func (s *service) disable() {
	s.t.Helper()
	if _, err := s.client().Disable(context.Background(), keyapi.Change{}); err != nil {
		s.t.Fatal(err)
	}
}

// token gives an access token.
func (s *service) token() string {
	s.t.Helper()
	token, err := s.client().Token(context.Background(), s.key.id, keyapi.NewSecret(s.key.secret))
	if err != nil {
		s.t.Fatal(err)
	}
	return token.AccessToken.Reveal()
}

// env is what the programs of the tests learn of the service.
func (s *service) env() []string {
	return []string{
		"SERVER=" + s.url, "APIKEY_ACCESS_KEY=" + s.key.id, "APIKEY_ACCESS_SECRET=" + s.key.secret,
		"RESOURCE_NAME=" + s.resource.id, "RESOURCE_SECRET=" + s.resource.secret,
	}
}

// program gives the path of a foreign program, or ends the test.
func program(t *testing.T, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testkit.Missing(t, "clients", name+" is not in PATH", install)
	}
	return path
}

// run runs a program to its end and gives what it prints.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var wrong strings.Builder
	cmd.Stderr = &wrong
	cmd.WaitDelay = patience
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", cmd.Path, err, out, wrong.String())
	}
	return string(out)
}

// freeAddress gives a port of 127.0.0.1 that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// background starts a program that the test ends.
func background(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
}

// wantStatus asks a server at an address, once it listens, with an Authorization header ("" = none).
func wantStatus(t *testing.T, name string, want int, address, authorization string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	if reply.StatusCode != want {
		t.Errorf("%s: status %d, want %d", name, reply.StatusCode, want)
	}
	if challenge := reply.Header.Get("WWW-Authenticate"); (want == http.StatusUnauthorized) != (challenge == "Bearer") {
		t.Errorf("%s: status %d with the challenge %q", name, reply.StatusCode, challenge)
	}
}
