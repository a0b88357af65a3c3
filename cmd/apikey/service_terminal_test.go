//go:build unix

package main

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

const (
	askCode  = "Code of your authenticator app (or a recovery code)"
	notTaken = "That code was not accepted."
	toldGone = "Cancelled. Nothing was changed."
)

var recoveryCode = regexp.MustCompile(`(?m)^[a-z0-9]{5}(-[a-z0-9]{5}){3}$`)

// leaves are the ways out of a form.
var leaves = []struct{ name, keys string }{{"Esc", keyEsc}, {"CtrlC", keyCtrlC}, {"CtrlD", keyCtrlD}}

// endsWith waits for a program on a terminal, expects its exit status and a text on its screen, and a terminal that is as
// it was.
func endsWith(t *testing.T, x *testkit.Terminal, status int, says string) {
	t.Helper()
	if got := x.Wait(); got != status || !strings.Contains(x.Screen(), says) {
		t.Fatalf("exit status %d, want %d and %q\n%s", got, status, says, x.Screen())
	}
	if !x.Cooked() {
		t.Error("the terminal was left raw")
	}
}

// fills types into the field a form stands at, and waits until it is shown, hidden or not.
func fills(x *testkit.Terminal, field, text string, hidden bool) {
	x.WaitFor("┃ " + field)
	x.Send(text)
	if hidden {
		text = strings.Repeat("*", len(text))
	}
	x.WaitFor("> " + text)
	x.Send(keyEnter)
}

// TestService_SignInAndSetUp_ByForms: as a person does it the first time, and out of every form on the way.
func TestService_SignInAndSetUp_ByForms(t *testing.T) {
	m := newMember(t, testkit.Build(t, program))
	login := m.loginArgs()
	unchanged := func(t *testing.T, before map[string]string) {
		t.Helper()
		if after := m.home(); !maps.Equal(before, after) {
			t.Errorf("the home was changed: %d files before, %d after", len(before), len(after))
		}
	}
	for _, leave := range leaves {
		t.Run("Login_"+leave.name+"_ChangesNothing", func(t *testing.T) {
			before := m.home()
			x := m.in(t).start(login...)
			fills(x, "Login", "ada", false)
			x.WaitFor("┃ Password")
			x.Send(leave.keys)
			endsWith(t, x, 3, toldGone)
			unchanged(t, before)
		})
	}
	x := m.start(login...)
	x.WaitFor("Sign in to " + m.server)
	fills(x, "Login", "ada", false)
	fills(x, "Password", "not this one", true)
	endsWith(t, x, 4, "The login or the password is not right.")

	x = m.start(login...)
	fills(x, "Login", "ada", false)
	fills(x, "Password", memberPassword, true)
	endsWith(t, x, 0, "You are signed in. The profile prod is the current one.")
	if strings.Contains(x.Raw(), memberPassword) || strings.Contains(x.Raw(), "aps_") {
		t.Error("the password or the session was shown")
	}

	for _, leave := range leaves {
		t.Run("SetUp_"+leave.name+"_LeavesItOff", func(t *testing.T) {
			before := m.home()
			x := m.in(t).start("mfa", "setup")
			x.WaitFor("┃ The six digits your app shows now")
			x.Send(leave.keys)
			endsWith(t, x, 3, toldGone)
			unchanged(t, before)
			if got := m.mustPipe("", "mfa", "status", "--jq", ".mfaEnabled"); got != "false\n" {
				t.Errorf("MFA enabled: %s", got)
			}
		})
	}
	small := m.person.start("mfa", "setup") // a terminal of 24 lines has room for the picture and the question
	small.WaitFor("┃ The six digits your app shows now")
	if rows := codeRows(small.Screen()); rows < 20 {
		t.Errorf("%d lines of the QR code on a small terminal:\n%s", rows, small.Screen())
	}
	small.Send(keyEsc)
	small.Wait()

	x = m.start("mfa", "setup")
	x.WaitFor("┃ The six digits your app shows now")
	if rows := codeRows(x.Screen()); rows < 20 {
		t.Errorf("%d lines of a QR code:\n%s", rows, x.Screen())
	}
	m.seed = typedSeed(t, x.Screen())
	fills(x, "The six digits", "000000", false)
	x.WaitFor(notTaken)
	fills(x, "The six digits", m.code(), false)
	endsWith(t, x, 0, "Keep these recovery codes in a safe place")
	m.recovery = recoveryCode.FindAllString(x.Screen(), -1)
	if len(m.recovery) != 10 {
		t.Fatalf("%d recovery codes", len(m.recovery))
	}

	endsWith(t, m.start("whoami"), 0, "ada")
	x = m.start("logout")
	endsWith(t, x, 0, "You are signed out.")
	endsWith(t, m.start("whoami"), 4, "apikey login")

	// With MFA the code comes after the password, and there too is a way out.
	for _, leave := range leaves {
		t.Run("LoginCode_"+leave.name+"_ChangesNothing", func(t *testing.T) {
			before := m.home()
			x := m.in(t).start(login...)
			fills(x, "Password", memberPassword, true) // the profile knows the login
			x.WaitFor(askCode)
			x.WaitFor("┃ Code")
			x.Send(leave.keys)
			endsWith(t, x, 3, toldGone)
			unchanged(t, before)
		})
	}
	for name, code := range map[string]string{"Code": m.code(), "RecoveryCode": m.recovery[0]} {
		t.Run("Login_"+name, func(t *testing.T) {
			x := m.in(t).start(login...)
			x.WaitFor(" as ada")
			fills(x, "Password", memberPassword, true)
			x.WaitFor(askCode)
			fills(x, "Code", "999999", true)
			x.WaitFor(notTaken)
			fills(x, "Code", code, true)
			endsWith(t, x, 0, "You are signed in.")
			if strings.Contains(x.Raw(), code) {
				t.Error("the code was shown")
			}
		})
	}
}

// codeRows counts the lines of a screen that are of a QR code.
func codeRows(screen string) (rows int) {
	for _, line := range strings.Split(screen, "\n") {
		if strings.ContainsAny(line, "▄▀") && strings.Trim(line, "█▄▀ ") == "" && len([]rune(line)) > 30 {
			rows++
		}
	}
	return rows
}

// typedSeed gives the secret that a screen shows for typing, in groups of four.
func typedSeed(t *testing.T, screen string) string {
	t.Helper()
	groups := regexp.MustCompile(`(?m)^ +((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})$`).FindStringSubmatch(screen)
	if groups == nil {
		t.Fatalf("no secret in groups of four:\n%s", screen)
	}
	return strings.ReplaceAll(groups[1], " ", "")
}

// coded are the actions that want a fresh code: how to get there, the pop-up before the code, what is said when it is
// done, how to get there again.
var coded = []struct {
	name          string
	prepare       [][]string
	args          []string
	title, button string
	done          string
	back          [][]string // how to get there again afterwards
}{
	{"Generate", nil, []string{"generate"}, "", "", "The API key is made.", [][]string{{"delete", "-y"}}},
	{
		"Activate", [][]string{{"generate"}, {"disable", "-y"}}, []string{"activate"}, "Activate the API key?", "Activate",
		"The API key is active.", [][]string{{"disable", "-y"}},
	},
	{
		"Regenerate", [][]string{{"generate"}}, []string{"regenerate"}, "Regenerate the API key?", "Get New Key",
		"The new API key is made.", nil,
	},
}

// TestService_Actions_TheCodeIsAskedInTheMiddle: a session whose last code is older than a quarter of an hour.
func TestService_Actions_TheCodeIsAskedInTheMiddle(t *testing.T) {
	path := testkit.Build(t, program)
	for _, action := range coded {
		t.Run(action.name, func(t *testing.T) {
			t.Parallel()
			m := newMember(t, path)
			m.enrol()
			for _, args := range action.prepare {
				m.does(args...)
			}
			m.ages()
			before, home := m.revision(), m.home()
			unchanged := func(t *testing.T) {
				t.Helper()
				if m.in(t).revision() != before || !maps.Equal(m.home(), home) {
					t.Error("something was changed")
				}
			}
			asked := func(t *testing.T) *testkit.Terminal {
				t.Helper()
				x := m.in(t).start(action.args...)
				if action.title != "" {
					x.WaitFor(action.title)
					x.WaitFor("n Cancel")
					x.WaitFor("ada")
					x.WaitFor(m.server)
					x.Send(keyLeft)
					x.WaitFor("[ " + action.button + " ]")
					x.Send(keyEnter)
				}
				x.WaitFor(askCode)
				x.WaitFor("┃ Code")
				return x
			}
			for _, leave := range leaves {
				t.Run(leave.name+"_ChangesNothing", func(t *testing.T) {
					x := asked(t)
					x.Send(leave.keys)
					endsWith(t, x, 3, toldGone)
					unchanged(t)
				})
			}
			t.Run("WrongCode_AskedAgain_Esc_ChangesNothing", func(t *testing.T) {
				x := asked(t)
				fills(x, "Code", "000000", true)
				x.WaitFor(notTaken)
				x.WaitFor("┃ Code")
				x.Send(keyEsc)
				endsWith(t, x, 3, toldGone)
				unchanged(t)
			})
			t.Run("NobodyToAsk", func(t *testing.T) {
				args := action.args
				if action.title != "" {
					args = append(append([]string{}, args...), "--yes")
				}
				_, errs, status := m.in(t).pipes("", args...)
				if status != 4 || !strings.Contains(errs, "apikey login --server "+m.server+" --login-id ada --password-stdin --otp CODE") {
					t.Errorf("exit status %d\n%s", status, errs)
				}
				x := m.in(t, "CI=true").start(args...)
				endsWith(t, x, 4, "needs a fresh code")
				unchanged(t)
			})
			t.Run("WrongThenRight", func(t *testing.T) {
				x := asked(t)
				code := m.code()
				fills(x, "Code", "000000", true)
				x.WaitFor(notTaken)
				fills(x, "Code", code, true)
				endsWith(t, x, 0, action.done)
				if strings.Contains(x.Raw(), code) {
					t.Error("the code was shown")
				}
				if m.in(t).revision() == before {
					t.Error("nothing was changed")
				}
				m.in(t).does("check", "--live")
			})
			t.Run("RecoveryCode", func(t *testing.T) {
				for _, args := range action.back {
					m.in(t).does(args...)
				}
				m.ages()
				x := asked(t)
				fills(x, "Code", m.recovery[0], true)
				endsWith(t, x, 0, action.done)
			})
		})
	}
}

// TestService_OldSession_NeedsNoCodeToTakeRightsAway: disable and delete are never harder than using the key.
func TestService_OldSession_NeedsNoCodeToTakeRightsAway(t *testing.T) {
	m := newMember(t, testkit.Build(t, program))
	m.enrol()
	m.does("generate")
	m.ages()
	for _, action := range []struct{ command, title, button, done string }{
		{"disable", "Disable the API key?", "Disable", "The API key is disabled."},
		{"delete", "Delete the API key?", "Delete", "The API key is deleted."},
	} {
		before := m.revision()
		x := m.start(action.command)
		x.WaitFor(action.title)
		x.WaitFor("n Cancel")
		x.Send(keyEsc)
		endsWith(t, x, 3, toldGone)
		if m.revision() != before {
			t.Errorf("%s: cancelled, but something was changed", action.command)
		}
		x = m.start(action.command)
		x.WaitFor(action.title)
		x.Send(keyLeft)
		x.WaitFor("[ " + action.button + " ]")
		x.Send(keyEnter)
		endsWith(t, x, 0, action.done)
		if strings.Contains(x.Raw(), askCode) {
			t.Errorf("%s asked for a code", action.command)
		}
	}
}

// TestService_PlainLines: the same questions on a simple terminal and for a screen reader, without an escape sequence.
func TestService_PlainLines(t *testing.T) {
	path := testkit.Build(t, program)
	for _, mode := range []struct{ name, env, flag string }{
		{"Dumb", "TERM=dumb", "--quiet=false"}, {"Accessible", "NO_COLOR=1", "--accessible"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			m := newMember(t, path, mode.env)
			plain := func(x *testkit.Terminal, status int, says string) {
				t.Helper()
				endsWith(t, x, status, says)
				if strings.Contains(x.Raw(), "\x1b") {
					t.Errorf("an escape sequence was written: %q", x.Raw())
				}
			}
			answers := func(x *testkit.Terminal, question, answer string) {
				t.Helper()
				x.WaitFor(question)
				x.Send(answer + keyEnter)
			}
			start := func(args ...string) *testkit.Terminal { return m.start(append(args, mode.flag)...) }

			x := start(m.loginArgs()...)
			answers(x, "Login:", "ada")
			answers(x, "Password:", memberPassword)
			plain(x, 0, "You are signed in.")
			if strings.Contains(x.Raw(), memberPassword) {
				t.Error("the password was shown")
			}

			x = start("mfa", "setup")
			x.WaitFor("The six digits your app shows now:")
			if codeRows(x.Screen()) > 0 {
				t.Errorf("a picture was drawn:\n%s", x.Screen())
			}
			m.seed = typedSeed(t, x.Screen())
			answers(x, "The six digits your app shows now:", m.code())
			plain(x, 0, "Keep these recovery codes in a safe place")
			m.recovery = recoveryCode.FindAllString(x.Screen(), -1)

			m.does("generate")
			m.ages()
			before := m.revision()
			for name, keys := range map[string]string{"Enter": keyEnter, "CtrlC": keyCtrlC, "CtrlD": keyCtrlD, "Esc": keyEsc} {
				x = start("regenerate")
				answers(x, `Type "Get New Key" to go on`, "get new key")
				x.WaitFor("Code:")
				x.Send(keys)
				plain(x, 3, toldGone)
				if m.revision() != before {
					t.Errorf("%s: something was changed", name)
				}
			}
			x = start("regenerate")
			answers(x, `Type "Get New Key" to go on`, "yes")
			// Only once the prompt is out the echo is off.
			answers(x, askCode+"\nCode:", "000000")
			answers(x, notTaken+" "+askCode+"\nCode:", m.recovery[0])
			plain(x, 0, "The new API key is made.")
			if strings.Contains(x.Raw(), m.recovery[0]) || strings.Contains(x.Raw(), "000000") {
				t.Error("a code was shown")
			}
		})
	}
}

// TestService_Popups: the other questions about a session and an account, confirmed and cancelled.
func TestService_Popups(t *testing.T) {
	m := newMember(t, testkit.Build(t, program))
	m.enrol()
	m.does("generate")

	// session create has no pop-up, but wants a fresh code.
	create := []string{"session", "create", "--name", "ci", "--allow", "status"}
	m.ages()
	for _, leave := range leaves {
		x := m.start(create...)
		x.WaitFor("┃ Code")
		x.Send(leave.keys)
		endsWith(t, x, 3, toldGone)
	}
	if got := m.mustPipe("", "session", "list", "--jq", `[.items[] | select(.kind == "pipeline")] | length`); got != "0\n" {
		t.Errorf("cancelled, but there are %s sessions of pipelines", got)
	}
	x := m.start(create...)
	x.WaitFor(askCode)
	fills(x, "Code", m.code(), true)
	endsWith(t, x, 0, "This is its token; it is not shown again.")
	if !regexp.MustCompile(`(?m)^aps_[0-9A-Za-z]{49}$`).MatchString(x.Screen()) {
		t.Errorf("no token:\n%s", x.Screen())
	}

	for _, question := range []struct {
		name          string
		args          []string
		title, button string
		shows         string // in the pop-up
		proofs        func(*testkit.Terminal)
		done          string
		gone          func() bool
	}{
		{
			"RevokeSession", []string{"session", "revoke", "ci"}, "Revoke the session?", "Revoke", "Session  ci", nil, "The session is ended.",
			func() bool {
				return m.mustPipe("", "session", "list", "--jq", `[.items[] | select(.name == "ci")] | length`) == "0\n"
			},
		},
		{
			"NewCodes", []string{"mfa", "codes"}, "Get new recovery codes?", "Get New Codes", "The old ones are void.",
			func(x *testkit.Terminal) { fills(x, "Code", m.code(), true) }, "Keep these recovery codes in a safe place", nil,
		},
		{
			"Forget", []string{"forget"}, "Forget the secret kept here?", "Forget", "ada", nil, "The secret is no longer kept here.",
			func() bool { _, _, status := m.pipes("", "secret"); return status == 5 },
		},
		{
			"DisableMFA", []string{"mfa", "disable"}, "Turn off multi-factor authentication?", "Turn Off", "Sessions of pipelines end.",
			func(x *testkit.Terminal) {
				fills(x, "Password", memberPassword, true)
				fills(x, "Code of your authenticator", m.code(), true)
			}, "Multi-factor authentication is off.",
			func() bool { return m.mustPipe("", "mfa", "status", "--jq", ".mfaEnabled") == "false\n" },
		},
		{
			"RemoveProfile", []string{"profile", "remove", "prod"}, "Remove the profile prod?", "Remove", "Its session is ended.", nil,
			"The profile prod is removed.",
			func() bool { return !strings.Contains(m.mustPipe("", "profile", "list"), "prod") },
		},
	} {
		t.Run(question.name, func(t *testing.T) {
			part := m.in(t)
			if question.name == "NewCodes" {
				m.ages()
			}
			home := part.home()
			asked := func() *testkit.Terminal {
				x := part.start(question.args...)
				x.WaitFor(question.title)
				x.WaitFor(question.shows)
				x.WaitFor("[ Cancel ]")
				x.WaitFor("n Cancel")
				return x
			}
			confirmed := func() *testkit.Terminal {
				x := asked()
				x.Send(keyLeft)
				x.WaitFor("[ " + question.button + " ]")
				x.Send(keyEnter)
				return x
			}
			for _, leave := range leaves {
				x := asked()
				x.Send(leave.keys)
				endsWith(t, x, 3, toldGone)
				if question.proofs != nil { // the form after the pop-up
					x = confirmed()
					x.WaitFor("Code")
					x.WaitFor("┃ >")
					x.Send(leave.keys)
					endsWith(t, x, 3, toldGone)
				}
			}
			if !maps.Equal(part.home(), home) || question.gone != nil && question.gone() {
				t.Fatal("cancelled, but something was changed")
			}
			x := confirmed()
			if question.proofs != nil {
				question.proofs(x)
			}
			endsWith(t, x, 0, question.done)
			if question.gone != nil && !question.gone() {
				t.Error("nothing was changed")
			}
		})
	}
}
