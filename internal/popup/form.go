package popup

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"github.com/charmbracelet/colorprofile"
)

func (a *Asker) confirmForm(ctx context.Context, q Question) bool {
	confirmed := false
	form := a.form(huh.NewConfirm().
		Title(q.Title).
		Description("\n" + strings.Join(q.Body, "\n")).
		Affirmative(q.Confirm).
		Negative(q.Cancel).
		WithButtonAlignment(leftAligned).
		Value(&confirmed))
	if !a.shows(form, 0) {
		return a.confirmLine(ctx, q)
	}
	return a.run(ctx, form) && confirmed
}

func (a *Asker) askForm(ctx context.Context, title string, fields []Field) ([]string, bool) {
	values := make([]string, len(fields))
	var inputs []huh.Field
	if title != "" {
		inputs = append(inputs, huh.NewNote().Title(title))
	}
	for i, field := range fields {
		input := huh.NewInput().Title(field.Title).Description(field.Hint).Value(&values[i])
		if field.Secret {
			input.EchoMode(huh.EchoModePassword)
		}
		if field.Validate != nil {
			input.Validate(func(text string) error { return field.Validate(field.Entered(text)) })
		}
		inputs = append(inputs, input)
	}
	form := a.form(inputs...)
	if !a.shows(form, errorLines) {
		return a.askLines(ctx, title, fields)
	}
	done := a.run(ctx, form)
	for i := range values {
		values[i] = fields[i].Entered(values[i])
	}
	return values, done
}

// form makes a form as wide as the terminal on the error stream allows.
func (a *Asker) form(fields ...huh.Field) *huh.Form {
	cols, _ := a.size()
	return huh.NewForm(huh.NewGroup(fields...)).
		WithTheme(huh.ThemeFunc(theme)).
		WithKeyMap(keys()).
		WithWidth(min(widest, max(narrowest, cols)))
}

// run runs a form and tells whether it was completed. A field's value moves while its button is chosen, so only a
// completed form counts.
func (a *Asker) run(ctx context.Context, form *huh.Form) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithoutSignalHandler()} // signals reach us through the context
	if !a.io.ErrColor {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	in, stop, err := Watched(a.io.In, cancel)
	if err != nil {
		return false
	}
	defer stop()
	form = form.WithProgramOptions(options...).WithInput(in).WithOutput(a.io.Err)
	err = form.RunWithContext(ctx)
	return err == nil && form.State == huh.StateCompleted
}

// keys makes everything that means "away from here" leave the form, and the tabulator go to the other button.
func keys() *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	k.Quit = key.NewBinding(key.WithKeys("esc", "ctrl+c", "ctrl+d"), key.WithHelp("esc", "cancel"))
	k.Confirm.Toggle.SetKeys("h", "l", "left", "right", "tab", "shift+tab")
	return k
}
