package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// patience bounds every wait for a program; no test passes because of it.
const patience = 20 * time.Second

// serverKey is where a script has its server.
type serverKey struct{}

// server is an apikeyd serve in the background.
type server struct {
	cmd  *exec.Cmd
	exit chan error
	log  string // file with what it wrote

	inHand net.Conn // of a request that has begun
}

// listening is the line of the log that says that a server listens.
type listening struct {
	Message string `json:"msg"`
	Address string `json:"address"`
}

// serve starts apikeyd serve on a port of 127.0.0.1 that is free, and waits until it tells its service manager that it is
// ready: serve [ARG ...]. $SERVER is then its address, and $LISTEN that without its scheme. Its log is in the file
// server.log, as the script goes on. It is ended with the script.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve [ARG ...]")
	}
	s := ts.Value(serverKey{}).(*server)
	s.log = ts.MkAbs("server.log")
	log, err := os.Create(s.log)
	ts.Check(err)
	defer func() { _ = log.Close() }()
	socket := ts.MkAbs("notify")
	_ = os.Remove(socket) // of a server before
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	ts.Check(err)
	ts.Defer(func() { _ = manager.Close() })
	s.cmd = exec.Command(program(ts), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir, s.cmd.Stderr = ts.MkAbs("."), log
	s.cmd.Env = []string{"NOTIFY_SOCKET=" + socket}
	for _, name := range []string{"HOME", "TZ", "PATH", "APIKEYD_TEST_CLOCK", "APIKEYD_DATA", "APIKEYD_MFA", "APIKEYD_DATABASE", "APIKEYD_ISSUER"} {
		s.cmd.Env = append(s.cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(s.cmd.Start())
	s.exit = make(chan error, 1)
	cmd, exit := s.cmd, s.exit
	go func() { exit <- cmd.Wait() }()
	ts.Defer(func() { _ = cmd.Process.Kill() })
	ready := make(chan string, 1)
	go func() {
		state := make([]byte, 64)
		n, _ := manager.Read(state)
		ready <- string(state[:n])
	}()
	select {
	case state := <-ready:
		if state != "READY=1" {
			ts.Fatalf("the service manager was told %q", state)
		}
	case err := <-exit:
		ts.Fatalf("the server ended: %v\n%s", err, ts.ReadFile("server.log"))
	case <-time.After(patience):
		ts.Fatalf("the server never was ready:\n%s", ts.ReadFile("server.log"))
	}
	address := listensOn(s.log)
	ts.Setenv("SERVER", address)
	_, listen, _ := strings.Cut(address, "://")
	ts.Setenv("LISTEN", listen)
}

// program gives the path of the program the scripts run: that of the test binary under its name.
func program(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, "apikeyd")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	ts.Fatalf("apikeyd is not in PATH")
	return ""
}

// listensOn looks for the address of a server in its log.
func listensOn(log string) string {
	f, err := os.Open(log)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line listening
		if json.Unmarshal(lines.Bytes(), &line) == nil && strings.HasPrefix(line.Message, "listening on ") {
			return line.Address
		}
	}
	return ""
}

// end ends the server by a signal and expects its exit status: end TERM 0. Without a status it only
// sends the signal, with - for a signal it only waits.
func end(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "HUP": syscall.SIGHUP}
	if neg || len(args) == 0 || signals[args[0]] == nil && args[0] != "-" {
		ts.Fatalf("usage: end TERM|INT|HUP|- [STATUS]")
	}
	s := ts.Value(serverKey{}).(*server)
	if signal := signals[args[0]]; signal != nil {
		ts.Check(s.cmd.Process.Signal(signal))
	}
	if len(args) == 1 {
		return
	}
	select {
	case <-s.exit: //nolint:errcheck // its status is looked at below
	case <-time.After(patience):
		ts.Fatalf("the server did not end:\n%s", ts.ReadFile("server.log"))
	}
	if got := strconv.Itoa(s.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("the server ended with %s, want %s\n%s", got, args[1], ts.ReadFile("server.log"))
	}
}

// begin sends a request but for the last byte of its body: begin PATH BODY. It is in hand then, until finish.
func begin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: begin PATH BODY")
	}
	conn, err := net.Dial("tcp", ts.Getenv("LISTEN"))
	ts.Check(err)
	ts.Defer(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		args[0], len(args[1]))
	ts.Check(err)
	line, err := bufio.NewReader(conn).ReadString('\n') // the handler asks for the body
	ts.Check(err)
	if !strings.Contains(line, "100 Continue") {
		ts.Fatalf("the request is not in hand: %s", line)
	}
	_, err = io.WriteString(conn, args[1][:len(args[1])-1])
	ts.Check(err)
	ts.Value(serverKey{}).(*server).inHand = conn
}

// finish sends the rest of the request in hand and expects its status: finish STATUS. The status 0 expects that nothing
// answers.
func finish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: finish STATUS")
	}
	conn := ts.Value(serverKey{}).(*server).inHand
	_, _ = io.WriteString(conn, "}") // if it fails, so does the answer
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	got := 0
	if err == nil {
		got = reply.StatusCode
		_ = reply.Body.Close()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("status %d (%v), want %s", got, err, args[0])
	}
}

// remembered are the fields of replies whose values later lines of a script need, by the variable they are put into.
var remembered = map[string]string{"token": "TOKEN", "access_token": "ACCESS_TOKEN", "accessKey": "ACCESS_KEY", "accessSecret": "ACCESS_SECRET"}

// request makes an HTTP request and expects a status: http 201 POST /v1/sessions BODY [NAME: VALUE ...]. The status 0
// waits until nothing answers. The body of the reply is then in stdout, and what remembered names in variables.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: http STATUS METHOD PATH [BODY [NAME: VALUE ...]]")
	}
	var body io.Reader
	if len(args) > 3 && args[3] != "" {
		body = strings.NewReader(args[3])
	}
	target := args[2]
	if strings.HasPrefix(target, "/") {
		target = ts.Getenv("SERVER") + target
	}
	r, err := http.NewRequest(args[1], target, body)
	ts.Check(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range args[min(4, len(args)):] {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if trusted, err := os.ReadFile(ts.MkAbs("cert.pem")); err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(trusted)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	client := http.Client{Transport: transport, Timeout: patience}
	deadline := time.Now().Add(patience)
	reply, err := client.Do(r)
	for args[0] == "0" && err == nil {
		_ = reply.Body.Close()
		if time.Now().After(deadline) {
			ts.Fatalf("it still answers: %s", reply.Status)
		}
		reply, err = client.Do(r)
	}
	if args[0] == "0" {
		return
	}
	ts.Check(err)
	text, err := io.ReadAll(reply.Body)
	ts.Check(err)
	_ = reply.Body.Close()
	if strconv.Itoa(reply.StatusCode) != args[0] {
		ts.Fatalf("%s %s: %s, want %s\n%s", args[1], args[2], reply.Status, args[0], text)
	}
	var fields map[string]any
	if json.Unmarshal(text, &fields) == nil {
		for field, variable := range remembered {
			if value, isText := fields[field].(string); isText {
				ts.Setenv(variable, value)
			}
		}
	}
	_, err = ts.Stdout().Write(text)
	ts.Check(err)
}

// logs waits until the log of the server has a text: logs TEXT.
func logs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: logs TEXT")
	}
	for deadline := time.Now().Add(patience); !strings.Contains(ts.ReadFile("server.log"), args[0]); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("the log never had %q:\n%s", args[0], ts.ReadFile("server.log"))
		}
	}
}

// pair writes a new certificate for 127.0.0.1 and its key: pair CERT KEY.
func pair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pair CERT KEY")
	}
	ts.Check(testkit.WritePair(ts.MkAbs(args[0]), ts.MkAbs(args[1]), time.Now().Add(time.Hour)))
}
