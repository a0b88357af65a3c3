//go:build unix

package main

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// steps are the named steps at which a program built with the tag failpoint kills itself, in their order.
var steps = []string{
	"intent", "target-ready", "confirmed", "locked", "record-written", "commit", "reply", "stored", "metadata",
	"old-slot-removed", "record-dropped",
}

// script is a user without a terminal.
type script struct {
	t    *testing.T
	path string
	env  []string
}

func newScript(t *testing.T, path string, env ...string) script {
	return script{t, path, append([]string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin", "APIKEY_STORE=file", "TZ=UTC"}, env...)}
}

// run runs a command and gives what it printed and its exit status, -1 for a killed one.
func (s script) run(env []string, args ...string) (stdout, stderr string, status int) {
	s.t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(s.path, args...)
	cmd.Env = append(s.env, env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the status says it
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (s script) does(args ...string) string {
	s.t.Helper()
	out, errs, status := s.run(nil, args...)
	if status != 0 {
		s.t.Fatalf("apikey %v: exit status %d: %s", args, status, errs)
	}
	return strings.TrimSpace(out)
}

func (s script) revision() int {
	s.t.Helper()
	n, err := strconv.Atoi(s.does("status", "--jq", ".revision"))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestKilled_AtEveryStep: the real program is killed with SIGKILL at each step of the order; the next run of the same
// command ends with a kept secret that the service accepts, and exactly one new key was made.
func TestKilled_AtEveryStep(t *testing.T) {
	path := testkit.Build(t, program, "failpoint")
	commands := []struct {
		name    string
		prepare [][]string
		args    []string
	}{
		{"generate", nil, []string{"generate"}},
		{"generate --if-missing", nil, []string{"generate", "--if-missing"}},
		{"regenerate", [][]string{{"generate"}}, []string{"regenerate", "--yes"}},
		{"regenerate --grace", [][]string{{"generate"}}, []string{"regenerate", "--yes", "--grace", "1h"}},
	}
	for _, command := range commands {
		for _, step := range steps {
			t.Run(command.name+"/"+step, func(t *testing.T) {
				t.Parallel()
				s := newScript(t, path)
				for _, args := range command.prepare {
					s.does(args...)
				}
				before := s.revision()
				_, errs, status := s.run([]string{"APIKEY_FAILPOINT=" + step}, command.args...)
				if status != -1 {
					t.Fatalf("was not killed: exit status %d: %s", status, errs)
				}
				out, errs, status := s.run(nil, append(command.args, "-o", "json")...)
				done := step == "record-dropped" // it had ended: the command is a new one
				switch {
				case done && command.name == "generate":
					if status != 5 {
						t.Errorf("exit status %d, want 5", status)
					}
				case status != 0:
					t.Fatalf("the next run: exit status %d: %s", status, errs)
				case !done && !strings.Contains(out, `"changed":true`):
					t.Errorf("the next run says nothing was changed: %s", out)
				}
				want := before + 1
				if done && strings.HasPrefix(command.name, "regenerate") {
					want++
				}
				if got := s.revision(); got != want {
					t.Errorf("revision %d, want %d: not exactly one new key", got, want)
				}
				s.does("check", "--live")
				if left := s.files("accounts"); strings.Contains(left, "pending.json") {
					t.Errorf("a pending record was left: %s", left)
				}
				if secrets := strings.Fields(s.files("secrets")); len(secrets) != 1 {
					t.Errorf("kept: %v", secrets)
				}
			})
		}
	}
}

// files lists the files below a part of the data folder.
func (s script) files(part string) string {
	home := strings.TrimPrefix(s.env[0], "HOME=")
	out, _ := exec.Command("find", home+"/.local/share/apikey/"+part, "-type", "f").Output()
	return string(out)
}

// TestKilled_SecretRecovers: between the commit and the rest of the secret, apikey secret recovers it too.
func TestKilled_SecretRecovers(t *testing.T) {
	path := testkit.Build(t, program, "failpoint")
	for _, step := range []string{"commit", "reply", "stored", "metadata"} {
		for _, store := range []string{"file", "none"} {
			if store == "none" && (step == "stored" || step == "metadata") {
				continue // steps only a store has
			}
			t.Run(store+"/"+step, func(t *testing.T) {
				t.Parallel()
				s := newScript(t, path, "APIKEY_STORE="+store)
				if _, _, status := s.run([]string{"APIKEY_FAILPOINT=" + step}, "generate", "--show-secret"); status != -1 {
					t.Fatalf("was not killed: %d", status)
				}
				out, errs, status := s.run(nil, "status")
				if status != 0 || !strings.Contains(errs, "An earlier generate was cut short.") {
					t.Errorf("status does not mention it: %d %s %s", status, out, errs)
				}
				secret := s.does("secret")
				if !strings.HasPrefix(secret, "aks_") {
					t.Fatalf("got %q", secret)
				}
				accessKey := s.does("status", "--jq", ".accessKey")
				_, errs, status = s.run([]string{"APIKEY_ACCESS_KEY=" + accessKey, "APIKEY_ACCESS_SECRET=" + secret}, "check", "--live")
				if status != 0 {
					t.Errorf("the recovered secret is not accepted: %s", errs)
				}
				if strings.Contains(s.files("accounts"), "pending.json") {
					t.Error("the record was kept")
				}
			})
		}
	}
}

// TestKilled_OtherCommandNext: a recovered secret is kept before another action goes on; without a store the record
// stays until the key is replaced.
func TestKilled_OtherCommandNext(t *testing.T) {
	path := testkit.Build(t, program, "failpoint")
	s := newScript(t, path)
	s.run([]string{"APIKEY_FAILPOINT=commit"}, "generate")
	if _, errs, status := s.run(nil, "disable", "--yes"); status != 0 || strings.Contains(errs, "recovered") {
		t.Errorf("disable looked at the record: %d %s", status, errs)
	}
	if _, errs, status := s.run(nil, "regenerate", "--yes"); status != 0 || !strings.Contains(errs, "An earlier generate was cut short. The secret it made is recovered.") {
		t.Errorf("%d %s", status, errs)
	}
	if got := s.revision(); got != 3 {
		t.Errorf("revision %d, want 3: generate, disable, regenerate", got)
	}
	s.does("check", "--live")
}

// TestKilled_AndTheStoreFails: the record is kept while the secret cannot be, and says until when.
func TestKilled_AndTheStoreFails(t *testing.T) {
	path := testkit.Build(t, program, "failpoint")
	s := newScript(t, path)
	s.run([]string{"APIKEY_FAILPOINT=commit"}, "generate")
	_, errs, status := s.run([]string{"APIKEY_STORE=keyring"}, "generate")
	if status != 7 || !strings.Contains(errs, "No keyring can be reached") {
		t.Errorf("%d %s", status, errs)
	}
	if !strings.Contains(s.files("accounts"), "pending.json") {
		t.Fatal("the record is gone")
	}
	if _, errs, status := s.run(nil, "generate"); status != 0 {
		t.Errorf("with the store mended: %d %s", status, errs)
	}
	s.does("check", "--live")
}
