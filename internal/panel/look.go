package panel

import (
	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	"charm.land/lipgloss/v2"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// look is how things are drawn: with colours or without, with all of Unicode or with ASCII alone. Only the sixteen
// colours are used, which are the user's own, so nothing is asked of the terminal. What a colour says a word or a sign
// says too.
type look struct {
	styles  map[term.Style]lipgloss.Style
	title   lipgloss.Style
	accent  lipgloss.Style
	chosen  lipgloss.Style // the control or button that Enter presses
	frame   lipgloss.Border
	spinner spinner.Spinner
	slider  map[keyapi.Status]string
	signs   map[string]string // of the buttons, by the names of their controls
	full    string            // of the bar
	rest    string
	hidden  string // in place of a secret
	failed  string // before what went wrong
	said    string // before a notice
	between string
	cut     string
}

func newLook(colour, ascii bool) look {
	l := look{
		frame: lipgloss.RoundedBorder(), spinner: spinner.MiniDot,
		slider: map[keyapi.Status]string{keyapi.StatusActive: "[────●] On", keyapi.StatusDisabled: "[●────] Off"},
		signs:  map[string]string{regenerate: "↻ ", remove: "✕ ", generate: "+ "},
		full:   "█", rest: "░", hidden: "••••••••••••", failed: "✗ ", said: "› ", between: " · ", cut: "…",
	}
	if ascii {
		l.frame, l.spinner = lipgloss.ASCIIBorder(), spinner.Line
		l.slider = map[keyapi.Status]string{keyapi.StatusActive: "[----o] On", keyapi.StatusDisabled: "[o----] Off"}
		l.signs, l.full, l.rest, l.hidden = map[string]string{generate: "+ "}, "#", "-", "************"
		l.failed, l.said, l.between, l.cut = "! ", "> ", " - ", "..."
	}
	l.styles = map[term.Style]lipgloss.Style{term.Bold: lipgloss.NewStyle().Bold(true), term.Dim: lipgloss.NewStyle().Faint(true)}
	l.title, l.chosen = lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Bold(true).Reverse(true)
	if colour {
		l.styles[term.Green] = lipgloss.NewStyle().Foreground(lipgloss.Green)
		l.styles[term.Yellow] = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
		l.styles[term.Red] = lipgloss.NewStyle().Foreground(lipgloss.Red)
		l.styles[term.Cyan] = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
		l.title, l.accent = l.title.Foreground(lipgloss.Cyan), l.styles[term.Cyan]
	}
	return l
}

// paint gives a text in a style.
func (l look) paint(s term.Style, text string) string { return l.styles[s].Render(text) }

// behind is the look of what lies behind a pop-up.
func (l look) behind() look {
	dim := l.styles[term.Dim]
	l.styles = map[term.Style]lipgloss.Style{
		term.Plain: dim, term.Bold: dim, term.Dim: dim, term.Green: dim, term.Yellow: dim, term.Red: dim, term.Cyan: dim,
	}
	l.title, l.accent, l.chosen = dim, dim, dim
	return l
}

// input is the look of a field one types into.
func (l look) input() textinput.Styles {
	plain := textinput.StyleState{Prompt: l.accent}
	return textinput.Styles{Focused: plain, Blurred: plain, Cursor: textinput.CursorStyle{Shape: textinput.DefaultStyles(true).Cursor.Shape}}
}
