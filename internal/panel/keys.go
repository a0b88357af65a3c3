package panel

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// control is something on the panel that can be pressed: the slider, a button, a word behind a value.
type control struct {
	name  string
	keys  []string // that press it from anywhere; the first is named in the help
	label string   // what pressing it does, in the page's word
	press func(model) (tea.Model, tea.Cmd)
}

// The names of the controls.
const (
	slider     = "slider"
	copyKey    = "copy"
	show       = "show"
	end        = "end"
	regenerate = "regenerate"
	remove     = "delete"
	generate   = "generate"
)

// sentence is what is said of an action while it is done and when it is done.
type sentence struct{ doing, done string }

var sentences = map[keyapi.Action]sentence{
	keyapi.ActionGenerate:       {"Making the API key", "The API key is made."},
	keyapi.ActionDisable:        {"Disabling the API key", "The API key is disabled."},
	keyapi.ActionActivate:       {"Activating the API key", "The API key is active."},
	keyapi.ActionRegenerate:     {"Making the new API key", "The new API key is made."},
	keyapi.ActionDelete:         {"Deleting the API key", "The API key is deleted."},
	keyapi.ActionDeletePrevious: {"Ending the previous API key", "The previous API key is deleted."},
}

// buttons are the actions as controls. Which of them are there, the key says.
var buttons = map[keyapi.Action]control{
	keyapi.ActionDisable:        {name: slider, keys: []string{"space", "left"}, label: "Disable"},
	keyapi.ActionActivate:       {name: slider, keys: []string{"space", "right"}, label: "Activate"},
	keyapi.ActionRegenerate:     {name: regenerate, keys: []string{"r"}, label: "Regenerate"},
	keyapi.ActionDelete:         {name: remove, keys: []string{"d"}, label: "Delete"},
	keyapi.ActionDeletePrevious: {name: end, keys: []string{"e"}, label: "End"},
	keyapi.ActionGenerate:       {name: generate, keys: []string{"g"}, label: "Generate New Key"},
}

// order is that of the controls on the screen.
var order = []string{slider, copyKey, show, end, regenerate, remove, generate}

// controls gives what can be pressed now, from the top of the screen to its bottom.
func (m model) controls() []control {
	var list []control
	open := m.state.key.Actions
	if m.state.key.Previous != nil { // the service lists what can be done to the key, not to the one before
		open = append(slices.Clip(open), keyapi.ActionDeletePrevious)
	}
	for _, a := range open {
		if c, ok := buttons[a]; ok {
			c.press = func(m model) (tea.Model, tea.Cmd) { return m.work(sentences[a].doing, m.jobs.act(a)) }
			list = append(list, c)
		}
	}
	if m.state.key.AccessKey != "" {
		list = append(list, control{copyKey, []string{"c"}, "Copy", model.copied})
	}
	if m.state.kept.AccessKey != "" {
		label := "Show"
		if m.revealed != nil {
			label = "Hide"
		}
		list = append(list, control{show, []string{"s"}, label, model.toggled})
	}
	slices.SortStableFunc(list, func(a, b control) int { return slices.Index(order, a.name) - slices.Index(order, b.name) })
	return list
}

// control gives a control by its name, nil if it is not there now.
func (m model) control(name string) *control {
	for _, c := range m.controls() {
		if c.name == name {
			return &c
		}
	}
	return nil
}

// focused is the model with a focus on something that is there.
func (m model) focused() model {
	if list := m.controls(); m.control(m.focus) == nil && len(list) > 0 {
		m.focus = list[0].name
	}
	return m
}

// moved is the model with the focus some controls further.
func (m model) moved(by int) (tea.Model, tea.Cmd) {
	list := m.controls()
	if len(list) > 0 {
		at := slices.IndexFunc(list, func(c control) bool { return c.name == m.focus })
		m.focus = list[(at+by+len(list))%len(list)].name
	}
	return m, nil
}

// copied puts the Access Key on the clipboard, by the terminal (OSC 52). It is no secret.
func (m model) copied() (tea.Model, tea.Cmd) {
	m.banner = banner{text: "The Access Key is copied, if your terminal allows it."}
	return m, tea.SetClipboard(m.state.key.AccessKey)
}

// toggled shows the secret, or hides it.
func (m model) toggled() (tea.Model, tea.Cmd) {
	if m.revealed != nil {
		m.revealed = nil
		return m, nil
	}
	return m.work("Reading the secret", m.jobs.reveal())
}

// The keys that mean the same everywhere on the panel.
var general = map[string]func(model) (tea.Model, tea.Cmd){
	"q": model.leave, "esc": model.leave, "ctrl+d": model.leave,
	"tab": func(m model) (tea.Model, tea.Cmd) { return m.moved(1) }, "down": func(m model) (tea.Model, tea.Cmd) { return m.moved(1) },
	"right":     func(m model) (tea.Model, tea.Cmd) { return m.moved(1) },
	"shift+tab": func(m model) (tea.Model, tea.Cmd) { return m.moved(-1) }, "up": func(m model) (tea.Model, tea.Cmd) { return m.moved(-1) },
	"left": func(m model) (tea.Model, tea.Cmd) { return m.moved(-1) },
	"u":    func(m model) (tea.Model, tea.Cmd) { return m.work("Looking at the key", m.jobs.look()) },
	"enter": func(m model) (tea.Model, tea.Cmd) {
		if c := m.control(m.focus); c != nil {
			return c.press(m)
		}
		return m, nil
	},
}

// pressed takes a key.
func (m model) pressed(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	key := msg.String()
	switch {
	case key == "ctrl+c":
		return m.leave()
	case m.form != nil:
		return m.pressedInForm(msg)
	case m.question != nil:
		return m.pressedInPopup(key)
	case m.busy != "" || m.tooSmall():
		if key == "q" || key == "esc" {
			return m.leave()
		}
		return m, nil
	}
	for _, c := range m.controls() {
		// The arrows move the slider where the focus is on it, and the focus elsewhere.
		if slices.Contains(c.keys, key) && (c.name != slider || key == "space" || m.focus == slider) {
			return c.press(m)
		}
	}
	if do := general[key]; do != nil {
		return do(m)
	}
	return m, nil
}

// pressedInPopup takes a key while a question is open. Whatever leaves it is Cancel; what is not shown in full can't be
// confirmed.
func (m model) pressedInPopup(key string) (tea.Model, tea.Cmd) {
	_, whole := m.popupBox()
	switch key {
	case "esc", "n", "q", "ctrl+d":
		return m.answered(false), nil
	case "y":
		if whole {
			return m.answered(true), nil
		}
	case "enter", "space":
		return m.answered(m.question.confirm && whole), nil
	case "left", "right", "tab", "shift+tab", "h", "l":
		q := *m.question
		q.confirm = !q.confirm
		m.question = &q
	}
	return m, nil
}

func (m model) pressedInForm(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch msg.String() {
	case "esc", "ctrl+d":
		return m.filled(nil), nil
	case "enter":
		return m.entered()
	}
	return m.typed(msg)
}
