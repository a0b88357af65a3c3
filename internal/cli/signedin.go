package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// NeedsServer marks the commands whose examples need a key service to sign in to: the reference does not offer them as
// examples that run anywhere.
const NeedsServer = "needs-server"

// given is the session in the environment, with which a pipeline comes.
func (s *session) given() keyapi.Secret { return keyapi.NewSecret(s.env.Getenv("APIKEY_SESSION")) }

// source gives where the session for a seat comes from: the environment, else what was kept when the user signed in.
func (s *session) source(seat signin.Seat) signin.Source {
	if given := s.given(); !given.IsZero() {
		return signin.Given(seat, given, s.settings.ServerNamed())
	}
	return s.desk().Kept(seat)
}

func (s *session) desk() *signin.Desk {
	return &signin.Desk{
		Keeper: s.keeper(), Popup: s.popup, Data: s.settings.Data, Config: s.settings.Config, Now: s.env.Now,
		Notice: s.notice, Log: s.log,
	}
}

// identify completes a connection to a remote service for custody: whose key it is, and how it gets a fresh code. Whose
// session the environment has only the service knows.
func (s *session) identify(ctx context.Context, conn *Connection) error {
	if !s.given().IsZero() {
		key, err := conn.API.Key(ctx)
		if err != nil {
			return err
		}
		conn.Login, conn.Remote.Seat.Login = key.Account, key.Account
	}
	conn.Verify = s.fresh(conn.Remote).Verify
	return nil
}

// fresh gets a fresh code for the session of a remote service.
func (s *session) fresh(r *Remote) signin.Fresh {
	return signin.Fresh{Popup: s.popup, Seat: r.Seat, Show: func(ctx context.Context, otp, recovery keyapi.Secret) error {
		_, err := r.Client.Verify(ctx, otp, recovery)
		return r.API.Ended(err)
	}}
}

// signedIn is a session that has a key service the user is signed in to.
type signedIn struct {
	*session
	*Remote
}

// ended tells an error that says the session is over as such.
func (a signedIn) ended(err error) error { return a.API.Ended(err) }

// dropToken removes the cached access token: what was done to the account has ended it.
func (a signedIn) dropToken(ctx context.Context) error {
	place := custody.Service{Instance: a.Seat.Origin, Login: a.Seat.Login}
	return a.custodian(&Connection{Service: place}).DropToken(ctx)
}

// withFreshCode runs fn, and once more after a fresh code if the service wants one.
func (a signedIn) withFreshCode(ctx context.Context, fn func() error) error {
	return a.ended(a.fresh(a.Remote).Do(ctx, fn))
}

// account makes the run of a command about the account one is signed in to. args are those of the command line.
func (e *Env) account(fn func(ctx context.Context, a signedIn, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := e.start(cmd)
		if err != nil {
			return err
		}
		ctx, stop := e.Signals(cmd.Context())
		defer stop()
		return interrupted(ctx, s.withAccount(ctx, func(ctx context.Context, a signedIn) error { return fn(ctx, a, args) }))
	}
}

// withAccount connects to a remote service, finds the session and runs fn.
func (s *session) withAccount(ctx context.Context, fn func(context.Context, signedIn) error) error {
	if err := s.embeddedRefusal(); err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.Remote.API.Open(ctx); err != nil {
		return err
	}
	return errors.Join(fn(ctx, signedIn{s, conn.Remote}), conn.Close())
}

// embeddedRefusal refuses what only a key service has that one signs in to.
func (s *session) embeddedRefusal() error {
	if s.settings.TokenURL != "" {
		return keyapi.Errorf(keyapi.CodeUsage, "This service has no key API: nobody signs in to it here",
			"Its key is managed on its page. Choose another profile with --profile, or: apikey profile use NAME")
	}
	if s.settings.Server != "" || s.settings.Profile != profile.Local {
		return nil
	}
	return keyapi.Errorf(keyapi.CodeUsage, "The embedded service has no sign-in: its one account is yours on this machine",
		"Sign in to a key service with: apikey login --server URL. Choose one you have with: apikey profile use NAME")
}

// group makes a command that only holds others.
func group(cmd cobra.Command, subs ...*cobra.Command) *cobra.Command {
	cmd.Args = command.NoArgs
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(subs...)
	return &cmd
}

// oneArg wants exactly one argument and names it.
func oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return command.UsageError(cmd, "the "+name+" is missing")
		case 1:
			return nil
		default:
			return command.UsageError(cmd, "unknown argument "+command.Quote(args[1])+" for "+cmd.CommandPath())
		}
	}
}
