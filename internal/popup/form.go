package popup

import (
	"context"
	"io"
	"os"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"github.com/charmbracelet/colorprofile"
)

// widest is how many columns a pop-up takes at most.
const widest = 60

func (a *Asker) confirmForm(ctx context.Context, q Question) bool {
	confirmed := false
	done := a.run(ctx, huh.NewConfirm().
		Title(q.Title).
		Description("\n"+strings.Join(q.Body, "\n")).
		Affirmative(q.Confirm).
		Negative(q.Cancel).
		WithButtonAlignment(leftAligned).
		Value(&confirmed))
	return done && confirmed
}

func (a *Asker) askForm(ctx context.Context, title string, fields []Field) ([]string, bool) {
	values := make([]string, len(fields))
	inputs := []huh.Field{huh.NewNote().Title(title)}
	for i, field := range fields {
		input := huh.NewInput().Title(field.Title).Value(&values[i])
		if field.Secret {
			input.EchoMode(huh.EchoModePassword)
		}
		if field.Validate != nil {
			input.Validate(func(text string) error { return field.Validate(strings.TrimSpace(text)) })
		}
		inputs = append(inputs, input)
	}
	done := a.run(ctx, inputs...)
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return values, done
}

// run runs a form and tells whether it was completed. A field's value moves while its button is chosen, so only a
// completed form counts.
func (a *Asker) run(ctx context.Context, fields ...huh.Field) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithoutSignalHandler()} // signals reach us through the context
	if !a.io.ErrColor {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	form := huh.NewForm(huh.NewGroup(fields...)).
		WithTheme(huh.ThemeFunc(theme)).
		WithKeyMap(keys()).
		WithWidth(min(widest, a.io.Width)).
		WithProgramOptions(options...).
		WithInput(watched(a.io.In, cancel)).
		WithOutput(a.io.Err)
	err := form.RunWithContext(ctx)
	return err == nil && form.State == huh.StateCompleted
}

// keys makes everything that means "away from here" leave the form.
func keys() *huh.KeyMap {
	k := huh.NewDefaultKeyMap()
	k.Quit = key.NewBinding(key.WithKeys("esc", "ctrl+c", "ctrl+d"), key.WithHelp("esc", "cancel"))
	return k
}

// watched gives the input with an eye on its end: bubbletea stops reading without a word and would wait for ever.
func watched(in io.Reader, ended func()) io.Reader {
	if f, ok := in.(*os.File); ok {
		return &watchedFile{File: f, ended: ended}
	}
	return &watchedReader{Reader: in, ended: ended}
}

// watchedFile stays a file, so that bubbletea can set the terminal's mode.
type watchedFile struct {
	*os.File
	ended func()
}

func (w *watchedFile) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	if err != nil || n == 0 {
		w.ended()
	}
	return n, err
}

type watchedReader struct {
	io.Reader
	ended func()
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil {
		w.ended()
	}
	return n, err
}
