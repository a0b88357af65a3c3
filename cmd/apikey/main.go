// Command apikey manages the one API key of an account from the terminal.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/apikey-cli/apikey/internal/cli"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/embedded"
	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/nocore"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// version is set by the release build.
var version string

func main() {
	nocore.Set()
	os.Exit(run(os.Args[1:], failpoint.Clock(time.Now)))
}

// run runs a command line by a clock and gives the exit status.
func run(args []string, now func() time.Time) int {
	return cli.Exit(cli.Run(context.Background(), &cli.Env{
		IO: term.System(os.Stdin, os.Stdout, os.Stderr, os.Getenv), Getenv: os.Getenv, Environ: os.Environ(), GOOS: runtime.GOOS,
		Now: now, Random: rand.Reader, Version: build, Signals: signals, Replace: replace,
		Connect: func(ctx context.Context, to cli.Target) (*cli.Connection, error) { return connect(ctx, to, now) },
	}, args))
}

// signals ends the context on a signal. A hang-up is one too: what must be finished is finished, the rest is given up in
// order.
func signals(ctx context.Context) (context.Context, func()) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// connect opens the service a target names: a remote one, one without a key API, or the embedded one if it names none.
func connect(ctx context.Context, to cli.Target, now func() time.Time) (*cli.Connection, error) {
	if to.Server != "" {
		return remote(to, now)
	}
	if to.TokenURL != "" {
		return withoutKeyAPI(to, now)
	}
	if to.Profile != profile.Local {
		return nil, keyapi.Errorf(keyapi.CodeUsage, "The profile "+to.Profile+" names no server",
			"Sign in to one: apikey --profile "+to.Profile+" login --server URL. Or use the embedded service: apikey --profile local status")
	}
	service, err := embedded.Open(ctx, embedded.Options{
		Dir: filepath.Join(to.Data, "local"), Login: login, Now: now, Random: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	return &cli.Connection{
		Service: custody.Service{API: service, Instance: service.Instance(), Login: service.Login(), Place: render.Place("")},
		Close:   service.Close,
	}, nil
}

// login names the one account of the embedded service after the user of the system.
func login() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "local"
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:] // Windows: DOMAIN\user
}

// build tells which build this is.
func build() command.Version { return command.Build(version) }
