//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestAccount_OnATerminal: an operator adds an account and types its password, which nobody can see; and is asked before
// the account is removed.
func TestAccount_OnATerminal(t *testing.T) {
	path := testkit.Build(t, "github.com/apikey-cli/apikey/cmd/apikeyd")
	env := []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}
	start := func(args ...string) *testkit.Terminal {
		return testkit.StartTerminal(t, testkit.TerminalOptions{Env: env}, path, args...)
	}
	wants := func(term *testkit.Terminal, status int, text string) {
		t.Helper()
		if got := term.Wait(); got != status || !strings.Contains(term.Screen(), text) {
			t.Errorf("exit status %d, want %d with %q:\n%s", got, status, text, term.Screen())
		}
	}
	const password = "correct horse battery"

	term := start("account", "add", "ada")
	term.WaitFor("Password")
	term.Send(password + "\r")
	term.WaitFor("Once more")
	term.Send(password + "\r")
	wants(term, 0, "The account is added.")
	if strings.Contains(term.Raw(), password) {
		t.Error("the password was shown")
	}

	term = start("account", "set-password", "ada")
	term.WaitFor("Password")
	term.Send(password + "\r")
	term.WaitFor("Once more")
	term.Send(password + "?\r")
	wants(term, 2, "The two passwords are not the same")

	term = start("account", "remove", "ada")
	term.WaitFor("[ Cancel ]")
	term.Send("\r")
	wants(term, 3, "Cancelled. Nothing was changed.")

	term = start("account", "remove", "ada")
	term.WaitFor("[ Cancel ]")
	term.Send("y")
	wants(term, 0, "The account is removed.")
}
