package panel

import (
	"time"

	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// How long a secret is shown, and how often the dates are drawn anew.
const (
	revealSeconds = 10
	nowEvery      = time.Minute
)

// state is the key as the service has it, and what this machine keeps of it.
type state struct {
	key  keyapi.Key
	kept custody.Kept
}

// model is all that is on the screen.
type model struct {
	section  Section
	jobs     jobs
	look     look
	spinner  spinner.Model
	now      time.Time
	state    state
	focus    string // name of the control the next Enter presses
	busy     string // what is being done; "" = nothing
	question *question
	form     *form
	revealed *revealed
	turn     int // counts the reveals, so that a late tick hides no later one
	banner   banner
	leaving  bool // as soon as what is being done is done

	width, height int
}

// question is a pop-up that waits for its answer.
type question struct {
	popup.Question
	answer  chan<- bool
	confirm bool // its button is selected, not Cancel
}

// form is a field that waits for what is typed.
type form struct {
	title  string
	field  popup.Field
	input  textinput.Model
	wrong  string // why what was entered is not taken
	answer chan<- *string
}

// revealed is a secret that is shown.
type revealed struct {
	accessKey string
	secret    keyapi.Secret
	seconds   int // left
}

// banner is what was last said.
type banner struct {
	failed     bool
	text, hint string
}

// The messages.
type (
	// doneMsg ends what is being done.
	doneMsg struct {
		at        time.Time
		action    keyapi.Action // "" = it was no action
		state     *state        // nil = not known anew
		changed   bool
		accessKey string // of the secret
		secret    keyapi.Secret
		err       error
	}
	askMsg struct {
		question popup.Question
		answer   chan<- bool
	}
	fillMsg struct {
		title  string
		field  popup.Field
		answer chan<- *string
	}
	noticeMsg string
	nowMsg    time.Time
	secondMsg int      // of the reveal with this turn
	leaveMsg  struct{} // a signal, or the terminal is gone
)

func newModel(s Section, now time.Time, colour bool, j jobs) model {
	m := model{
		section: s, jobs: j, look: newLook(colour, s.ASCII), now: now, state: state{s.Key, s.Kept},
		banner: banner{text: s.Notice}, width: 80, height: 24,
	}
	m.spinner = spinner.New(spinner.WithSpinner(m.look.spinner), spinner.WithStyle(m.look.accent))
	return m.focused()
}

// Init wakes the panel for its dates from time to time.
func (m model) Init() tea.Cmd { return m.jobs.wake(nowEvery) }
