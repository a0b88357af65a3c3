// Package daemon is the command line of apikeyd, the key service: one file a command, each flags → input → a function.
// What a service does is in keyservice, accounts and httpapi; how it is kept up in serving; its files in datadir.
//
// Nothing here reads the process: streams, environment, clock and signals are passed in.
package daemon

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/term"
)

// Env is everything a run takes from outside.
type Env struct {
	IO      *term.IO
	Getenv  func(string) string
	GOOS    string
	Now     func() time.Time // in the operator's time zone
	Random  io.Reader
	Version func() command.Version

	// Signals gives the signals that end or reload the run (interrupt, termination, hang-up) from its call on.
	Signals func() (signals <-chan os.Signal, stop func())
}

// interruptible gives a context that a signal ends, for what must be taken back in order.
func (e *Env) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals, stop := e.Signals()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); stop() }
}
