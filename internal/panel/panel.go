// Package panel is the page's API Access Key section as a program on a whole terminal: the slider, the key, its dates,
// the buttons and the pop-ups. Model, Update and View are pure: time, keys and results come in as messages, so that they
// are tested without a terminal. Everything that is done is done by package custody; no rule of the key, no order of
// steps and no text of a pop-up may enter.
package panel

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Panel runs the section on a terminal. While it runs it asks in place of a popup.Asker, and what is written to it is a
// notice it shows; before and after, what is written goes to the error stream.
type Panel struct {
	io  *term.IO
	now func() time.Time

	mu      sync.Mutex
	program *tea.Program  // nil before and after the run
	closed  chan struct{} // closed when the program has ended
	working sync.WaitGroup
}

// New makes a panel for the streams of a run. now gives the time in the user's zone.
func New(io *term.IO, now func() time.Time) *Panel {
	return &Panel{io: io, now: now, closed: make(chan struct{})}
}

// Section is what a run shows.
type Section struct {
	Keys    *custody.Custodian // its Popup must be the panel
	Key     keyapi.Key
	Kept    custody.Kept
	Notice  string   // what is said at first; may be ""
	Environ []string // of the process: how the terminal is written to
	ASCII   bool     // nothing but ASCII is drawn
	// Describe gives an error as people are told it: what happened, and what to do.
	Describe func(error) (message, hint string)
}

// Run shows the section until the user leaves it, and gives the terminal back as it was. An action that was begun is
// finished first. Errors: CodeInterrupted when ctx ended or the terminal was closed; CodeInternal for a terminal that
// cannot be used.
func (p *Panel) Run(ctx context.Context, s Section) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, stop, err := popup.Watched(p.io.In, cancel)
	if err != nil {
		return unusable(err)
	}
	defer stop()
	options := []tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(p.io.Out), tea.WithEnvironment(s.Environ),
		tea.WithoutSignalHandler(), // signals reach us through the context
		tea.WithoutCatchPanics(),   // bubbletea prints the value of a panic, which could be anything
	}
	if !p.io.Color {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	program := tea.NewProgram(newModel(s, p.now(), p.io.Color, &worker{panel: p, ctx: ctx, keys: s.Keys}), options...)
	p.mu.Lock()
	p.program = program
	p.mu.Unlock()
	defer p.finish()
	defer func() {
		if value := recover(); value != nil {
			program.Kill()
			panic(value)
		}
	}()
	stopLeaving := context.AfterFunc(ctx, func() { program.Send(leaveMsg{}) })
	_, err = program.Run()
	stopLeaving()
	switch {
	case ctx.Err() != nil:
		return keyapi.Errorf(keyapi.CodeInterrupted, "Interrupted", "What was begun is finished. Look with: apikey status")
	case err != nil:
		return unusable(err)
	default:
		return nil
	}
}

func unusable(err error) error {
	return &keyapi.Error{
		Code: keyapi.CodeInternal, Message: "The terminal cannot show the panel", Err: err, Hint: "Look with: apikey status",
	}
}

// finish ends what the panel asks and waits for what it does.
func (p *Panel) finish() {
	p.mu.Lock()
	p.program = nil
	close(p.closed)
	p.mu.Unlock()
	p.working.Wait()
}

// begin counts a piece of work, unless the program has ended.
func (p *Panel) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.program != nil {
		p.working.Add(1)
	}
	return p.program != nil
}

// send tells the program something. It gives false if there is none to tell.
func (p *Panel) send(msg tea.Msg) bool {
	p.mu.Lock()
	program := p.program
	p.mu.Unlock()
	if program == nil {
		return false
	}
	program.Send(msg)
	return true
}

// Write takes notices, whole lines, and shows them.
func (p *Panel) Write(text []byte) (int, error) {
	if p.send(noticeMsg(strings.TrimSpace(string(text)))) {
		return len(text), nil
	}
	return p.io.Err.Write(text)
}

// MayAsk tells that a person is there: a panel is on a terminal.
func (p *Panel) MayAsk() bool { return true }

// Confirm asks a question in a pop-up and returns nil if its button was chosen. Error: CodeCancelled.
func (p *Panel) Confirm(ctx context.Context, q popup.Question) error {
	answer := make(chan bool, 1)
	if p.send(askMsg{question: q.Visible(), answer: answer}) {
		select {
		case yes := <-answer:
			if yes {
				return nil
			}
		case <-ctx.Done():
		case <-p.closed:
		}
	}
	return popup.Cancelled()
}

// Ask asks for the fields of a form, one after the other, and gives what was entered. Error: CodeCancelled.
func (p *Panel) Ask(ctx context.Context, title string, fields ...popup.Field) ([]string, error) {
	values := make([]string, len(fields))
	for i, field := range fields {
		answer := make(chan *string, 1)
		if !p.send(fillMsg{title: popup.Visible(title), field: field, answer: answer}) {
			return nil, popup.Cancelled()
		}
		select {
		case text := <-answer:
			if text == nil {
				return nil, popup.Cancelled()
			}
			values[i] = *text
		case <-ctx.Done():
			return nil, popup.Cancelled()
		case <-p.closed:
			return nil, popup.Cancelled()
		}
	}
	return values, nil
}

// broke makes the error of a panic. Its value is not told: it could be anything.
func broke(value any) error {
	return keyapi.Errorf(keyapi.CodeInternal, fmt.Sprintf("apikey broke off (%T)", value), "")
}
