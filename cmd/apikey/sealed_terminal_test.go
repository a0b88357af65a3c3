//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// passphrase is one no other test has, with a blank at its end that counts.
const passphrase = "canary passphrase 7x "

// TestSealed_OnATerminal: the first time the passphrase is asked twice, later once a command, before the pop-up, and
// it is not shown.
func TestSealed_OnATerminal(t *testing.T) {
	path := testkit.Build(t, program)
	for _, mode := range []string{"--accessible=false", "--accessible"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, path, "APIKEY_STORE=sealed")
			types := func(x *testkit.Terminal, field, text string) {
				t.Helper()
				if mode != "--accessible" {
					x.WaitFor("┃ " + field)
				}
				x.WaitFor(field)
				x.Send(text + keyEnter)
			}
			ends := func(x *testkit.Terminal, status int, says string) {
				t.Helper()
				if got := x.Wait(); got != status || !strings.Contains(x.Screen(), says) {
					t.Errorf("exit status %d, want %d and %q\n%s", got, status, says, x.Screen())
				}
				if strings.Contains(x.Raw(), strings.TrimSpace(passphrase)) {
					t.Error("the passphrase was shown")
				}
			}
			x := p.start("generate", mode)
			types(x, "Passphrase", passphrase)
			types(x, "The same again", "something else")
			x.WaitFor("that is not the same")
			x.Send(keyEsc)
			ends(x, 3, "Cancelled. Nothing was changed.")
			if got := p.revision(); got != "0" {
				t.Fatalf("revision %s", got)
			}

			x = p.start("generate", mode, "--debug")
			x.WaitFor("Choose a passphrase")
			types(x, "Passphrase", passphrase)
			types(x, "The same again", passphrase)
			ends(x, 0, "The API key is made.")

			x = p.start("regenerate", mode)
			types(x, "Passphrase", passphrase)
			x.WaitFor("Get New Key")
			if mode == "--accessible" {
				x.Send("Get New Key" + keyEnter)
			} else {
				x.Send(keyLeft + keyEnter)
			}
			ends(x, 0, "The new API key is made.")

			if mode != "--accessible" {
				x = p.start("ui", mode)
				x.WaitFor("q quit")
				x.Send("s")
				x.WaitFor("Open the sealed secrets")
				x.Send(passphrase + keyEnter)
				x.WaitFor("aks_")
				x.Send("q")
				ends(x, 0, "")
			}

			x = p.start("regenerate", mode)
			types(x, "Passphrase", "wrong")
			ends(x, 7, "The passphrase does not open the sealed secrets.")

			file := filepath.Join(t.TempDir(), "passphrase")
			if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.env = append(p.env, "APIKEY_PASSPHRASE_FILE="+file)
			p.does("check", "--live")
		})
	}
}
