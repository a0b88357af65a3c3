// Package cli is the command line of apikey: one file a command, each flags → input → a function. It has no rule of the
// key and no order of steps; those are in lifecycle and custody.
//
// Nothing here reads the process: streams, environment, clock and the connection to a service are passed in.
package cli

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Env is everything a run takes from outside.
type Env struct {
	IO      *term.IO
	Getenv  func(string) string
	Environ []string // all of the environment, for a command that is run
	GOOS    string
	Now     func() time.Time // in the user's time zone
	Random  io.Reader
	Version func() command.Version

	// Signals gives a context that ends when the user wants the run to end. It is called when there is something to end.
	Signals func(context.Context) (ctx context.Context, stop func())
	// Replace runs a program in place of this one, or, where the system cannot, beside it until it ends. It gives the
	// program's exit status. argv[0] is the name it is told it has.
	Replace func(path string, argv, environ []string) (status int, err error)
	// Connect opens the key service a target names; a remote one is not called yet. It is called by the commands that
	// need one, and by no other.
	Connect func(ctx context.Context, to Target) (*Connection, error)
}

// Target says which key service is meant.
type Target struct {
	profile.Settings
	Session func(signin.Seat) signin.Source // where the session for a seat comes from
	Log     *slog.Logger
}

// Connection is an open key service.
type Connection struct {
	custody.Service
	Server string  // its address; "" = embedded
	Remote *Remote // nil = embedded, or without a key API
	// Foreign is the service if it has no key API; nil = it has one.
	Foreign *foreign.Service
	// Grant gets an access token for a credential; nil where the service gives none.
	Grant custody.Grant
	Close func() error
}

// Remote is what only a key service has that one signs in to.
type Remote struct {
	Client *keyapi.Client // shows no session before API was opened
	API    *signin.API
	Seat   signin.Seat
}
