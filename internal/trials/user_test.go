//go:build unix

package trials

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// user is somebody without a terminal who uses the tool on a machine of their own.
type user struct {
	t    testing.TB
	tool string
	home string
	env  []string
}

func newUser(t testing.TB, tool string, env ...string) user {
	t.Helper()
	home, err := os.MkdirTemp("", "trial-") // not t.TempDir: a worker outlives no test, but makes many homes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	return user{t, tool, home, append([]string{"HOME=" + home, "PATH=/usr/bin:/bin", "APIKEY_STORE=file", "TZ=UTC"}, env...)}
}

// ended is how a run ended: status -1 is a killed one.
type ended struct {
	stdout, stderr string
	status         int
}

func (e ended) String() string {
	return fmt.Sprintf("exit status %d\nstdout: %s\nstderr: %s", e.status, e.stdout, e.stderr)
}

// command prepares a run.
func (u user) command(env []string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	cmd = exec.Command(u.tool, args...)
	cmd.Dir = u.home
	cmd.Env = append(append([]string{}, u.env...), env...)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func (u user) run(env []string, args ...string) ended {
	cmd, out, errs := u.command(env, args...)
	_ = cmd.Run() // the status says it
	return ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// does runs what must succeed.
func (u user) does(args ...string) string {
	u.t.Helper()
	e := u.run(nil, args...)
	if e.status != 0 {
		u.t.Fatalf("apikey %v: %v", args, e)
	}
	return strings.TrimSpace(e.stdout)
}

// state is what the service says of the key.
type state struct {
	Status    string `json:"status"`
	AccessKey string `json:"accessKey"`
	Revision  int    `json:"revision"`
}

func (u user) state() (s state, err error) {
	e := u.run(nil, "status", "-o", "json")
	if e.status != 0 {
		return s, fmt.Errorf("status: %v", e)
	}
	return s, json.Unmarshal([]byte(e.stdout), &s)
}

// data is a path in the data folder.
func (u user) data(parts ...string) string {
	return filepath.Join(append([]string{u.home, ".local/share/apikey"}, parts...)...)
}

// files lists the files below a part of the data folder.
func (u user) files(part string) []string {
	var found []string
	_ = filepath.WalkDir(u.data(part), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// pending tells whether there is a record of an action that was cut short.
func (u user) pending() bool {
	for _, path := range u.files("accounts") {
		if filepath.Base(path) == "pending.json" {
			return true
		}
	}
	return false
}

// strays lists what a write or an action that was cut short left beside the files that are used.
func (u user) strays() []string {
	var found []string
	for _, path := range append(u.files("accounts"), u.files("secrets")...) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			found = append(found, path)
		}
	}
	beside, _ := filepath.Glob(filepath.Join(u.home, ".*.apikey-*")) // of --secret-file
	return append(found, beside...)
}

var secretPattern = regexp.MustCompile(`aks_[0-9A-Za-z]{49}`)

// lastSecret finds the last Access Secret in texts.
func lastSecret(texts ...string) string {
	found := secretPattern.FindAllString(strings.Join(texts, "\n"), -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
