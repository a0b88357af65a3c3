//go:build linux

package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// onDesktop is a user whose session has a keyring.
func onDesktop(t *testing.T, path string, state testkit.SecretServiceState, env ...string) script {
	t.Helper()
	return script{t, path, append(testkit.SecretService(t, state), env...)}
}

func TestKeyring_GenerateSecretRegenerateDelete(t *testing.T) {
	path := testkit.Build(t, program)
	s := onDesktop(t, path, testkit.Unlocked)
	if got := s.does("generate", "--jq", ".secretStored, .secretMatches"); got != "keyring\ntrue" {
		t.Errorf("kept: %s", got)
	}
	first := s.does("secret")
	s.does("check", "--live")
	s.does("regenerate", "--yes")
	second := s.does("secret")
	if first == second || !strings.HasPrefix(second, "aks_") {
		t.Errorf("%q, then %q", first, second)
	}
	s.does("check", "--live")
	if got := s.entries(); got != 1 {
		t.Errorf("%d entries are in the keyring, want 1: no probe and no old secret", got)
	}
	if files := s.files("secrets"); files != "" {
		t.Errorf("the keyring is used, and there are files: %s", files)
	}
	s.does("delete", "--yes")
	if got := s.entries(); got != 0 {
		t.Errorf("%d entries are left", got)
	}
	if _, errs, status := s.run(nil, "secret"); status != 5 {
		t.Errorf("exit status %d: %s", status, errs)
	}
}

// entries counts what the keyring holds of ours, as another program sees it.
func (s script) entries() int {
	s.t.Helper()
	tool, err := exec.LookPath("secret-tool")
	if err != nil {
		testkit.Missing(s.t, "keyring", err.Error(), "apt-get install libsecret-tools")
	}
	cmd := exec.Command(tool, "search", "--all", "service", "apikey")
	cmd.Env = s.env
	out, _ := cmd.CombinedOutput() // it fails where it finds nothing
	return strings.Count(string(out), "secret = ")
}

func TestKeyring_TwoHomes_OneKeyring(t *testing.T) {
	path := testkit.Build(t, program)
	one := onDesktop(t, path, testkit.Unlocked)
	two := script{t, path, append(one.env, "APIKEY_DATA_DIR="+t.TempDir())}
	one.does("generate")
	two.does("generate")
	if one.does("secret") == two.does("secret") || one.entries() != 2 {
		t.Error("two services share a slot")
	}
	two.does("delete", "--yes")
	one.does("check", "--live")
}

func TestKeyring_OutOfOrder_EndsInTime_AndChangesNothing(t *testing.T) {
	path := testkit.Build(t, program)
	for _, test := range []struct {
		name  string
		state testkit.SecretServiceState
		env   []string
		code  string
		says  string
	}{
		{"Locked", testkit.Locked, nil, "store-locked", "The keyring is locked"},
		{"WrongPassword", testkit.WrongPassword, nil, "store-locked", "The keyring is locked"},
		{"SilentBus", testkit.Silent, []string{"APIKEY_KEYRING_TIMEOUT=1s"}, "store-timeout", "The keyring did not answer in time"},
		{"SilentBus_FiveSeconds", testkit.Silent, nil, "store-timeout", "The keyring did not answer in time"},
		{"NoBus", testkit.Unlocked, []string{"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="}, "store-unavailable", "No keyring can be reached"},
		{"Autolaunch", testkit.Unlocked, []string{"DBUS_SESSION_BUS_ADDRESS=autolaunch:", "XDG_RUNTIME_DIR="}, "store-unavailable", "No keyring can be reached"},
		{"DeadBus", testkit.Unlocked, []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus"}, "store-unavailable", "No keyring can be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := onDesktop(t, path, test.state, test.env...)
			began := time.Now()
			_, errs, status := s.run(nil, "generate", "-o", "json")
			if status != 7 || !strings.Contains(errs, `"code":"`+test.code+`"`) || !strings.Contains(errs, test.says) || !strings.Contains(errs, `"exitStatus":7`) {
				t.Errorf("exit status %d: %s", status, errs)
			}
			if !strings.Contains(errs, "APIKEY_STORE=file") {
				t.Errorf("the way out is not named: %s", errs)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if got := s.does("status", "--jq", ".status"); got != "none" {
				t.Errorf("the key is %s", got)
			}
			if left := s.files("accounts"); strings.Contains(left, "pending.json") {
				t.Errorf("left: %s", left)
			}
			// An existing key is not touched either.
			s.env = append(s.env, "APIKEY_STORE=file")
			s.does("generate")
			if _, errs, status := s.run([]string{"APIKEY_STORE=keyring"}, "regenerate", "--yes"); status != 7 {
				t.Errorf("exit status %d: %s", status, errs)
			}
			if s.revision() != 1 {
				t.Error("the key was replaced")
			}
			s.does("check", "--live")
		})
	}
}

// TestKeyring_NoBus_StartsNoProcess: without a bus the D-Bus library would start a daemon and leave it behind.
func TestKeyring_NoBus_StartsNoProcess(t *testing.T) {
	s := newScript(t, testkit.Build(t, program), "DISPLAY=:0")
	s.does("generate")
	s.env = append(s.env, "APIKEY_STORE=keyring")
	lines, out, err := s.strace("%process", "regenerate", "--yes")
	if err == nil || !strings.Contains(out, "No keyring can be reached") {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range lines {
		if strings.Contains(line, "execve(") && !strings.Contains(line, s.path) {
			t.Errorf("starts %s", line)
		}
	}
}

// TestInterrupted: Ctrl-C while the keyring is waited for ends the run with its own exit status, and nothing is changed.
func TestInterrupted_WhileTheKeyringIsWaitedFor(t *testing.T) {
	path := testkit.Build(t, program)
	env := append(testkit.SecretService(t, testkit.Silent), "TERM=xterm-256color")
	term := testkit.StartTerminal(t, testkit.TerminalOptions{Env: env}, path, "generate")
	term.WaitFor("Waiting for your keyring…")
	term.Send(keyCtrlC)
	if status := term.Wait(); status != 130 || !strings.Contains(term.Screen(), "Interrupted") {
		t.Errorf("exit status %d\n%s", status, term.Screen())
	}
	if got := (script{t, path, env}).does("status", "--jq", ".status"); got != "none" {
		t.Errorf("the key is %s", got)
	}
}

// TestKeyring_WaitingIsTold: with a person there, a keyring that takes its time is announced.
func TestKeyring_WaitingIsTold(t *testing.T) {
	path := testkit.Build(t, program)
	env := append(testkit.SecretService(t, testkit.Silent), "TERM=xterm-256color", "APIKEY_KEYRING_TIMEOUT=3s")
	term := testkit.StartTerminal(t, testkit.TerminalOptions{Env: env}, path, "generate")
	term.WaitFor("Waiting for your keyring…")
	if status := term.Wait(); status != 7 {
		t.Errorf("exit status %d\n%s", status, term.Screen())
	}
}
