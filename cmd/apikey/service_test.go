//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/daemon"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/internal/testkit"
)

// keyService is a real apikeyd over TLS on the loopback address, except that its clock can be moved: codes are spent and
// sessions age within the second.
type keyService struct {
	dir    string // of its data, its certificate and its log
	plain  bool   // HTTP: no TLS
	ahead  atomic.Int64
	ends   chan os.Signal
	done   chan error
	log    *testkit.Buffer
	server string // its address
}

func (k *keyService) now() time.Time { return time.Now().Add(time.Duration(k.ahead.Load())) }

// env is what a run of apikeyd takes from outside.
func (k *keyService) env(in io.Reader, out, errs io.Writer) *daemon.Env {
	return &daemon.Env{
		IO: &term.IO{In: in, Out: out, Err: errs, Width: 80}, GOOS: "linux", Now: k.now, Random: rand.Reader,
		Getenv:  func(string) string { return "" },
		Version: func() command.Version { return command.Version{Number: "test"} },
		Signals: func() (<-chan os.Signal, func()) { return k.ends, func() {} },
	}
}

// operator runs apikeyd with a command of its operator.
func (k *keyService) operator(in io.Reader, args ...string) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	e := k.env(in, &out, &errs)
	e.Signals = func() (<-chan os.Signal, func()) { return nil, func() {} }
	err = daemon.Run(context.Background(), e, append(args, "--data", filepath.Join(k.dir, "data")))
	return out.String(), errs.String(), err
}

// start serves, and waits until it listens.
func (k *keyService) start(args ...string) error {
	cert, key, err := testkit.WriteCertificate(k.dir)
	if err != nil {
		return err
	}
	k.ends, k.done, k.log = make(chan os.Signal, 2), make(chan error, 1), &testkit.Buffer{}
	if !k.plain {
		args = append(args, "--tls-cert", cert, "--tls-key", key)
	}
	args = append([]string{"serve", "--data", filepath.Join(k.dir, "data"), "--listen", "127.0.0.1:0"}, args...)
	go func() {
		k.done <- daemon.Run(context.Background(), k.env(strings.NewReader(""), io.Discard, k.log), args)
	}()
	for range 1000 {
		for _, line := range strings.Split(k.log.String(), "\n") {
			var said struct{ Address string }
			if json.Unmarshal([]byte(line), &said) == nil && strings.HasPrefix(said.Address, "http") {
				k.server = said.Address
				return nil
			}
		}
		select {
		case err := <-k.done:
			return errors.Join(errors.New("apikeyd ended: "+k.log.String()), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("apikeyd did not come up: " + k.log.String())
}

func (k *keyService) stop() {
	if k.done == nil {
		return
	}
	k.ends <- os.Interrupt
	if err := <-k.done; err != nil {
		_, _ = k.log.Write([]byte("ended with: " + err.Error() + "\n"))
	}
	k.done = nil
}

// code gives a code that was not spent yet, by an independent generator. The clock moves on by a step for each.
func (k *keyService) code(secret string) (string, error) {
	k.ahead.Add(int64(30 * time.Second))
	generator := exec.Command("oathtool", "--totp", "--base32", "--now", k.now().UTC().Format("2006-01-02 15:04:05 UTC"), "-")
	generator.Stdin = strings.NewReader(secret + "\n")
	out, err := generator.Output()
	return strings.TrimSpace(string(out)), err
}

func needsOathtool(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("oathtool"); err != nil {
		testkit.Missing(t, "oathtool", err.Error(), "apt-get install oathtool")
	}
}

type keyServiceKey struct{}

// TestServiceScripts runs the tool against a key service as its users do; $SERVER is the service, $CA its certificate.
func TestServiceScripts(t *testing.T) {
	needsOathtool(t)
	served := func(ts *testscript.TestScript) *keyService { return ts.Value(keyServiceKey{}).(*keyService) }
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/service",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": testkit.Exits,
			"json":  testkit.JSONFields,
			// serve [FLAG ...]: starts the service
			"serve": func(ts *testscript.TestScript, _ bool, args []string) {
				k := served(ts)
				ts.Check(k.start(args...))
				ts.Defer(k.stop)
				ts.Setenv("SERVER", k.server)
				ts.Setenv("CA", filepath.Join(k.dir, "cert.pem"))
			},
			// stopped: ends the service
			"stopped": func(ts *testscript.TestScript, _ bool, _ []string) { served(ts).stop() },
			// operator ARG ...: a command of apikeyd, with the word "password" where it wants one from standard input
			"operator": func(ts *testscript.TestScript, neg bool, args []string) {
				out, errs, err := served(ts).operator(strings.NewReader(memberPassword+"\n"), args...)
				ts.Logf("%s%s", out, errs)
				if (err != nil) != neg {
					ts.Fatalf("apikeyd %v: %v", args, err)
				}
				ts.Check(os.WriteFile(ts.MkAbs("operator.out"), []byte(out), 0o600))
			},
			// requests N ROUTE: how many requests of a route the service has seen
			"requests": func(ts *testscript.TestScript, _ bool, args []string) {
				time.Sleep(200 * time.Millisecond) // a line of the log may be a tenth of a second late
				if got := strconv.Itoa(strings.Count(served(ts).log.String(), `"route":"`+args[1]+`"`)); got != args[0] {
					ts.Fatalf("%s requests of %s, want %s", got, args[1], args[0])
				}
			},
			// clock DURATION: lets time pass at the service
			"clock": func(ts *testscript.TestScript, _ bool, args []string) {
				d, err := time.ParseDuration(args[0])
				ts.Check(err)
				served(ts).ahead.Add(int64(d))
			},
			// code FILE: sets $CODE to a fresh code for the secret in a file of JSON (mfa setup --begin -o json)
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				var setup struct{ Secret string }
				ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &setup))
				code, err := served(ts).code(setup.Secret)
				ts.Check(err)
				ts.Setenv("CODE", code)
			},
			// introspect WANT TOKENFILE: asks as the resource server whose secret is in resource.secret
			"introspect": func(ts *testscript.TestScript, _ bool, args []string) {
				client, err := testkit.TrustingClient(ts.Getenv("CA"))
				ts.Check(err)
				body := strings.NewReader("token=" + strings.TrimSpace(ts.ReadFile(args[1])))
				r, err := http.NewRequest(http.MethodPost, served(ts).server+"/introspect", body)
				ts.Check(err)
				r.SetBasicAuth("api", strings.TrimSpace(ts.ReadFile("resource.secret")))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				reply, err := client.Do(r)
				ts.Check(err)
				defer func() { _ = reply.Body.Close() }()
				text, err := io.ReadAll(reply.Body)
				ts.Check(err)
				if got := string(text); !strings.HasPrefix(got, `{"active":`+args[0]) {
					ts.Fatalf("introspection: %s, want active %s", got, args[0])
				}
			},
		},
		Setup: func(env *testscript.Env) error {
			k := &keyService{dir: env.WorkDir + "/service"}
			env.Values[keyServiceKey{}] = k
			return errors.Join(newMachine(env), os.Mkdir(k.dir, 0o700),
				os.WriteFile(env.WorkDir+"/password", []byte(memberPassword+"\n"), 0o600))
		},
	})
}
