package panel

import (
	"time"

	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Update takes a message and gives the model after it, and what is to be done.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m.pressed(msg)
	case tea.PasteMsg:
		return m.typed(msg)
	case doneMsg:
		return m.done(msg)
	case askMsg:
		if m.leaving {
			msg.answer <- false
			return m, nil
		}
		m.question = &question{Question: msg.question, answer: msg.answer}
	case fillMsg:
		return m.fill(msg)
	case noticeMsg:
		m.banner = banner{text: popup.Visible(string(msg))}
	case nowMsg:
		m.now = time.Time(msg)
		return m, m.jobs.wake(nowEvery)
	case secondMsg:
		return m.second(int(msg))
	case leaveMsg:
		return m.leave()
	case spinner.TickMsg:
		if m.busy == "" {
			return m, nil
		}
		var next tea.Cmd
		m.spinner, next = m.spinner.Update(msg)
		return m, next
	default:
		return m.typed(msg) // the cursor of a form blinks
	}
	return m, nil
}

// work begins a job. There is one at a time.
func (m model) work(what string, job tea.Cmd) (tea.Model, tea.Cmd) {
	m.busy, m.banner = what, banner{}
	return m, tea.Batch(job, m.spinner.Tick)
}

// done ends a job: what it found is shown, and what came of it is said.
func (m model) done(msg doneMsg) (tea.Model, tea.Cmd) {
	if m.busy = ""; m.leaving {
		return m, tea.Quit
	}
	m.now = msg.at
	if msg.state != nil {
		m.state = *msg.state
		m = m.focused()
	}
	switch {
	case keyapi.CodeOf(msg.err) == keyapi.CodeCancelled:
		text, _ := m.section.Describe(msg.err)
		m.banner = banner{text: text}
	case msg.err != nil:
		text, hint := m.section.Describe(msg.err)
		m.banner = banner{failed: true, text: popup.Visible(text), hint: popup.Visible(hint)}
	case msg.changed && m.banner.text == "": // a notice of the action itself says more
		m.banner = banner{text: sentences[msg.action].done}
	case !msg.secret.IsZero():
		if msg.accessKey != m.state.key.AccessKey {
			m.banner = banner{text: "This is the secret of " + popup.Visible(msg.accessKey) + "."}
		}
		m.turn++
		m.revealed = &revealed{msg.accessKey, msg.secret, revealSeconds}
		return m, m.jobs.after(time.Second, secondMsg(m.turn))
	}
	if msg.changed {
		m.revealed = nil // it is of a key that is gone
	}
	return m, nil
}

// second counts a shown secret down.
func (m model) second(turn int) (tea.Model, tea.Cmd) {
	if m.revealed == nil || turn != m.turn {
		return m, nil
	}
	r := *m.revealed
	r.seconds--
	if m.revealed = &r; r.seconds == 0 {
		m.revealed = nil
		return m, nil
	}
	return m, m.jobs.after(time.Second, secondMsg(turn))
}

// leave ends the panel, or what it is doing first. A secret is off the screen before.
func (m model) leave() (tea.Model, tea.Cmd) {
	m.leaving, m.revealed = true, nil
	m = m.answered(false).filled(nil)
	if m.busy == "" {
		return m, tea.Quit
	}
	return m, nil
}

// answered closes the pop-up.
func (m model) answered(yes bool) model {
	if m.question != nil {
		m.question.answer <- yes
		m.question = nil
	}
	return m
}

// fill opens the form of a field.
func (m model) fill(msg fillMsg) (tea.Model, tea.Cmd) {
	if m.leaving {
		msg.answer <- nil
		return m, nil
	}
	input := textinput.New()
	input.Prompt = "> "
	if msg.field.Secret {
		input.EchoMode, input.EchoCharacter = textinput.EchoPassword, '*'
	}
	input.SetStyles(m.look.input())
	focus := input.Focus()
	m.form = &form{title: msg.title, field: msg.field, input: input, answer: msg.answer}
	return m, focus
}

// filled closes the form; nil is Cancel.
func (m model) filled(text *string) model {
	if m.form != nil {
		m.form.answer <- text
		m.form = nil
	}
	return m
}

// typed hands a message to the form, if there is one.
func (m model) typed(msg tea.Msg) (tea.Model, tea.Cmd) {
	if m.form == nil {
		return m, nil
	}
	f := *m.form
	var next tea.Cmd
	f.input, next = f.input.Update(msg)
	m.form = &f
	return m, next
}

// entered takes what was typed into the form, if it is valid.
func (m model) entered() (tea.Model, tea.Cmd) {
	text := m.form.field.Entered(m.form.input.Value())
	if m.form.field.Validate != nil {
		if err := m.form.field.Validate(text); err != nil {
			f := *m.form
			f.wrong = err.Error()
			m.form = &f
			return m, nil
		}
	}
	return m.filled(&text), nil
}
