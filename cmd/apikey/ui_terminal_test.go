//go:build unix

package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// The end of the panel's help, and how a program takes the whole screen and gives it back.
const (
	panelOpen = "q quit"
	ownScreen = "\x1b[?1049h"
	backAgain = "\x1b[?1049l"
)

// masks stand for what is another at every run.
var masks = []struct {
	what *regexp.Regexp
	mask string
}{
	{regexp.MustCompile(`AK[0-9A-Z]{18}`), "AK0123456789ABCDEFGH"},
	{regexp.MustCompile(`\d{1,2} [A-Z][a-z]+ \d{4}`), "DATE"},
	{regexp.MustCompile(`DATE \d\d:\d\d`), "DATE TIME"},
	{regexp.MustCompile(`\d+ days left`), "N days left"},
	{regexp.MustCompile(`(API Access Key) +\S+`), "$1 USER"},
	{regexp.MustCompile(`Account  \S+ *`), "Account  USER "},
	{regexp.MustCompile(`(?m) +([│|])$`), " $1"}, // dates are not equally long
}

func masked(screen string) string {
	for _, m := range masks {
		screen = m.what.ReplaceAllString(screen, m.mask)
	}
	return screen
}

// panelAt opens the panel on a terminal of some size.
func (p person) panelAt(cols, rows int) *testkit.Terminal {
	p.t.Helper()
	x := testkit.StartTerminal(p.t, testkit.TerminalOptions{Env: p.env, Cols: cols, Rows: rows}, p.path, "ui")
	x.WaitFor(panelOpen)
	return x
}

// leavesPanel leaves the panel and sees that the terminal is as it was.
func leavesPanel(t *testing.T, x *testkit.Terminal, leave func(), status int) {
	t.Helper()
	leave()
	endsWith(t, x, status, "")
	raw := x.Raw()
	if strings.Count(raw, ownScreen) != 1 || strings.LastIndex(raw, backAgain) < strings.LastIndex(raw, ownScreen) {
		t.Error("the screen was not given back")
	}
	if strings.LastIndex(raw, "\x1b[?25h") < strings.LastIndex(raw, "\x1b[?25l") {
		t.Error("the cursor was left hidden")
	}
}

// shown waits until the screen is the one in a golden file; with -update it writes the file.
func shown(t *testing.T, x *testkit.Terminal, name, complete string) {
	t.Helper()
	x.WaitFor(complete)
	path := filepath.Join("testdata", "ui", name+".golden")
	if *update {
		time.Sleep(300 * time.Millisecond) // the rest of the screen
		if err := os.WriteFile(path, []byte(masked(x.Screen())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got = masked(x.Screen()) + "\n"; got == string(want) {
			return
		}
	}
	t.Errorf("%s: the screen is\n%s\nwant\n%s", name, got, want)
}

// TestPanel is the section on real terminals, with one build of the program.
func TestPanel(t *testing.T) {
	path := testkit.Build(t, program)
	for name, test := range map[string]func(*testing.T, string){
		"Screens": panelScreens, "EveryAction": panelEveryAction, "EndsThePreviousKey": panelEndsThePreviousKey,
		"Resized_IsDrawnAnew": panelResized, "LeavesTheTerminalAsItWas": panelLeaves, "CannotBeOpened": panelCannotBeOpened,
		"OfAService": panelOfAService, "Sealed_AsksForThePassphrase": panelSealed, "SealedSession": panelOfASealedSession,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}

// panelScreens goes through the section on real terminals and compares what they show. Written anew by
// go test ./cmd/apikey -run TestPanel -update
func panelScreens(t *testing.T, path string) {
	colour := regexp.MustCompile(`\x1b\[[0-9;]*\b([34][0-9]|9[0-7]|10[0-7])(;[0-9;]*)?m`)
	for _, form := range []struct {
		name       string
		cols, rows int
		env        string
		colour     bool
		answers    string // the end of a pop-up's help
	}{
		{"40x12", 40, 12, "LANG=C.UTF-8", true, "esc cancel"},
		{"80x24", 80, 24, "LANG=C.UTF-8", true, "n Cancel"},
		{"120x40", 120, 40, "LANG=C.UTF-8", true, "n Cancel"},
		{"80x24", 80, 24, "NO_COLOR=1", false, "n Cancel"},
		{"ascii", 80, 24, "LANG=C", true, "n Cancel"},
	} {
		t.Run(form.name+"_"+form.env, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, path, form.env)
			x := p.panelAt(form.cols, form.rows)
			shown(t, x, "none-"+form.name, panelOpen)
			x.Send("g")
			x.WaitFor("The API key is made.")
			shown(t, x, "active-"+form.name, panelOpen)
			x.Send("d")
			shown(t, x, "popup-"+form.name, form.answers)
			x.Send(keyEsc)
			x.WaitFor("Cancelled. Nothing was changed.")
			x.Send(" ")
			x.WaitFor("Disable the API key?")
			x.WaitFor(form.answers)
			x.Send("y")
			x.WaitFor("The API key is disabled.")
			shown(t, x, "disabled-"+form.name, panelOpen)
			leavesPanel(t, x, func() { x.Send("q") }, 0)
			if found := colour.FindString(x.Raw()); (found != "") != form.colour {
				t.Errorf("colours: %q", found)
			}
			if got := p.does("status", "--jq", ".status").Screen(); got != "disabled" {
				t.Errorf("the key is %s", got)
			}
		})
	}
}

// panelEveryAction does on one key what a person does, and looks at what is on the screen and in its bytes.
func panelEveryAction(t *testing.T, path string) {
	p := newPerson(t, path, "LANG=C.UTF-8")
	p.does("generate")
	accessKey := p.does("status", "--jq", ".accessKey").Screen()
	secret := p.does("secret", "--reveal").Screen()
	before := p.revision()

	x := p.panelAt(80, 24)
	x.Send("c")
	x.WaitFor("The Access Key is copied")
	copied := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(accessKey))
	if !strings.Contains(x.Raw(), copied) {
		t.Error("the Access Key did not go to the clipboard")
	}
	x.Send("\t\t\t") // slider, copy, show, regenerate
	x.WaitFor("[ ↻ Regenerate ]")
	x.Send(keyEnter)
	x.WaitFor("Regenerate the API key?")
	x.WaitFor("n Cancel")
	x.Send(keyEnter) // Cancel is selected
	x.WaitFor("Cancelled. Nothing was changed.")
	if p.revision() != before {
		t.Error("cancelled, but something was changed")
	}
	unasked := func(secret string) {
		t.Helper()
		if strings.Contains(x.Raw(), secret[:30]) { // it is broken where the line ends
			t.Error("the secret was written unasked")
		}
	}
	unasked(secret)
	x.Send("s")
	x.WaitFor(secret[:30])
	x.WaitFor("hidden in")
	if !strings.Contains(x.Raw(), secret[:30]) {
		t.Error("a secret that is on the screen is not found in the bytes: nothing is proved by its absence")
	}
	x.Send("s")
	x.WaitFor("••••••••••••")
	if strings.Contains(x.Screen(), secret[:30]) {
		t.Errorf("the secret is still there:\n%s", x.Screen())
	}

	x.Send("r")
	x.WaitFor("Regenerate the API key?")
	x.WaitFor("n Cancel")
	x.Send(keyLeft + keyEnter)
	x.WaitFor("The new API key is made.")
	renewed := p.does("secret", "--reveal").Screen()
	if renewed == secret {
		t.Error("the secret is the old one")
	}
	unasked(renewed)
	x.Send("s")
	x.WaitFor(renewed[:30])
	x.Send("d")
	x.WaitFor("Delete the API key?")
	x.WaitFor("n Cancel")
	x.Send("y")
	x.WaitFor("[ + Generate New Key ]")
	leavesPanel(t, x, func() { x.Send(keyCtrlC) }, 0)
	if got := p.does("status", "--jq", ".status").Screen(); got != "none" {
		t.Errorf("the key is %s", got)
	}
}

func panelEndsThePreviousKey(t *testing.T, path string) {
	p := newPerson(t, path, "LANG=C.UTF-8")
	p.does("generate")
	p.does("regenerate", "-y", "--grace", "1h")
	x := p.panelAt(80, 24)
	x.WaitFor("works until")
	x.Send("e")
	x.WaitFor("Delete the previous API key?")
	x.WaitFor("n Cancel")
	x.Send("n")
	x.WaitFor("Cancelled. Nothing was changed.")
	x.Send("e")
	x.WaitFor("Delete the previous API key?")
	x.WaitFor("n Cancel")
	x.Send("y")
	x.WaitFor("The previous API key is deleted.")
	leavesPanel(t, x, func() { x.Send("q") }, 0)
	if got := p.does("status", "--jq", `"\(.status) \(.previous)"`).Screen(); got != "active null" {
		t.Errorf("the key is %s", got)
	}
}

// panelResized with a pop-up over the section, which fits again.
func panelResized(t *testing.T, path string) {
	p := newPerson(t, path, "LANG=C.UTF-8")
	p.does("generate")
	x := p.panelAt(80, 24)
	x.WaitFor("of its time is gone")
	x.Resize(40, 12)
	x.WaitFor("% gone")
	x.WaitFor("tab next · q quit")
	x.Send("d")
	x.WaitFor("esc cancel")
	x.Resize(120, 40)
	x.WaitFor("n Cancel")
	x.Resize(20, 5)
	x.WaitFor("The panel needs")
	x.Resize(80, 24)
	x.WaitFor("Delete the API key?")
	x.WaitFor("n Cancel")
	x.Send(keyEsc)
	x.WaitFor("Cancelled. Nothing was changed.")
	leavesPanel(t, x, func() { x.Send("q") }, 0)
}

// panelLeaves on every way out, on a terminal that never answers: what bubbletea asks of it is not waited for.
func panelLeaves(t *testing.T, path string) {
	p := newPerson(t, path, "LANG=C.UTF-8")
	p.does("generate")
	for name, way := range map[string]struct {
		leave  func(*testkit.Terminal)
		status int
	}{
		"Q":       {func(x *testkit.Terminal) { x.Send("q") }, 0},
		"Esc":     {func(x *testkit.Terminal) { x.Send(keyEsc) }, 0},
		"CtrlC":   {func(x *testkit.Terminal) { x.Send(keyCtrlC) }, 0},
		"SIGINT":  {func(x *testkit.Terminal) { x.Signal(syscall.SIGINT) }, 130},
		"SIGTERM": {func(x *testkit.Terminal) { x.Signal(syscall.SIGTERM) }, 130},
		"SIGTERM_InAPopup": {func(x *testkit.Terminal) {
			x.Send("d")
			x.WaitFor("n Cancel")
			x.Signal(syscall.SIGTERM)
		}, 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := testkit.StartTerminal(t, testkit.TerminalOptions{Env: p.env, Mute: true}, p.path, "ui")
			x.WaitFor(panelOpen)
			leavesPanel(t, x, func() { way.leave(x) }, way.status)
		})
	}
	t.Cleanup(func() {
		if got := p.does("status", "--jq", ".status").Screen(); got != "active" {
			t.Errorf("the key is %s", got)
		}
	})
}

// panelCannotBeOpened where nobody could use it, and says what to run.
func panelCannotBeOpened(t *testing.T, path string) {
	p := newPerson(t, path)
	for _, test := range []struct {
		env, flag, why string
	}{
		{"CI=true", "--quiet", "CI is set"}, {"TERM=dumb", "--quiet", "this terminal can only print lines"},
		{"A=b", "--no-input", "--no-input is given"}, {"A=b", "--accessible", "--accessible is given"},
		{"A=b", "--jq=.", "--output json and --jq are for the other commands"},
	} {
		x := person{t, append(append([]string{}, p.env...), test.env), p.path}.start("ui", test.flag)
		endsWith(t, x, 2, "The panel can't be opened: ")
		told := strings.ReplaceAll(x.Screen(), "\n", "")
		if !strings.Contains(told, test.why) || strings.Contains(x.Raw(), ownScreen) {
			t.Errorf("%v: %s", test, x.Screen())
		}
	}
}

// panelOfAService: a member whose code is old is asked for another in the panel; a service that is gone is told.
func panelOfAService(t *testing.T, path string) {
	m := newMember(t, path, "LANG=C.UTF-8")
	m.enrol()
	m.does("generate")
	m.ages()
	before := m.revision()
	x := m.panelAt(80, 24)
	for _, leave := range []bool{true, false} {
		x.Send("r")
		x.WaitFor("Get New Key")
		x.WaitFor("n Cancel")
		x.Send("y")
		x.WaitFor(askCode)
		x.WaitFor("enter go on")
		if leave {
			x.Send(keyEsc)
			x.WaitFor(toldGone)
		}
	}
	if m.revision() != before {
		t.Error("something was changed before the code")
	}
	code := m.code()
	x.Send(code)
	x.WaitFor("> ******")
	x.Send(keyEnter)
	x.WaitFor("The new API key is made.")
	if strings.Contains(x.Raw(), code) || m.revision() == before {
		t.Error("the code was shown, or nothing was changed")
	}
	m.service.stop()
	x.Send("u")
	x.WaitFor("Nothing was changed. Check the address")
	x.WaitFor("On · Active") // what was known last is still there
	leavesPanel(t, x, func() { x.Send("q") }, 0)
}

// panelSealed: who left the question for the passphrase is asked anew at the next action.
func panelSealed(t *testing.T, path string) {
	x := newPerson(t, path, "LANG=C.UTF-8", "APIKEY_STORE=sealed").panelAt(80, 24)
	for range 2 {
		x.Send("g")
		x.WaitFor("Choose a passphrase")
		x.WaitFor("enter go on")
		x.Send(keyEsc)
		x.WaitFor(toldGone)
	}
	leavesPanel(t, x, func() { x.Send("q") }, 0)
}

// panelOfASealedSession: who the session is of is asked for the passphrase before the panel takes the screen.
func panelOfASealedSession(t *testing.T, path string) {
	m := memberOf(t, startService(t), path, "LANG=C.UTF-8", "APIKEY_STORE=sealed")
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.in(t, "APIKEY_PASSPHRASE_FILE="+file).signIn()
	x := testkit.StartTerminal(t, testkit.TerminalOptions{Env: m.env}, path, "ui")
	x.WaitFor("┃ Passphrase")
	x.Send(passphrase + keyEnter)
	x.WaitFor(panelOpen)
	if strings.Contains(x.Raw(), strings.TrimSpace(passphrase)) {
		t.Error("the passphrase was shown")
	}
	leavesPanel(t, x, func() { x.Send("q") }, 0)
}
