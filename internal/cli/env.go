// Package cli is the command line of apikey: one file a command, each flags → input → a function. It has no rule of the
// key and no order of steps; those are in lifecycle and custody.
//
// Nothing here reads the process: streams, environment, clock and the connection to a service are passed in.
package cli

import (
	"context"
	"io"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/term"
)

// Env is everything a run takes from outside.
type Env struct {
	IO      *term.IO
	Getenv  func(string) string
	Environ []string // all of the environment, for a command that is run
	GOOS    string
	Now     func() time.Time // in the user's time zone
	Random  io.Reader
	Version func() Version

	// Signals gives a context that ends when the user wants the run to end. It is called when there is something to end.
	Signals func(context.Context) (ctx context.Context, stop func())
	// Replace runs a program in place of this one, or, where the system cannot, beside it until it ends. It gives the
	// program's exit status. argv[0] is the name it is told it has.
	Replace func(path string, argv, environ []string) (status int, err error)
	// Connect opens the key service the settings name. It is called by the commands that need one, and by no other.
	Connect func(ctx context.Context, s profile.Settings) (*Connection, error)
}

// Connection is an open key service.
type Connection struct {
	custody.Service
	Server string // its address; "" = embedded
	// Grant gets an access token for a credential; nil where the service gives none.
	Grant custody.Grant
	Close func() error
}
