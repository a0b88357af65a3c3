//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// typedSecret is the secret for the authenticator app as people type it.
var typedSecret = regexp.MustCompile(`(?m)^ +((?:[A-Z2-7]{4} )+[A-Z2-7]{4})\r?$`)

// signedInPerson is a person at a terminal who has an account at a key service.
type signedInPerson struct {
	person
	service *keyService
	secret  string // of the authenticator app
}

// newSignedInPerson starts a key service and signs a person in to it, with forms alone.
func newSignedInPerson(t *testing.T) *signedInPerson {
	t.Helper()
	needsOathtool(t)
	k := &keyService{dir: filepath.Join(t.TempDir(), "service")}
	if err := os.Mkdir(k.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, errs, err := k.operator(strings.NewReader("correct horse battery\n"), "account", "add", "ada", "--key-permission", "--password-stdin"); err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	if err := k.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.stop)
	p := &signedInPerson{person: newPerson(t, testkit.Build(t, program)), service: k}
	term := p.at("login", "--server", k.server, "--ca-file", filepath.Join(k.dir, "cert.pem"), "--profile", "keys")
	term.WaitFor("Login")
	term.Send("ada" + keyEnter)
	term.WaitFor("┃ Password") // the bar is before the field that has the keys
	term.Send("correct horse battery" + keyEnter)
	p.ends(term, 0, "You are signed in. The profile keys is the current one.")
	if strings.Contains(term.Raw(), "correct horse") {
		t.Error("the password was shown")
	}
	return p
}

// at runs a command on a terminal with room for a QR code.
func (p *signedInPerson) at(args ...string) *testkit.Terminal {
	p.t.Helper()
	return testkit.StartTerminal(p.t, testkit.TerminalOptions{Env: p.env, Cols: 100, Rows: 60}, p.path, args...)
}

// ends waits for a program and expects its exit status and a text.
func (p *signedInPerson) ends(term *testkit.Terminal, status int, says string) {
	p.t.Helper()
	if got := term.Wait(); got != status || !strings.Contains(term.Screen(), says) {
		p.t.Fatalf("exit status %d, want %d and %q\n%s", got, status, says, term.Screen())
	}
}

func (p *signedInPerson) code() string {
	p.t.Helper()
	code, err := p.service.code(p.secret)
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// setUpMFA turns multi-factor authentication on as a person does.
func (p *signedInPerson) setUpMFA() {
	p.t.Helper()
	term := p.at("mfa", "setup")
	term.WaitFor("The six digits your app shows now")
	shown := term.Raw() // the emulated screen takes a query of the form's for a command to go to its start
	if !strings.Contains(shown, "▄▄▄▄▄▄▄") {
		p.t.Errorf("there is no QR code:\n%s", shown)
	}
	found := typedSecret.FindStringSubmatch(shown)
	if found == nil {
		p.t.Fatalf("there is no secret to type:\n%s", shown)
	}
	p.secret = strings.ReplaceAll(found[1], " ", "")
	term.Send("000000" + keyEnter)
	term.WaitFor("That code was not accepted")
	term.Send(p.code() + keyEnter)
	p.ends(term, 0, "Keep these recovery codes in a safe place")
	if codes := regexp.MustCompile(`(?m)^[0-9a-z]{5}(-[0-9a-z]{5}){3}$`).FindAllString(term.Screen(), -1); len(codes) != 10 {
		p.t.Errorf("%d recovery codes", len(codes))
	}
}

func TestFreshCode_IsAskedInTheFlowOfTheAction(t *testing.T) {
	p := newSignedInPerson(t)
	p.setUpMFA()
	p.does("generate")
	p.service.ahead.Add(int64(16 * time.Minute))

	// Cancel there changes nothing.
	before := p.revision()
	term := p.at("regenerate", "--yes")
	term.WaitFor("Code of your authenticator app (or a recovery code)")
	term.Send(keyEsc)
	p.ends(term, 3, "Cancelled. Nothing was changed.")
	if after := p.revision(); after != before {
		t.Errorf("revision %s, was %s", after, before)
	}
	if left, _ := filepath.Glob(filepath.Join(strings.TrimPrefix(p.env[0], "HOME="), ".local/share/apikey/accounts/*/pending.json")); len(left) > 0 {
		t.Error("a pending record was left")
	}

	// A wrong one is asked for again, and then the action goes on.
	term = p.at("regenerate")
	term.WaitFor("Get New Key")
	term.Send(keyLeft + keyEnter)
	term.WaitFor("Code of your authenticator app (or a recovery code)")
	term.Send("000000" + keyEnter)
	term.WaitFor("That code was not accepted")
	term.Send(p.code() + keyEnter)
	p.ends(term, 0, "The new API key is made.")
	p.does("check", "--live")

	// So it is for what is no action of the key.
	p.service.ahead.Add(int64(16 * time.Minute))
	term = p.at("session", "create", "--name", "ci")
	term.WaitFor("Code of your authenticator app (or a recovery code)")
	term.Send(p.code() + keyEnter)
	p.ends(term, 0, "aps_")
}

func TestLogin_AsksForTheCode_AndPopupsOfTheAccountCanBeCancelled(t *testing.T) {
	p := newSignedInPerson(t)
	p.setUpMFA()
	term := p.at("login")
	term.WaitFor("as ada")
	term.Send("correct horse battery" + keyEnter)
	term.WaitFor("Code of your authenticator app (or a recovery code)")
	term.Send(p.code() + keyEnter)
	p.ends(term, 0, "You are signed in.")
	if got := p.does("session", "list", "--jq", ".items | length").Screen(); got != "1" {
		t.Errorf("%s sessions: the one before was not ended", got)
	}
	p.does("session", "create", "--name", "ci")
	for _, command := range []struct{ args, title string }{
		{"session revoke ci", "Revoke the session?"},
		{"mfa codes", "Get new recovery codes?"},
		{"mfa disable", "Turn off multi-factor authentication?"},
		{"profile remove keys", "Remove the profile keys?"},
	} {
		term := p.at(strings.Fields(command.args)...)
		term.WaitFor(command.title)
		term.WaitFor("[ Cancel ]")
		term.Send(keyEnter)
		p.ends(term, 3, "Cancelled. Nothing was changed.")
	}
	if got := p.does("whoami", "--jq", ".mfaEnabled, .recoveryCodesLeft").Screen(); got != "true\n10" {
		t.Errorf("got %q", got)
	}

	// Turned off, with the password and a code.
	term = p.at("mfa", "disable")
	term.WaitFor("Turn off multi-factor authentication?")
	term.Send(keyLeft + keyEnter)
	term.WaitFor("┃ Password")
	term.Send("correct horse battery" + keyEnter)
	term.WaitFor("┃ Code")
	term.Send(p.code() + keyEnter)
	p.ends(term, 0, "Multi-factor authentication is off.")
}
