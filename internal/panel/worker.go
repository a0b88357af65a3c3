package panel

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// jobs are what a model has done beside it. Each comes back as one doneMsg.
type jobs interface {
	look() tea.Cmd
	act(keyapi.Action) tea.Cmd
	reveal() tea.Cmd
	// after gives a message some time from now; wake also tells the time.
	after(time.Duration, tea.Msg) tea.Cmd
	wake(time.Duration) tea.Cmd
}

// worker does the jobs with a custodian.
type worker struct {
	panel *Panel
	ctx   context.Context
	keys  *custody.Custodian
}

// job makes a command of a piece of work that the panel waits for before it ends.
func (w *worker) job(do func(ctx context.Context) doneMsg) tea.Cmd {
	return func() (msg tea.Msg) {
		if !w.panel.begin() {
			return nil
		}
		defer w.panel.working.Done()
		defer func() {
			if value := recover(); value != nil {
				msg = doneMsg{at: w.panel.now(), err: broke(value)}
			}
		}()
		w.keys.Retry()
		// A signal or a closed terminal ends the panel and its questions, never what was begun.
		done := do(context.WithoutCancel(w.ctx))
		done.at = w.panel.now()
		return done
	}
}

func (w *worker) look() tea.Cmd {
	return w.job(func(ctx context.Context) doneMsg {
		now, err := w.state(ctx)
		return doneMsg{state: now, err: err}
	})
}

// state looks at the key and at what this machine keeps of it.
func (w *worker) state(ctx context.Context) (*state, error) {
	key, err := w.keys.Service.API.Key(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := w.keys.Kept()
	if err != nil {
		return nil, err
	}
	return &state{key, kept}, nil
}

func (w *worker) act(a keyapi.Action) tea.Cmd {
	return w.job(func(ctx context.Context) doneMsg {
		done := doneMsg{action: a}
		done.err = w.keys.Act(ctx, custody.Intent{Action: a}, func(out custody.Outcome) error {
			done.state, done.changed = &state{out.Key, out.Kept}, out.Changed
			return nil
		})
		if done.err != nil && keyapi.CodeOf(done.err) != keyapi.CodeCancelled {
			done.state, _ = w.state(ctx) // it may be another than the one that was shown; the error is what is told
		}
		return done
	})
}

func (w *worker) reveal() tea.Cmd {
	return w.job(func(ctx context.Context) (done doneMsg) {
		done.err = w.keys.Secret(ctx, func(accessKey string, secret keyapi.Secret) error {
			done.accessKey, done.secret = accessKey, secret
			return nil
		})
		if done.err == nil { // a secret that was recovered is kept only now
			done.state, _ = w.state(ctx)
		}
		return done
	})
}

func (w *worker) after(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

func (w *worker) wake(d time.Duration) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return nowMsg(w.panel.now()) })
}
