//go:build unix

package main

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// The programs under test.
const (
	program = "github.com/apikey-cli/apikey/cmd/apikey"
	service = "github.com/apikey-cli/apikey/cmd/apikeyd"
)

// person is a user at a terminal with a home of their own and the private file as their store.
type person struct {
	t    *testing.T
	env  []string
	path string
}

func newPerson(t *testing.T, path string, env ...string) person {
	t.Helper()
	base := []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "APIKEY_STORE=file", "TZ=UTC"}
	return person{t: t, path: path, env: append(base, env...)}
}

func (p person) start(args ...string) *testkit.Terminal {
	p.t.Helper()
	return testkit.StartTerminal(p.t, testkit.TerminalOptions{Env: p.env}, p.path, args...)
}

// does runs a command that asks nothing and expects it to succeed.
func (p person) does(args ...string) *testkit.Terminal {
	p.t.Helper()
	term := p.start(args...)
	if status := term.Wait(); status != 0 {
		p.t.Fatalf("apikey %v: exit status %d\n%s", args, status, term.Screen())
	}
	return term
}

func (p person) revision() string {
	p.t.Helper()
	return strings.TrimSpace(p.does("status", "--jq", ".revision").Screen())
}

const (
	keyEnter = "\r"
	keyEsc   = "\x1b"
	keyCtrlC = "\x03"
	keyCtrlD = "\x04"
	keyLeft  = "\x1b[D"
)

// popups are the pop-ups of the tool: the command, how to get there, its title, its button, what is said when it is done.
var popups = []struct {
	name    string
	prepare [][]string
	args    []string
	title   string
	button  string
	done    string
}{
	{"Disable", [][]string{{"generate"}}, []string{"disable"}, "Disable the API key?", "Disable", "The API key is disabled."},
	{"Activate", [][]string{{"generate"}, {"disable", "-y"}}, []string{"activate"}, "Activate the API key?", "Activate", "The API key is active."},
	{"Regenerate", [][]string{{"generate"}}, []string{"regenerate"}, "Regenerate the API key?", "Get New Key", "The new API key is made."},
	{"Delete", [][]string{{"generate"}}, []string{"delete"}, "Delete the API key?", "Delete", "The API key is deleted."},
	{
		"DeletePrevious", [][]string{{"generate"}, {"regenerate", "-y", "--grace", "1h"}}, []string{"delete", "--previous"},
		"Delete the previous API key?", "Delete", "The previous API key is deleted.",
	},
	{"Forget", [][]string{{"generate"}}, []string{"forget"}, "Forget the secret kept here?", "Forget", "The secret is no longer kept here."},
}

func TestPopups_OnATerminal(t *testing.T) {
	path := testkit.Build(t, program)
	for _, popup := range popups {
		t.Run(popup.name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, path)
			for _, args := range popup.prepare {
				p.does(args...)
			}
			before, secret := p.revision(), p.does("secret", "--reveal").Screen()
			unchanged := func(t *testing.T) {
				t.Helper()
				if p.revision() != before || p.does("secret", "--reveal").Screen() != secret {
					t.Error("something was changed")
				}
			}
			leave := map[string]func(*testkit.Terminal){
				"Enter":          func(x *testkit.Terminal) { x.Send(keyEnter) },
				"Esc":            func(x *testkit.Terminal) { x.Send(keyEsc) },
				"CtrlC":          func(x *testkit.Terminal) { x.Send(keyCtrlC) },
				"CtrlD":          func(x *testkit.Terminal) { x.Send(keyCtrlD) },
				"N":              func(x *testkit.Terminal) { x.Send("n") },
				"Toggled_Esc":    func(x *testkit.Terminal) { x.Send(keyLeft); x.WaitFor("[ " + popup.button); x.Send(keyEsc) },
				"Toggled_SIGINT": func(x *testkit.Terminal) { x.Send(keyLeft); x.WaitFor("[ " + popup.button); x.Signal(syscall.SIGINT) },
				"SIGTERM":        func(x *testkit.Terminal) { x.Signal(syscall.SIGTERM) },
			}
			for name, act := range leave {
				t.Run(name+"_ChangesNothing", func(t *testing.T) {
					p := person{t, p.env, p.path}
					term := p.start(popup.args...)
					term.WaitFor(popup.title)
					term.WaitFor("[ Cancel ]") // Cancel is selected
					term.WaitFor("n Cancel")   // the last line: the pop-up is complete
					act(term)
					if status := term.Wait(); status != 3 {
						t.Errorf("exit status %d, want 3\n%s", status, term.Screen())
					}
					if !strings.Contains(term.Screen(), "Cancelled. Nothing was changed.") {
						t.Errorf("the screen shows:\n%s", term.Screen())
					}
					if !term.Cooked() {
						t.Error("the terminal was left raw")
					}
					unchanged(t)
				})
			}
			t.Run("ClosedTerminal_ChangesNothing", func(t *testing.T) {
				term := p.start(popup.args...)
				term.WaitFor(popup.title)
				term.Close()
				if status := term.Wait(); status != 3 {
					t.Errorf("exit status %d, want 3", status)
				}
				unchanged(t)
			})
			t.Run("Confirmed", func(t *testing.T) {
				term := p.start(popup.args...)
				term.WaitFor(popup.title)
				term.WaitFor("Account")
				term.WaitFor("embedded, this machine only")
				term.Send(keyLeft)
				term.WaitFor("[ " + popup.button + " ]")
				term.Send(keyEnter)
				if status := term.Wait(); status != 0 {
					t.Errorf("exit status %d\n%s", status, term.Screen())
				}
				if !strings.Contains(term.Screen(), popup.done) || !term.Cooked() {
					t.Errorf("the screen shows:\n%s", term.Screen())
				}
			})
		})
	}
}

// TestPlainPrompt: TERM=dumb and --accessible ask by plain lines, write no escape sequence and fail closed.
func TestPlainPrompt_OnATerminal(t *testing.T) {
	path := testkit.Build(t, program)
	for _, mode := range []struct{ name, env, flag string }{
		{"TERM=dumb", "TERM=dumb", "--quiet=false"}, {"--accessible", "TERM=xterm", "--accessible"}, {"APIKEY_ACCESSIBLE", "APIKEY_ACCESSIBLE=1", "--quiet=false"},
	} {
		for _, answer := range []struct {
			name, keys string
			status     int
		}{
			{"Label", "disable\r", 0},
			{"Yes", "yes\r", 0},
			{"Enter", "\r", 3},
			{"Other", "maybe\r", 3},
			{"CtrlD", keyCtrlD, 3},
			{"CtrlC", keyCtrlC, 3},
			{"LabelWithoutEnter_CtrlD", "disable" + keyCtrlD + keyCtrlD, 3},
		} {
			t.Run(mode.name+"/"+answer.name, func(t *testing.T) {
				t.Parallel()
				p := newPerson(t, path, mode.env, "NO_COLOR=1")
				p.does("generate", "--quiet", "--jq", ".status")
				term := p.start("disable", mode.flag, "--jq", ".status")
				term.WaitFor(`Type "Disable" to go on, or press Enter for Cancel:`)
				term.Send(answer.keys)
				if status := term.Wait(); status != answer.status {
					t.Errorf("exit status %d, want %d\n%s", status, answer.status, term.Screen())
				}
				if strings.Contains(term.Raw(), "\x1b") {
					t.Errorf("an escape sequence was written: %q", term.Raw())
				}
				want := map[int]string{0: "disabled", 3: "active"}[answer.status]
				if got := strings.TrimSpace(p.does("status", "--jq", ".status").Screen()); got != want {
					t.Errorf("the key is %s, want %s", got, want)
				}
			})
		}
	}
}

func TestNobodyMayBeAsked_OnATerminal(t *testing.T) {
	path := testkit.Build(t, program)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	for _, test := range []struct {
		name  string
		env   string
		stdin *os.File
		args  []string
		why   string
		asks  bool
	}{
		{name: "CI", env: "CI=true", args: []string{"disable"}, why: "CI is set"},
		{name: "CI=1", env: "CI=1", args: []string{"disable"}, why: "CI is set"},
		{name: "CI=false", env: "CI=false", args: []string{"disable"}, asks: true},
		{name: "NoInput", env: "A=b", args: []string{"disable", "--no-input"}, why: "--no-input"},
		{name: "APIKEY_NO_INPUT", env: "APIKEY_NO_INPUT=1", args: []string{"disable"}, why: "--no-input"},
		{name: "StdinFromNull", env: "A=b", stdin: null, args: []string{"disable"}, why: "there is no terminal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPerson(t, path, test.env)
			p.does("generate")
			term := testkit.StartTerminal(t, testkit.TerminalOptions{Env: p.env, Stdin: test.stdin}, path, test.args...)
			if test.asks {
				term.WaitFor("[ Cancel ]")
				term.WaitFor("n Cancel")
				term.Send(keyEsc)
				if status := term.Wait(); status != 3 {
					t.Errorf("exit status %d", status)
				}
				return
			}
			if status := term.Wait(); status != 2 {
				t.Errorf("exit status %d, want 2", status)
			}
			run := "Run: apikey " + strings.Join(test.args, " ") + " --yes"
			if screen := term.Screen(); !strings.Contains(screen, test.why) || !strings.Contains(screen, run) {
				t.Errorf("the screen shows:\n%s", screen)
			}
			if queries := terminalQueries(term.Raw()); queries != "" {
				t.Errorf("asked the terminal %q", queries)
			}
		})
	}
}

// query matches what makes a terminal answer: device attributes, reports, modes, colours, window size, terminfo.
var query = regexp.MustCompile(`\x1b\[[?>=]?\d*(;\d+)*(c|n|q|u)|\x1b\[\?\d+\$p|\x1b\[\d+(;\d+)*t|\x1b\]\d+;\?|\x1bP[+$]q|\x1bZ|\x05`)

func terminalQueries(raw string) string { return strings.Join(query.FindAllString(raw, -1), " ") }

// TestNoTerminalQueries: a command that shows no pop-up asks the terminal nothing, so one that never answers costs no
// time.
func TestNoTerminalQueries(t *testing.T) {
	path := testkit.Build(t, program)
	for _, probe := range []string{"\x1b[6n", "\x1b[c", "\x1b[>0q", "\x1b[?2026$p", "\x1b]11;?\x07", "\x1b[18t", "\x1bP+q544e\x1b\\", "\x1b[?u"} {
		if terminalQueries(probe) == "" {
			t.Fatalf("the pattern does not know %q", probe)
		}
	}
	p := newPerson(t, path)
	commands := [][]string{
		{"--version"}, {"--help"}, {}, {"__complete", "st"}, {"completion", "bash"}, {"version"}, {"status"}, {"generate"}, {"status"}, {"check"},
		{"disable", "-y"}, {"activate", "-y"}, {"regenerate", "-y"}, {"history"}, {"secret", "--reveal"}, {"forget", "-y"}, {"delete", "-y"},
		{"frobnicate"}, {"status", "-o", "json"},
	}
	for _, args := range commands {
		term := testkit.StartTerminal(t, testkit.TerminalOptions{Env: p.env, Mute: true}, path, args...)
		term.Wait()
		if queries := terminalQueries(term.Raw()); queries != "" {
			t.Errorf("apikey %v asked the terminal %q", args, queries)
		}
	}
}

func TestSecret_OnATerminal_OnlyWithReveal(t *testing.T) {
	p := newPerson(t, testkit.Build(t, program))
	p.does("generate")
	term := p.start("secret")
	if status := term.Wait(); status != 2 || strings.Contains(term.Raw(), "aks_") || !strings.Contains(term.Screen(), "--reveal") {
		t.Errorf("exit status %d\n%s", status, term.Screen())
	}
	if term := p.does("secret", "--reveal"); !strings.Contains(term.Screen(), "aks_") {
		t.Errorf("the screen shows:\n%s", term.Screen())
	}
}

// TestRefusals_OnATerminal: word for word what only a terminal makes the program say.
func TestRefusals_OnATerminal(t *testing.T) {
	p := newPerson(t, testkit.Build(t, program), "NO_COLOR=1")
	p.does("generate")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"secret"}, "error: The secret is not printed on a terminal.\r\n" +
			"Pipe it to where it is needed, or add --reveal to see it.\r\n"},
		{[]string{"import", "--no-input"}, "error: Nobody may be asked for the secret here.\r\n" +
			"Pipe it in, or set APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET.\r\n"},
		{[]string{"disable", "--no-input"}, "error: \"Disable the API key?\" needs an answer, but --no-input is given.\r\n" +
			"Run: apikey disable --no-input --yes\r\n"},
		{[]string{"regenerate", "--grace", "8d"}, "error: The grace period must be whole seconds, 7 days at most.\r\n" + // no pop-up first
			"See: apikey --help\r\n"},
	} {
		x := p.start(test.args...)
		if status := x.Wait(); status != 2 || x.Raw() != test.want {
			t.Errorf("apikey %v: exit status %d\n got %q\nwant %q", test.args, status, x.Raw(), test.want)
		}
	}
}

func TestImport_AsksOnATerminal_AndShowsNoSecret(t *testing.T) {
	path := testkit.Build(t, program)
	for _, mode := range []string{"--accessible=false", "--accessible"} {
		t.Run(mode, func(t *testing.T) {
			p := newPerson(t, path)
			pair := strings.Fields(p.does("generate", "--show-secret", "--jq", ".accessKey, .accessSecret").Screen())
			accessKey, secret := pair[len(pair)-2], pair[len(pair)-1]
			p.does("forget", "-y")
			term := p.start("import", mode)
			term.WaitFor("Access Key")
			if mode == "--accessible" {
				term.Send("AK123\r")
				term.WaitFor("not well-formed")
				term.Send(accessKey + "\r")
				term.WaitFor("Access Secret")
				term.Send(secret + "\r")
			} else {
				typed := func(keys, shown string) { term.Send(keys); term.WaitFor(shown) }
				typed("AK123", "> AK123")
				typed(keyEnter, "not well-formed")
				typed(strings.Repeat("\x7f", 5)+accessKey, "> "+accessKey)
				typed(keyEnter, "┃ Access Secret")
				typed(secret, "> "+strings.Repeat("*", len(secret)))
				term.Send(keyEnter)
			}
			if status := term.Wait(); status != 0 {
				t.Fatalf("exit status %d\n%s", status, term.Screen())
			}
			if strings.Contains(term.Raw(), secret) {
				t.Error("the secret was shown while it was typed")
			}
			if !term.Cooked() {
				t.Error("the terminal was left without echo")
			}
			if got := p.does("secret", "--reveal").Screen(); !strings.Contains(got, secret) {
				t.Errorf("kept: %s", got)
			}
		})
	}
}

// TestAutoStore_OnATerminal: without a keyring a person is asked once whether to use the private file.
func TestAutoStore_OnATerminal(t *testing.T) {
	p := newPerson(t, testkit.Build(t, program), "APIKEY_STORE=")
	term := p.start("generate")
	term.WaitFor("Keep the secret in a private file?")
	term.WaitFor("n Cancel")
	term.Send(keyEsc)
	if status := term.Wait(); status != 3 {
		t.Errorf("exit status %d, want 3", status)
	}
	if got := strings.TrimSpace(p.does("status", "--jq", ".status").Screen()); got != "none" {
		t.Errorf("cancelled, but the key is %s", got)
	}
	term = p.start("generate")
	term.WaitFor("n Cancel")
	term.Send("y")
	if status := term.Wait(); status != 0 {
		t.Fatalf("exit status %d\n%s", status, term.Screen())
	}
	p.does("regenerate", "-y") // the answer is remembered
	if got := p.does("status", "--jq", ".secretStored").Screen(); !strings.Contains(got, "file") {
		t.Errorf("kept in %s", got)
	}
}

// TestStatus_OnATerminal_FitsItsWidth: the section is readable on a narrow terminal, and nothing wraps.
func TestStatus_OnATerminal_FitsItsWidth(t *testing.T) {
	p := newPerson(t, testkit.Build(t, program))
	p.does("generate")
	p.does("regenerate", "-y", "--grace", "24h")
	for _, cols := range []int{40, 60, 80, 120} {
		term := testkit.StartTerminal(t, testkit.TerminalOptions{Env: p.env, Cols: cols, Rows: 40}, p.path, "status")
		if status := term.Wait(); status != 0 {
			t.Fatalf("exit status %d", status)
		}
		plain := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(term.Raw(), "")
		for _, line := range strings.Split(plain, "\r\n") {
			if n := len([]rune(line)); n > cols {
				t.Errorf("a line of %d columns on a terminal of %d: %s", n, cols, line)
			}
		}
		for _, want := range []string{"API Access Key", "[────●] On", "Active", "apikey regenerate", "works until", "365 days left"} {
			if !strings.Contains(plain, want) {
				t.Errorf("at %d columns %q is missing:\n%s", cols, want, plain)
			}
		}
	}
}

func TestColour_IsOnlyWrittenWhereItMayBe(t *testing.T) {
	path := testkit.Build(t, program)
	p := newPerson(t, path)
	p.does("generate")
	if raw := p.does("status").Raw(); !strings.Contains(raw, "\x1b[32m") {
		t.Errorf("no colour on a terminal: %q", raw)
	}
	if raw := p.does("status", "--no-color").Raw(); strings.Contains(raw, "\x1b") {
		t.Errorf("--no-color: %q", raw)
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		q := person{t, append(p.env, env), path}
		if raw := q.does("status").Raw(); strings.Contains(raw, "\x1b") {
			t.Errorf("%s: %q", env, raw)
		}
	}
}
