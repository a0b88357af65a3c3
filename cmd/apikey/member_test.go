//go:build unix

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

const memberPassword = "correct horse battery"

// member is a person with the account ada at a key service of their own.
type member struct {
	person
	service  *keyService
	server   string   // its address for the member
	ca       string   // whom the member trusts for it
	seed     string   // for the authenticator app, in base32; "" = MFA is off
	recovery []string // codes that are not used yet
}

// newMember starts a service with an account and gives its owner, who is not signed in.
func newMember(t *testing.T, path string, env ...string) *member {
	t.Helper()
	needsOathtool(t)
	return memberOf(t, startService(t), path, env...)
}

// startService starts a service with the account ada.
func startService(t testing.TB, flags ...string) *keyService {
	t.Helper()
	k := &keyService{dir: t.TempDir()}
	add := []string{"account", "add", "ada", "--key-permission", "--password-stdin"}
	if _, errs, err := k.operator(strings.NewReader(memberPassword+"\n"), add...); err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	if err := k.start(flags...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.stop)
	return k
}

func memberOf(t *testing.T, k *keyService, path string, env ...string) *member {
	t.Helper()
	return &member{person: newPerson(t, path, env...), service: k, server: k.server, ca: filepath.Join(k.dir, "cert.pem")}
}

// in gives the member as a part of a test, which what goes wrong is laid to.
func (m *member) in(t *testing.T, env ...string) *member {
	part := *m
	part.person = person{t, append(append([]string{}, m.env...), env...), m.path}
	return &part
}

// start starts a command on a terminal that has room for a QR code.
func (m *member) start(args ...string) *testkit.Terminal {
	m.t.Helper()
	return testkit.StartTerminal(m.t, testkit.TerminalOptions{Env: m.env, Rows: 50, Cols: 80}, m.path, args...)
}

// pipes runs a command without a terminal and gives its output.
func (m *member) pipes(stdin string, args ...string) (stdout, stderr string, status int) {
	m.t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(m.path, args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = m.env, strings.NewReader(stdin), &out, &errs
	_ = cmd.Run() // the status says it
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (m *member) mustPipe(stdin string, args ...string) string {
	m.t.Helper()
	out, errs, status := m.pipes(stdin, args...)
	if status != 0 {
		m.t.Fatalf("apikey %v: exit status %d\n%s", args, status, errs)
	}
	return out
}

func (m *member) code() string {
	m.t.Helper()
	code, err := m.service.code(m.seed)
	if err != nil {
		m.t.Fatal(err)
	}
	return code
}

func (m *member) loginArgs() []string {
	return []string{"login", "--server", m.server, "--ca-file", m.ca, "--profile", "prod"}
}

// signIn signs in without a terminal.
func (m *member) signIn() {
	m.t.Helper()
	args := append(m.loginArgs(), "--login-id", "ada", "--password-stdin")
	if m.seed != "" {
		args = append(args, "--otp", m.code())
	}
	m.mustPipe(memberPassword, args...)
}

// enrol signs in and turns MFA on without a terminal.
func (m *member) enrol() {
	m.t.Helper()
	m.signIn()
	m.seed = strings.TrimSpace(m.mustPipe("", "mfa", "setup", "--begin", "--jq", ".secret"))
	m.recovery = strings.Fields(m.mustPipe("", "mfa", "setup", "--code", m.code()))
}

// ages lets the last fresh code grow older than the service takes.
func (m *member) ages() { m.service.ahead.Add(int64(16 * time.Minute)) }

// home gives every file of the member's home with its contents, but for the locks: what is the same before and after
// was not touched.
func (m *member) home() map[string]string {
	m.t.Helper()
	root, found := strings.TrimPrefix(m.env[0], "HOME="), map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		text, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, root)] = string(text)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}
