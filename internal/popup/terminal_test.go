//go:build unix

package popup_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/testkit"
)

// The keys, also as terminals with an extended keyboard protocol send them, which bubbletea switches on.
const (
	enter, esc, tab, shiftTab, left, right = "\r", "\x1b", "\t", "\x1b[Z", "\x1b[D", "\x1b[C"
	ctrlC, ctrlD                           = "\x03", "\x04"

	kittyEsc, kittyCtrlC, kittyCtrlD, xtermCtrlD = "\x1b[27u", "\x1b[99;5u", "\x1b[100;5u", "\x1b[27;5;100~"
)

// lastWords are the end of a pop-up: who sees them has seen it whole.
const lastWords = "n Cancel"

var instead = popup.Options{Instead: "apikey disable --yes"}

// start runs the test program on a terminal with a script to play; before is a piece of shell to run first, after one to
// add to its command.
func start(t *testing.T, s script, o testkit.TerminalOptions, before, after string) *testkit.Terminal {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	o.Env = append([]string{"TERM=xterm-256color", "PATH=" + os.Getenv("PATH"), scriptVariable + "=" + string(text)}, o.Env...)
	if before+after == "" {
		return testkit.StartTerminal(t, o, os.Args[0])
	}
	return testkit.StartTerminal(t, o, "/bin/sh", "-c", before+` exec "$0" `+after, os.Args[0])
}

func wantStatus(t *testing.T, x *testkit.Terminal, want int) {
	t.Helper()
	if got := x.Wait(); got != want {
		t.Errorf("exit status %d, want %d\n%s", got, want, x.Screen())
	}
}

// wantRestored fails if a pop-up left anything of what it had switched on.
func wantRestored(t *testing.T, x *testkit.Terminal) {
	t.Helper()
	if !x.Cooked() {
		t.Error("the terminal was left raw")
	}
	raw := x.Raw()
	for _, mode := range []string{
		"\x1b[?25l \x1b[?25h", "\x1b[?2004h \x1b[?2004l", "\x1b[?1004h \x1b[?1004l", "\x1b[>4;2m \x1b[>4m", "\x1b[=1;1u \x1b[=0;1u",
	} {
		on, off, _ := strings.Cut(mode, " ")
		if strings.LastIndex(raw, on) > strings.LastIndex(raw, off) {
			t.Errorf("%q was not taken back", on)
		}
	}
}

func wantAnswers(t *testing.T, x *testkit.Terminal, want ...string) {
	t.Helper()
	wantStatus(t, x, 0)
	if line := strings.TrimSpace("answered " + hex.EncodeToString([]byte(strings.Join(want, ",")))); !strings.Contains(x.Screen(), line) {
		t.Errorf("not answered with %q:\n%s", want, x.Screen())
	}
}

func TestConfirm_Confirmed(t *testing.T) {
	for name, keys := range map[string]string{"Right": right, "Left": left, "Tab": tab, "ShiftTab": shiftTab, "H": "h", "L": "l", "Y": "y"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := start(t, script{Confirms: []popup.Question{question}}, testkit.TerminalOptions{}, "", "")
			x.WaitFor(lastWords)
			x.Send(keys)
			if keys != "y" {
				x.WaitFor("[ Disable ]")
				x.Send(enter)
			}
			wantAnswers(t, x)
			wantRestored(t, x)
		})
	}
}

func TestConfirm_Left_IsCancelled(t *testing.T) {
	toggled := func(x *testkit.Terminal) { x.Send(right); x.WaitFor("[ Disable ]") }
	ways := map[string]func(*testkit.Terminal){
		"SIGTERM":         func(x *testkit.Terminal) { x.Signal(syscall.SIGTERM) },
		"SIGINT":          func(x *testkit.Terminal) { x.Signal(syscall.SIGINT) },
		"SIGHUP":          func(x *testkit.Terminal) { x.Signal(syscall.SIGHUP) },
		"Toggled_Esc":     func(x *testkit.Terminal) { toggled(x); x.Send(esc) },
		"Toggled_CtrlC":   func(x *testkit.Terminal) { toggled(x); x.Send(ctrlC) },
		"Toggled_SIGTERM": func(x *testkit.Terminal) { toggled(x); x.Signal(syscall.SIGTERM) },
		"Toggled_twice":   func(x *testkit.Terminal) { toggled(x); x.Send(right); x.WaitFor("[ Cancel ]"); x.Send(enter) },
	}
	for name, keys := range map[string]string{
		"Enter": enter, "Esc": esc, "CtrlC": ctrlC, "CtrlD": ctrlD, "N": "n",
		"KittyEsc": kittyEsc, "KittyCtrlC": kittyCtrlC, "KittyCtrlD": kittyCtrlD, "XtermCtrlD": xtermCtrlD,
	} {
		ways[name] = func(x *testkit.Terminal) { x.Send(keys) }
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := start(t, script{Confirms: []popup.Question{question}}, testkit.TerminalOptions{}, "", "")
			x.WaitFor("[ Cancel ]") // Cancel is selected
			x.WaitFor(lastWords)
			leave(x)
			wantStatus(t, x, 3)
			if !strings.Contains(x.Screen(), "cancelled: Cancelled. Nothing was changed.") {
				t.Errorf("the screen shows:\n%s", x.Screen())
			}
			wantRestored(t, x)
		})
	}
	for name, act := range map[string]func(*testkit.Terminal){"ClosedTerminal": func(*testkit.Terminal) {}, "Toggled_ClosedTerminal": toggled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := start(t, script{Confirms: []popup.Question{question}}, testkit.TerminalOptions{}, "", "")
			x.WaitFor(lastWords)
			act(x)
			x.Close()
			wantStatus(t, x, 3)
		})
	}
}

func TestConfirm_TerminalThatNeverAnswers(t *testing.T) {
	x := start(t, script{Confirms: []popup.Question{question}}, testkit.TerminalOptions{Mute: true}, "", "")
	x.WaitFor(lastWords)
	x.Send("y")
	wantAnswers(t, x)
	wantRestored(t, x)
}

// Without colour the selected button is told by its brackets.
func TestConfirm_NoColour(t *testing.T) {
	x := start(t, script{Confirms: []popup.Question{question}}, testkit.TerminalOptions{Env: []string{"NO_COLOR=1"}}, "", "")
	x.WaitFor(lastWords)
	want := strings.Join([]string{
		"┃ Disable the API key?", "┃", "┃ It stops.", "┃", "┃ Key  AK0", "┃", "┃   Disable   [ Cancel ]", "",
		"←/→ toggle • enter submit • y Disable • n Cancel",
	}, "\n")
	if x.Screen() != want {
		t.Errorf("the screen shows:\n%s", x.Screen())
	}
	x.Send(right)
	x.WaitFor("┃ [ Disable ]   Cancel")
	x.Send(esc)
	wantStatus(t, x, 3)
	if colour := regexp.MustCompile(`\x1b\[[0-9;]*\b([34][0-9]|9[0-7]|10[0-7])(;[0-9;]*)?m`).FindString(x.Raw()); colour != "" {
		t.Errorf("%q was written", colour)
	}
}

// long is a question that does not fit a line of 60 columns.
func long() popup.Question {
	return popup.Question{
		Title: "Disable the API key?",
		Body: []string{
			"Every program that uses it is refused from this moment on, and it says so to whoever uses it.", "",
			"Service  https://keys.example.org/a/place/with/a/long/name/END",
		},
		Confirm: "Disable", Cancel: "Cancel",
	}
}

// wantWhole fails if the screen lacks a part of a question, lines that were broken put together again.
func wantWhole(t *testing.T, screen string, q popup.Question) {
	t.Helper()
	joined := func(text string) string { return strings.NewReplacer("┃", "", " ", "", "\n", "").Replace(text) }
	for _, part := range append([]string{q.Title, q.Confirm}, q.Body...) {
		if !strings.Contains(joined(screen), joined(part)) {
			t.Errorf("%q is missing:\n%s", part, screen)
		}
	}
}

// The terminal of the questions is the one on the error stream: what standard output is does not count.
func TestConfirm_BreaksLines_WhateverTheOutputIs(t *testing.T) {
	for _, after := range []string{"", ">/dev/null"} {
		for _, cols := range []int{40, 50, 60, 80, 200} {
			x := start(t, script{Confirms: []popup.Question{long()}}, testkit.TerminalOptions{Cols: cols, Rows: 24}, "", after)
			x.WaitFor("[ Cancel ]")
			x.WaitFor("enter submit")
			wantWhole(t, x.Screen(), long())
			for _, line := range strings.Split(x.Screen(), "\n") {
				if len([]rune(line)) > min(cols, 60) {
					t.Errorf("a line of more than %d columns: %s", min(cols, 60), line)
				}
			}
			x.Send(esc)
			wantStatus(t, x, 3)
		}
	}
}

// Where a pop-up has no room, huh would show a part of it, or nothing, and still take a y.
func TestConfirm_NoRoom_AsksPlainLines(t *testing.T) {
	room := 0
	for rows := 5; rows <= 13; rows++ {
		x := start(t, script{Confirms: []popup.Question{long()}}, testkit.TerminalOptions{Cols: 80, Rows: rows}, "", "")
		x.WaitFor("ancel") // in both
		if strings.Contains(x.Raw(), "Type \"Disable\"") {
			if room > 0 || strings.Contains(x.Raw(), "\x1b") {
				t.Errorf("%d rows: %q", rows, x.Raw())
			}
		} else {
			room = rows
			x.WaitFor(lastWords)
			wantWhole(t, x.Screen(), long())
		}
		x.Send(enter)
		wantStatus(t, x, 3)
	}
	if room == 0 {
		t.Error("the pop-up was never shown")
	}
	for name, o := range map[string]testkit.TerminalOptions{"30Columns": {Cols: 30, Rows: 24}, "0x0": {}} {
		t.Run(name, func(t *testing.T) {
			before := ""
			if o.Cols == 0 {
				before = "stty cols 0 rows 0;"
			}
			for answer, status := range map[string]int{"disable\r": 0, "\r": 3} {
				x := start(t, script{Confirms: []popup.Question{long()}}, o, before, "")
				x.WaitFor("Cancel:")
				wantWhole(t, x.Screen(), long())
				x.Send(answer)
				wantStatus(t, x, status)
				if strings.Contains(x.Raw(), "\x1b") {
					t.Errorf("wrote %q", x.Raw())
				}
			}
		})
	}
}

func TestNobodyMayBeAsked_WritesNothingToTheTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	pipe, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = pipe.Close(), writer.Close() }()
	_, _ = writer.WriteString("y\n")
	for _, test := range []struct {
		name, after, why string
		stdin            *os.File
		o                popup.Options
	}{
		{name: "StdinFromNull", stdin: null, why: "there is no terminal"},
		{name: "StdinAPipe", stdin: pipe, why: "there is no terminal"},
		{name: "StderrElsewhere", after: "2>/dev/null", why: "there is no terminal"},
		{name: "CI", o: popup.Options{CI: true}, why: "CI is set"},
		{name: "NoInput", o: popup.Options{NoInput: true}, why: "--no-input is given"},
		{name: "NoInput_Accessible", o: popup.Options{NoInput: true, Accessible: true}, why: "--no-input is given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Instead = instead.Instead
			for _, s := range []script{
				{Options: test.o, Confirms: []popup.Question{question}},
				{Options: test.o, Form: question.Title, Fields: []field{{Title: "Name"}}},
			} {
				x := start(t, s, testkit.TerminalOptions{Stdin: test.stdin, Cols: 200, Rows: 24}, "", test.after)
				wantStatus(t, x, 2)
				want := `confirmation-required: "Disable the API key?" needs an answer, but ` + test.why + " Run: apikey disable --yes\r\n"
				if x.Raw() != want {
					t.Errorf("wrote %q\nwant  %q", x.Raw(), want)
				}
			}
		})
	}
}

// plainWays are how to come to plain lines.
func plainWays() map[string]struct {
	env string
	o   popup.Options
} {
	return map[string]struct {
		env string
		o   popup.Options
	}{"TERM=dumb": {"TERM=dumb", popup.Options{}}, "Accessible": {"TERM=xterm-256color", popup.Options{Accessible: true}}}
}

func TestPlain_OnATerminal(t *testing.T) {
	two := []popup.Question{question, question}
	for mode, way := range plainWays() {
		for name, test := range map[string]struct {
			questions []popup.Question
			keys      string
			status    int
		}{
			"Label":                {two[:1], "Disable\r", 0},
			"Yes":                  {two[:1], "y\r", 0},
			"Enter":                {two[:1], "\r", 3},
			"Other":                {two[:1], "maybe\r", 3},
			"CtrlC":                {two[:1], ctrlC, 3},
			"CtrlD":                {two[:1], ctrlD, 3},
			"WithoutEnter":         {two[:1], "y" + ctrlD + ctrlD, 3},
			"Pasted_TwoAnswers":    {two, "yes\ryes\r", 0},
			"Pasted_SecondIsEmpty": {two, "yes\r\r", 3},
			"Pasted_FirstIsEmpty":  {two, "\ryes\r", 3},
		} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				x := start(t, script{Options: way.o, Confirms: test.questions}, testkit.TerminalOptions{Env: []string{way.env}}, "", "")
				x.WaitFor(`Type "Disable" to go on, or press Enter for Cancel:`)
				x.Send(test.keys)
				wantStatus(t, x, test.status)
				if strings.Contains(x.Raw(), "\x1b") {
					t.Errorf("an escape sequence was written: %q", x.Raw())
				}
			})
		}
		t.Run(mode+"/ClosedTerminal", func(t *testing.T) {
			x := start(t, script{Options: way.o, Confirms: two}, testkit.TerminalOptions{Env: []string{way.env}}, "", "")
			x.WaitFor("Cancel:")
			x.Close()
			wantStatus(t, x, 3)
		})
	}
}

// hidden is what must be seen nowhere.
const hidden = "Hidden0Words"

func twoFields(o popup.Options) script {
	return script{Options: o, Form: "Two things", Fields: []field{{Title: "Name", Hint: "any name"}, {Title: "Password", Secret: true}}}
}

func wantHidden(t *testing.T, x *testkit.Terminal) {
	t.Helper()
	for n := 3; n <= len(hidden); n++ { // nor a part of it
		if strings.Contains(x.Raw(), hidden[:n]) {
			t.Fatalf("the secret was shown: %q", x.Raw())
		}
	}
}

func TestAsk_UntilItIsValid_AndShowsNoSecret(t *testing.T) {
	x := start(t, twoFields(popup.Options{}), testkit.TerminalOptions{}, "", "")
	x.WaitFor("enter next")
	for _, want := range []string{"Two things", "Name", "any name", "Password"} {
		x.WaitFor(want)
	}
	x.Send("wrong")
	x.WaitFor("> wrong")
	x.Send(enter)
	x.WaitFor("That is not right")
	x.Send(strings.Repeat("\x7f", 5) + "ada")
	x.WaitFor("> ada")
	x.Send(enter)
	x.WaitFor("┃ Password")
	x.Send(hidden)
	x.WaitFor(strings.Repeat("*", len(hidden)))
	x.Send(enter)
	wantAnswers(t, x, "ada", hidden)
	wantHidden(t, x)
	wantRestored(t, x)
}

func TestAsk_Left_IsCancelled(t *testing.T) {
	for name, leave := range map[string]func(*testkit.Terminal){
		"Esc":     func(x *testkit.Terminal) { x.Send(esc) },
		"CtrlC":   func(x *testkit.Terminal) { x.Send(ctrlC) },
		"CtrlD":   func(x *testkit.Terminal) { x.Send(ctrlD) },
		"SIGTERM": func(x *testkit.Terminal) { x.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := start(t, twoFields(popup.Options{}), testkit.TerminalOptions{}, "", "")
			x.WaitFor("enter next")
			x.Send("ada\r")
			x.WaitFor("┃ Password")
			x.Send(hidden)
			x.WaitFor("***")
			leave(x)
			wantStatus(t, x, 3)
			wantHidden(t, x)
			wantRestored(t, x)
		})
	}
}

func TestAsk_NoRoom_AsksPlainLines(t *testing.T) {
	x := start(t, twoFields(popup.Options{}), testkit.TerminalOptions{Cols: 80, Rows: 8}, "", "")
	x.WaitFor("Name (any name):")
	x.Send("ada\r")
	x.WaitFor("Password:")
	x.Send(hidden + "\r")
	wantAnswers(t, x, "ada", hidden)
	wantHidden(t, x)
}

func TestAsk_Plain_ShowsNoSecret_AndLosesNothing(t *testing.T) {
	for mode, way := range plainWays() {
		t.Run(mode, func(t *testing.T) {
			s := twoFields(way.o)
			s.Fields = append(s.Fields, field{Title: "Third"})
			x := start(t, s, testkit.TerminalOptions{Env: []string{way.env}}, "", "")
			x.WaitFor("Name (any name):")
			x.Send("wrong\r")
			x.WaitFor("That is not right")
			x.Send("ada\r")
			x.WaitFor("Password:")
			x.Send(hidden + "\rpasted")
			x.WaitFor("Third:")
			x.Send(" too\r")
			wantAnswers(t, x, "ada", hidden, "pasted too")
			wantHidden(t, x)
			if strings.Contains(x.Raw(), "\x1b") {
				t.Errorf("an escape sequence was written: %q", x.Raw())
			}
			wantRestored(t, x)
		})
		for name, leave := range map[string]func(*testkit.Terminal){
			"Enter":   func(x *testkit.Terminal) { x.Send(hidden + "\x15\r") },
			"Esc":     func(x *testkit.Terminal) { x.Send(hidden + esc) },
			"CtrlC":   func(x *testkit.Terminal) { x.Send(hidden + ctrlC) },
			"CtrlD":   func(x *testkit.Terminal) { x.Send(hidden + ctrlD) },
			"SIGTERM": func(x *testkit.Terminal) { x.Signal(syscall.SIGTERM) }, // what was not read yet would be echoed
		} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				x := start(t, twoFields(way.o), testkit.TerminalOptions{Env: []string{way.env}}, "", "")
				x.WaitFor("Name")
				x.Send("ada\r")
				x.WaitFor("Password:")
				leave(x)
				wantStatus(t, x, 3)
				wantHidden(t, x)
				wantRestored(t, x)
			})
		}
	}
}

// A name that comes from a service may try to draw over the question.
func TestControlCharacters_AreShown_NotObeyed(t *testing.T) {
	q := question
	q.Title = "Disable?\x1b[2J\x1b]0;owned\x07"
	q.Body = []string{"Account  ada\rAccount  eve\x1b[1A\x9b2J\u202e\nService  none", "the end"}
	for name, o := range map[string]popup.Options{"Form": {}, "Plain": {Accessible: true}} {
		t.Run(name, func(t *testing.T) {
			x := start(t, script{Options: o, Confirms: []popup.Question{q}}, testkit.TerminalOptions{}, "", "")
			x.WaitFor("ancel")
			x.WaitFor("the end")
			for _, want := range []string{"Disable?\uFFFD[2J\uFFFD]0;owned\uFFFD", "Account  ada\uFFFDAccount  eve\uFFFD[1A\uFFFD2J\uFFFD\uFFFDService  none"} {
				x.WaitFor(want)
			}
			x.Send(ctrlC)
			wantStatus(t, x, 3)
		})
	}
}

// TestNoQueries: the package itself asks the terminal nothing when a program that has it starts, and neither does System.
func TestNoQueries_BeforeAPopup(t *testing.T) {
	x := start(t, script{}, testkit.TerminalOptions{Mute: true}, "", "")
	wantStatus(t, x, 0)
	if x.Raw() != "answered \r\n" {
		t.Errorf("wrote %q", x.Raw())
	}
	if out, err := exec.Command("go", "list", "-deps", ".").Output(); err == nil && strings.Contains(string(out), "github.com/muesli/termenv") {
		t.Error("termenv is linked in: its init asks the terminal for its colour")
	}
}
