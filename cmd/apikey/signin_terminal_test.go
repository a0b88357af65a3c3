//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

func TestFreshCode_IsAskedInTheFlowOfTheAction(t *testing.T) {
	m := newMember(t, testkit.Build(t, program))
	m.enrol()
	m.does("generate")
	m.ages()

	// Cancel there changes nothing.
	before := m.revision()
	x := m.start("regenerate", "--yes")
	x.WaitFor(askCode)
	x.Send(keyEsc)
	endsWith(t, x, 3, toldGone)
	if after := m.revision(); after != before {
		t.Errorf("revision %s, was %s", after, before)
	}
	for path := range m.home() {
		if filepath.Base(path) == "pending.json" {
			t.Error("a pending record was left")
		}
	}

	// A wrong one is asked for again, and then the action goes on.
	x = m.start("regenerate")
	x.WaitFor("Get New Key")
	x.Send(keyLeft + keyEnter)
	x.WaitFor(askCode)
	fills(x, "Code", "000000", true)
	x.WaitFor(notTaken)
	fills(x, "Code", m.code(), true)
	endsWith(t, x, 0, "The new API key is made.")
	m.does("check", "--live")

	// So it is for what is no action of the key.
	m.ages()
	x = m.start("session", "create", "--name", "ci")
	x.WaitFor(askCode)
	fills(x, "Code", m.code(), true)
	endsWith(t, x, 0, "aps_")
}

func TestLogin_AsksForTheCode_AndPopupsOfTheAccountCanBeCancelled(t *testing.T) {
	m := newMember(t, testkit.Build(t, program))
	m.enrol()
	x := m.start("login")
	x.WaitFor("as ada")
	fills(x, "Password", memberPassword, true)
	x.WaitFor(askCode)
	fills(x, "Code", m.code(), true)
	endsWith(t, x, 0, "You are signed in.")
	if got := m.does("session", "list", "--jq", ".items | length").Screen(); got != "1" {
		t.Errorf("%s sessions: the one before was not ended", got)
	}
	m.does("session", "create", "--name", "ci")
	for _, command := range []struct{ args, title string }{
		{"session revoke ci", "Revoke the session?"},
		{"mfa codes", "Get new recovery codes?"},
		{"mfa disable", "Turn off multi-factor authentication?"},
		{"profile remove prod", "Remove the profile prod?"},
	} {
		x := m.start(strings.Fields(command.args)...)
		x.WaitFor(command.title)
		x.WaitFor("[ Cancel ]")
		x.Send(keyEnter)
		endsWith(t, x, 3, toldGone)
	}
	if got := m.does("whoami", "--jq", ".mfaEnabled, .recoveryCodesLeft").Screen(); got != "true\n10" {
		t.Errorf("got %q", got)
	}

	// Turned off, with the password and a code.
	x = m.start("mfa", "disable")
	x.WaitFor("Turn off multi-factor authentication?")
	x.Send(keyLeft + keyEnter)
	fills(x, "Password", memberPassword, true)
	fills(x, "Code", m.code(), true)
	endsWith(t, x, 0, "Multi-factor authentication is off.")
}
