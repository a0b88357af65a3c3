// Package popup asks people: the confirmation pop-ups of the page and the forms, on huh, and the same questions as plain
// lines for screen readers and simple terminals. It is the one place that decides whether we may ask. It knows no keys.
//
// Whatever ends a question but its own button ends it as Cancel: Esc, Ctrl-C, Ctrl-D, the end of the input, a closed
// terminal, a signal.
package popup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Question is a pop-up with two buttons.
type Question struct {
	Title   string
	Body    []string // lines under the title
	Confirm string   // the button that goes on
	Cancel  string   // the other one; it is selected at first
}

// Field is a line of a form.
type Field struct {
	Title    string
	Hint     string             // what belongs in it; may be ""
	Secret   bool               // what is typed is not shown
	Exact    bool               // blanks at its ends belong to it
	Validate func(string) error // may be nil
}

// NotEmpty is a Validate that wants something.
func NotEmpty(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// Options say how, and whether, people may be asked.
type Options struct {
	NoInput    bool   // --no-input
	CI         bool   // the variable CI is set
	Accessible bool   // plain lines
	Instead    string // the command to run where nobody may be asked
}

// Asker asks on the streams of a run: questions go to Err, answers come from In.
type Asker struct {
	io   *term.IO
	opts Options
}

// New makes an Asker.
func New(io *term.IO, o Options) *Asker { return &Asker{io: io, opts: o} }

// MayAsk tells whether a person is there to ask: input and error stream are terminals, and neither CI nor --no-input
// says otherwise.
func (a *Asker) MayAsk() bool { return a.refusal() == "" }

// refusal says why nobody may be asked, "" if somebody may.
func (a *Asker) refusal() string {
	switch {
	case a.opts.NoInput:
		return "--no-input is given"
	case a.opts.CI:
		return "CI is set"
	case !a.io.InTTY || !a.io.ErrTTY:
		return "there is no terminal"
	default:
		return ""
	}
}

// WhyNoScreen says why no program may take the whole of the terminal, "" if one may: nobody may be asked, or only by plain
// lines.
func (a *Asker) WhyNoScreen() string {
	switch why := a.refusal(); {
	case why != "":
		return why
	case a.opts.Accessible:
		return "--accessible is given"
	case a.io.Dumb:
		return "this terminal can only print lines"
	default:
		return ""
	}
}

// plain tells whether questions are asked as plain lines. Where a form has no room they are too.
func (a *Asker) plain() bool { return a.opts.Accessible || a.io.Dumb }

// Confirm asks a question and returns nil if its button was chosen. Errors: CodeCancelled for everything else;
// CodeConfirmationRequired, with the command to run instead, where nobody may be asked.
func (a *Asker) Confirm(ctx context.Context, q Question) error {
	if why := a.refusal(); why != "" {
		return a.required(q.Title, why)
	}
	ask := a.confirmForm
	if a.plain() {
		ask = a.confirmLine
	}
	if !ask(ctx, q.Visible()) {
		return Cancelled()
	}
	return nil
}

// Ask asks for the fields of a form and gives what was entered, in their order. A form whose fields say it all has the
// title "". Errors as those of Confirm.
func (a *Asker) Ask(ctx context.Context, title string, fields ...Field) ([]string, error) {
	if why := a.refusal(); why != "" {
		return nil, a.required(title, why)
	}
	ask := a.askForm
	if a.plain() {
		ask = a.askLines
	}
	values, done := ask(ctx, Visible(title), fields)
	if !done {
		return nil, Cancelled()
	}
	return values, nil
}

func (a *Asker) required(title, why string) error {
	return keyapi.Errorf(keyapi.CodeConfirmationRequired, fmt.Sprintf("%q needs an answer, but %s", title, why), "Run: "+a.opts.Instead)
}

// Cancelled is the error of a question that was left.
func Cancelled() error {
	return keyapi.Errorf(keyapi.CodeCancelled, "Cancelled. Nothing was changed.", "")
}

// Entered gives what was typed into a field, as it counts.
func (f Field) Entered(text string) string {
	if f.Exact {
		return text
	}
	return strings.TrimSpace(text)
}

// same tells whether a typed answer chooses a button: by its name, or by yes.
func same(answer, button string) bool {
	answer = strings.TrimSpace(answer)
	return strings.EqualFold(answer, button) || strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
}
