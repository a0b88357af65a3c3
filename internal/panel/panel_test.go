package panel

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var update = flag.Bool("update", false, "write the golden screens anew")

const theSecret = "aks_0123456789012345678901234567890123456789012abcdef"

// asked is what a model has had done.
type asked struct{ jobs []string }

func (a *asked) note(job string) tea.Cmd {
	a.jobs = append(a.jobs, job)
	return nil
}

func (a *asked) look() tea.Cmd                        { return a.note("look") }
func (a *asked) act(action keyapi.Action) tea.Cmd     { return a.note(string(action)) }
func (a *asked) reveal() tea.Cmd                      { return a.note("reveal") }
func (a *asked) after(time.Duration, tea.Msg) tea.Cmd { return a.note("second") }
func (a *asked) wake(time.Duration) tea.Cmd           { return nil }
func (a *asked) had(t *testing.T, jobs ...string) {
	t.Helper()
	if got, want := strings.Join(a.jobs, " "), strings.Join(jobs, " "); got != want {
		t.Errorf("done: %q, want %q", got, want)
	}
}

// at is the time of the screens: a quarter of the key's year is gone.
var at = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)

// active is the key of the screens; its actions are those the service gives.
func active() keyapi.Key {
	created := time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC)
	return keyapi.Key{
		Account: "ada", Status: keyapi.StatusActive, Usable: true, AccessKey: "AK0123456789ABCDEFGH", CreatedAt: created,
		ExpiresAt: created.AddDate(1, 0, 0), LastUsedAt: time.Date(2026, 5, 2, 17, 30, 0, 0, time.UTC), MFAEnabled: true,
		Actions: []keyapi.Action{keyapi.ActionDisable, keyapi.ActionRegenerate, keyapi.ActionDelete},
	}
}

func disabled() keyapi.Key {
	k := active()
	k.Status, k.Usable, k.BlockedBy = keyapi.StatusDisabled, false, []keyapi.Block{keyapi.BlockDisabled}
	k.Actions = []keyapi.Action{keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete}
	return k
}

func none() keyapi.Key {
	return keyapi.Key{
		Account: "ada", Status: keyapi.StatusNone, BlockedBy: []keyapi.Block{keyapi.BlockNoKey},
		Actions: []keyapi.Action{keyapi.ActionGenerate},
	}
}

func here(k keyapi.Key) custody.Kept { return custody.Kept{AccessKey: k.AccessKey, Store: "keyring"} }

// screen is a model under test with what it has had done.
type screen struct {
	model
	asked *asked
	quit  bool
}

func show80(k keyapi.Key) *screen { return shows(k, here(k), false, false, 80, 24) }

func shows(k keyapi.Key, kept custody.Kept, colour, ascii bool, columns, rows int) *screen {
	a := &asked{}
	s := Section{
		Keys: &custody.Custodian{Service: custody.Service{Login: "ada", Place: "https://keys.example.org"}},
		Key:  k, Kept: kept, ASCII: ascii,
		Describe: func(err error) (string, string) {
			var known *keyapi.Error
			if errors.As(err, &known) {
				return known.Message, known.Hint
			}
			return err.Error(), ""
		},
	}
	x := &screen{model: newModel(s, at, colour, a), asked: a}
	x.tell(tea.WindowSizeMsg{Width: columns, Height: rows})
	return x
}

// tell hands the model messages and runs none of its commands; it notes whether the last one ends the program.
func (x *screen) tell(messages ...tea.Msg) {
	for _, msg := range messages {
		next, cmd := x.Update(msg)
		x.model = next.(model)
		_, batched := msg.(doneMsg)
		if _, pressed := msg.(tea.KeyPressMsg); cmd != nil && (pressed || batched) || isLeave(msg) && cmd != nil {
			_, x.quit = cmd().(tea.QuitMsg)
		}
	}
}

func isLeave(msg tea.Msg) bool { _, leaving := msg.(leaveMsg); return leaving }

// press presses keys by their names.
func (x *screen) press(keys ...string) {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "left": {Code: tea.KeyLeft},
		"right": {Code: tea.KeyRight}, "space": {Code: tea.KeySpace, Text: " "}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
	}
	for _, key := range keys {
		msg, ok := named[key]
		if !ok {
			msg = tea.KeyPressMsg{Code: rune(key[0]), Text: key}
		}
		x.tell(msg)
	}
}

var sequence = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// text is the screen as it is read, without its looks.
func (x *screen) text() string {
	lines := strings.Split(sequence.ReplaceAllString(x.View().Content, ""), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func (x *screen) wants(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(x.text(), part) {
			t.Errorf("the screen lacks %q:\n%s", part, x.text())
		}
	}
}

func (x *screen) lacks(t *testing.T, part string) {
	t.Helper()
	if strings.Contains(x.View().Content, part) {
		t.Errorf("the screen shows %q:\n%s", part, x.text())
	}
}

func deletion() (askMsg, chan bool) {
	answer := make(chan bool, 1)
	return askMsg{popup.Question{
		Title: "Delete the API key?", Confirm: "Delete", Cancel: "Cancel",
		Body: []string{
			"The key stops working at once and is gone for good.", "", "Key      AK0123456789ABCDEFGH", "Account  ada",
			"Service  https://keys.example.org",
		},
	}, answer}, answer
}

// TestScreens compares whole screens: go test ./internal/panel -run Screens -update writes them anew.
func TestScreens(t *testing.T) {
	expired, blocked, previous := active(), active(), active()
	expired.Status, expired.ExpiresAt = keyapi.StatusExpired, at.Add(-time.Hour)
	expired.Actions = []keyapi.Action{keyapi.ActionRegenerate, keyapi.ActionDelete}
	blocked.Usable, blocked.MFAEnabled, blocked.BlockedBy = false, false, []keyapi.Block{keyapi.BlockMFANotEnabled}
	blocked.Previous = &keyapi.Previous{AccessKey: "AKZZZZZZZZZZZZZZZZZZ", EndsAt: at.Add(26 * time.Hour)}
	previous.Previous = blocked.Previous
	ask, _ := deletion()
	failed := doneMsg{at: at, action: keyapi.ActionDisable, err: keyapi.Errorf(keyapi.CodeUnreachable, "The key service cannot be reached",
		"Nothing was changed. Check the address and your connection, then run the command again.")}
	for name, test := range map[string]struct {
		key      keyapi.Key
		kept     custody.Kept
		messages []tea.Msg
	}{
		"active":   {active(), here(active()), nil},
		"disabled": {disabled(), here(active()), nil},
		"expired":  {expired, here(active()), nil},
		"blocked":  {blocked, custody.Kept{}, nil},
		"previous": {previous, here(active()), nil},
		"none":     {none(), custody.Kept{}, nil},
		"another":  {active(), custody.Kept{AccessKey: "AKZZZZZZZZZZZZZZZZZZ", Store: "file"}, nil},
		"popup":    {active(), here(active()), []tea.Msg{ask}},
		"failed":   {active(), here(active()), []tea.Msg{failed}},
		"secret": {active(), here(active()), []tea.Msg{
			doneMsg{at: at, accessKey: active().AccessKey, secret: keyapi.NewSecret(theSecret)},
		}},
		"code": {active(), here(active()), []tea.Msg{
			fillMsg{title: "Code of your authenticator app (or a recovery code)", field: popup.Field{Title: "Code", Secret: true}, answer: make(chan *string, 1)},
			tea.PasteMsg{Content: "123456"},
		}},
	} {
		for form, size := range map[string]struct {
			columns, rows int
			ascii         bool
		}{"40x12": {40, 12, false}, "80x24": {80, 24, false}, "120x40": {120, 40, false}, "ascii": {80, 24, true}} {
			t.Run(name+"-"+form, func(t *testing.T) {
				x := shows(test.key, test.kept, true, size.ascii, size.columns, size.rows)
				x.tell(test.messages...)
				got := x.text()
				if lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n"); len(lines) != size.rows {
					t.Errorf("%d lines in %d rows", len(lines), size.rows)
				}
				for _, line := range strings.Split(got, "\n") {
					if len([]rune(line)) > size.columns {
						t.Errorf("wider than %d columns: %s", size.columns, line)
					}
					if size.ascii && strings.ContainsFunc(line, func(r rune) bool { return r > unicode.MaxASCII }) {
						t.Errorf("not ASCII: %s", line)
					}
				}
				path := filepath.Join("testdata", name+"-"+form+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("the screen is\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

func TestNoColour_WritesNone(t *testing.T) {
	colour := regexp.MustCompile(`\x1b\[[0-9;]*\b([34][0-9]|9[0-7]|10[0-7])(;[0-9;]*)?m`)
	for _, on := range []bool{true, false} {
		x := shows(active(), here(active()), on, false, 80, 24)
		ask, _ := deletion()
		screens := x.View().Content
		x.tell(ask)
		if found := colour.FindString(screens + x.View().Content); (found != "") != on {
			t.Errorf("colour %v: %q", on, found)
		}
	}
}

func TestSizes_EveryOneIsDrawnWhole(t *testing.T) {
	ask, _ := deletion()
	for columns := 1; columns <= 130; columns += 3 {
		for rows := 1; rows <= 45; rows += 2 {
			for _, asking := range []bool{false, true} {
				x := shows(active(), here(active()), true, false, columns, rows)
				if asking {
					x.tell(ask)
				}
				if columns < leastWidth || rows < leastHeight {
					continue // it is drawn; what is told may need more than there is
				}
				lines := strings.Split(x.text(), "\n")
				if len(lines)-1 != rows {
					t.Fatalf("%d×%d, asking %v: %d lines", columns, rows, asking, len(lines)-1)
				}
				for _, line := range lines {
					if len([]rune(line)) > columns {
						t.Fatalf("%d×%d: too wide: %s", columns, rows, line)
					}
				}
				if asking {
					x.wants(t, "Delete the API key?", "stops working at once", "AK0123456789ABCDEFGH", "[ Cancel ]")
				}
			}
		}
	}
}

// TestKeys_AreTheActionsThatAreOpen: what the key does not offer can't be pressed.
func TestKeys_AreTheActionsThatAreOpen(t *testing.T) {
	every := []string{"space", "r", "d", "g"}
	for name, test := range map[string]struct {
		key  keyapi.Key
		want map[string]string
	}{
		"Active":   {active(), map[string]string{"space": "disable", "left": "disable", "r": "regenerate", "d": "delete", "enter": "disable"}},
		"Disabled": {disabled(), map[string]string{"space": "activate", "right": "activate", "r": "regenerate", "d": "delete", "enter": "activate"}},
		"None":     {none(), map[string]string{"g": "generate", "enter": "generate"}},
	} {
		for _, key := range append(every, "left", "right", "enter") {
			x := show80(test.key)
			x.press(key)
			if want := test.want[key]; want != strings.Join(x.asked.jobs, " ") || (want != "") != (x.busy != "") {
				t.Errorf("%s: %s did %v, busy %q; want %q", name, key, x.asked.jobs, x.busy, want)
			}
		}
	}
}

// TestPrevious_CanBeEnded: the key's own actions say nothing of the key before.
func TestPrevious_CanBeEnded(t *testing.T) {
	k := active()
	x := show80(k)
	x.lacks(t, "Previous")
	x.press("e")
	x.asked.had(t)
	k.Previous = &keyapi.Previous{AccessKey: "AKZZZZZZZZZZZZZZZZZZ", EndsAt: at.Add(time.Hour)}
	for _, keys := range [][]string{{"e"}, {"tab", "tab", "tab", "enter"}} {
		x = show80(k)
		x.press(keys...)
		x.asked.had(t, "delete-previous")
		x.wants(t, "Ending the previous API key")
		x.tell(doneMsg{at: at, action: keyapi.ActionDeletePrevious, changed: true, state: &state{active(), here(active())}})
		x.wants(t, "The previous API key is deleted.")
		x.lacks(t, "AKZZZZZZZZZZZZZZZZZZ")
	}
}

func TestFocus_GoesRound_AndEnterPresses(t *testing.T) {
	x := show80(active())
	var names []string
	for range 6 {
		names = append(names, x.focus)
		x.press("tab")
	}
	if got := strings.Join(names, " "); got != "slider copy show regenerate delete slider" {
		t.Errorf("the focus went %s", got)
	}
	x = show80(active())
	x.press("tab", "tab", "tab", "enter")
	x.asked.had(t, "regenerate")
	x.wants(t, "Making the new API key")
	x.press("d", "space", "g")
	x.asked.had(t, "regenerate") // one at a time
}

func TestPopup_CancelIsSelected_AndEverythingButItsButtonIsCancel(t *testing.T) {
	for _, test := range []struct {
		keys []string
		want bool
	}{
		{[]string{"enter"}, false}, {[]string{"esc"}, false}, {[]string{"n"}, false}, {[]string{"q"}, false},
		{[]string{"ctrl+c"}, false}, {[]string{"y"}, true}, {[]string{"left", "enter"}, true},
		{[]string{"tab", "tab", "enter"}, false}, {[]string{"right", "esc"}, false},
	} {
		x := show80(active())
		x.press("d")
		ask, answer := deletion()
		x.tell(ask)
		x.wants(t, "Delete the API key?", "  Delete   [ Cancel ]")
		x.press(test.keys...)
		if got := <-answer; got != test.want {
			t.Errorf("%v: %v", test.keys, got)
		}
		x.lacks(t, "Delete the API key?")
	}
}

// TestPopup_WithoutRoom_CannotBeConfirmed: nobody confirms what they were not shown.
func TestPopup_WithoutRoom_CannotBeConfirmed(t *testing.T) {
	x := shows(active(), here(active()), false, false, 40, 12)
	ask, answer := deletion()
	ask.question.Body = append(ask.question.Body, strings.Repeat("word ", 80))
	x.tell(ask)
	x.wants(t, "needs a larger window")
	x.press("y")
	x.tell(tea.WindowSizeMsg{Width: leastWidth - 1, Height: 60}) // high enough, but not drawn
	x.press("y", "left", "right")
	if len(answer) != 0 {
		t.Fatal("it was confirmed")
	}
	x.tell(tea.WindowSizeMsg{Width: 80, Height: 24})
	x.wants(t, "Delete the API key?")
	x.press("y")
	if !<-answer {
		t.Error("it was not confirmed")
	}
}

func TestSecret_IsShownForTenSeconds(t *testing.T) {
	x := show80(active())
	x.lacks(t, theSecret)
	x.press("s")
	x.asked.had(t, "reveal")
	shown := doneMsg{at: at, accessKey: active().AccessKey, secret: keyapi.NewSecret(theSecret)}
	x.tell(shown)
	x.wants(t, theSecret, "hidden in 10 s")
	for range revealSeconds - 1 {
		x.tell(secondMsg(1))
	}
	x.wants(t, theSecret, "hidden in 1 s")
	x.tell(secondMsg(1))
	x.lacks(t, theSecret)

	x.tell(shown)
	x.press("s") // hides it
	x.lacks(t, theSecret)
	x.tell(shown, secondMsg(2)) // a tick of the reveal before
	x.wants(t, "hidden in 10 s")
	x.press("q")
	x.lacks(t, theSecret)
	if !x.quit {
		t.Error("q did not leave")
	}
}

func TestSecret_OfAnotherKey_SaysSo(t *testing.T) {
	x := shows(active(), custody.Kept{AccessKey: "AKZZZZZZZZZZZZZZZZZZ", Store: "file"}, false, false, 80, 24)
	x.tell(doneMsg{at: at, accessKey: "AKZZZZZZZZZZZZZZZZZZ", secret: keyapi.NewSecret(theSecret)})
	x.wants(t, theSecret, "This is the secret of AKZZZZZZZZZZZZZZZZZZ.")
}

func TestDone_ShowsTheNewState(t *testing.T) {
	x := show80(active())
	x.press("space")
	x.tell(doneMsg{at: at, action: keyapi.ActionDisable, changed: true, state: &state{disabled(), here(active())}})
	x.wants(t, "[●────] Off · Disabled", "The API key is disabled.", "space Activate")
	x.press("d")
	x.tell(doneMsg{at: at, action: keyapi.ActionDelete, changed: true, state: &state{key: none()}})
	x.wants(t, "No API key", "[ + Generate New Key ]")
	x.lacks(t, "AK0123456789ABCDEFGH")
}

func TestFailed_SaysWhatHappenedAndWhatToDo(t *testing.T) {
	x := show80(active())
	x.press("space")
	x.tell(doneMsg{at: at, action: keyapi.ActionDisable, err: keyapi.Errorf(keyapi.CodeVersionConflict, "It was changed", "Look again."), state: &state{disabled(), here(active())}})
	x.wants(t, "✗ It was changed", "  Look again.", "Disabled")
	x.press("space")
	x.asked.had(t, "disable", "activate")
	x.lacks(t, "It was changed")
	x.tell(doneMsg{at: at, err: popup.Cancelled()})
	x.wants(t, "› Cancelled. Nothing was changed.")
}

// TestLeave_WaitsForWhatIsBeingDone, and a question that is open is cancelled.
func TestLeave_WaitsForWhatIsBeingDone(t *testing.T) {
	for name, leave := range map[string]tea.Msg{"Key": tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}, "Signal": leaveMsg{}} {
		x := show80(active())
		x.press("d")
		ask, answer := deletion()
		x.tell(ask, leave)
		if x.quit || <-answer {
			t.Errorf("%s: it left, or the question was confirmed", name)
		}
		x.wants(t, "Finishing: Deleting the API key")
		again, late := deletion()
		x.tell(again) // a question that comes now
		if <-late {
			t.Errorf("%s: a late question was confirmed", name)
		}
		if x.tell(doneMsg{at: at, err: popup.Cancelled()}); !x.quit {
			t.Errorf("%s: it did not leave", name)
		}
		if x = show80(active()); true {
			if x.tell(leave); !x.quit {
				t.Errorf("%s: it did not leave at once", name)
			}
		}
	}
}

func TestForm_TakesWhatIsValid_AndShowsNoSecret(t *testing.T) {
	answer := make(chan *string, 1)
	valid := func(text string) error {
		if text != "123456" {
			return errors.New("six digits")
		}
		return nil
	}
	field := fillMsg{title: "A code is needed", field: popup.Field{Title: "Code", Secret: true, Validate: valid}, answer: answer}
	x := show80(active())
	x.tell(field)
	x.press("1", "2", "enter")
	x.wants(t, "A code is needed", "> **", "six digits")
	x.tell(tea.PasteMsg{Content: "3456"})
	x.lacks(t, "123456")
	x.press("enter")
	if got := <-answer; got == nil || *got != "123456" {
		t.Errorf("it gave %v", got)
	}
	for _, key := range []string{"esc", "ctrl+c"} {
		x.tell(field)
		x.press(key)
		if got := <-answer; got != nil {
			t.Errorf("%s gave %q", key, *got)
		}
	}
}

// TestForm_BlanksCountWhereTheFieldSaysSo: a passphrase that lost one here would open nothing elsewhere.
func TestForm_BlanksCountWhereTheFieldSaysSo(t *testing.T) {
	for exact, want := range map[bool]string{true: " a b ", false: "a b"} {
		answer := make(chan *string, 1)
		x := show80(active())
		x.tell(fillMsg{field: popup.Field{Title: "Passphrase", Exact: exact}, answer: answer}, tea.PasteMsg{Content: " a b "})
		x.press("enter")
		if got := <-answer; got == nil || *got != want {
			t.Errorf("exact %v: it gave %v, want %q", exact, got, want)
		}
	}
}

func TestCopy_HandsTheAccessKeyToTheTerminal(t *testing.T) {
	x := show80(active())
	_, cmd := x.Update(tea.KeyPressMsg{Code: 'c', Text: "c"})
	if got, want := cmd(), tea.SetClipboard("AK0123456789ABCDEFGH")(); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestNames_AreShown_NotObeyed: what a service says can't draw on the screen.
func TestNames_AreShown_NotObeyed(t *testing.T) {
	k := active()
	k.Account, k.AccessKey = "ada\x1b[2J", "AK\x1b]0;owned\x07"
	x := show80(k)
	x.tell(noticeMsg("told\x1b[1A"))
	for _, part := range []string{"\x1b[2J", "\x1b]0", "\x07", "\x1b[1A"} {
		x.lacks(t, part)
	}
	x.wants(t, "told\uFFFD[1A")
}
