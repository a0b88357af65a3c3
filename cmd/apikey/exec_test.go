//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestExec_OnATerminal: the command has the terminal, its signals and its exit status as if it had been run by itself.
func TestExec_OnATerminal(t *testing.T) {
	tool := testkit.Build(t, program)
	s := newScript(t, tool)
	s.does("generate")
	start := func(command string) *testkit.Terminal {
		x := testkit.StartTerminal(t, testkit.TerminalOptions{Env: append(s.env, "TERM=xterm-256color")}, tool, "exec", "--", "sh", "-c", command)
		x.WaitFor("ready")
		return x
	}
	wait := func(x *testkit.Terminal, want int) {
		t.Helper()
		if got := x.Wait(); got != want {
			t.Errorf("exit status %d, want %d\n%s", got, want, x.Screen())
		}
	}
	const untilSignal = `while :; do sleep 0.01; done`
	t.Run("CtrlC", func(t *testing.T) {
		x := start(`trap 'echo interrupted; exit 9' INT; echo ready; ` + untilSignal)
		x.Send("\x03")
		wait(x, 9)
	})
	t.Run("SIGTERM", func(t *testing.T) {
		x := start(`trap 'exit 10' TERM; echo ready; ` + untilSignal)
		x.Signal(syscall.SIGTERM)
		wait(x, 10)
	})
	t.Run("SIGKILL", func(t *testing.T) {
		x := start(`echo ready; ` + untilSignal)
		x.Signal(syscall.SIGKILL)
		wait(x, -1)
	})
	t.Run("Input", func(t *testing.T) {
		x := start(`test -t 0 && test -t 1 && echo ready; read -r line; test "$line" = typed && exit 11`)
		x.Send("typed\r")
		wait(x, 11)
	})
}

// TestExec_TheSecretIsInNoCommandLine: of no process, while the command runs; it is in the command's environment.
func TestExec_TheSecretIsInNoCommandLine(t *testing.T) {
	tool := testkit.Build(t, program)
	s := newScript(t, tool)
	s.does("generate")
	secret := s.does("secret")
	x := testkit.StartTerminal(t, testkit.TerminalOptions{Env: append(s.env, "TERM=dumb")}, tool, "exec", "--", "sh", "-c",
		`test "$(printenv APIKEY_ACCESS_SECRET | wc -c)" = 54 && echo "ready $$"; read -r line`)
	x.WaitFor("ready")
	looked := 0
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		looked++
		if strings.Contains(string(text), secret) {
			t.Errorf("the secret is in %s", file)
		}
	}
	if looked == 0 {
		t.Error("no process was looked at")
	}
	if strings.Contains(x.Raw(), secret) {
		t.Error("the secret was written to the terminal")
	}
	x.Send("\r")
	if status := x.Wait(); status != 0 {
		t.Errorf("exit status %d\n%s", status, x.Screen())
	}
}
