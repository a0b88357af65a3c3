package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// How long all calls of the keyring together may take: a person can be asked to unlock it, a script can't.
const (
	keyringPatience       = 5 * time.Second
	keyringPersonPatience = 2 * time.Minute
	keyringNoticeAfter    = time.Second
)

// session is one run of one command: the settings settled, the streams dressed. Only commands that need them open a
// connection and a custodian.
type session struct {
	env      *Env
	settings profile.Settings
	out      *render.Printer
	popup    asker
	log      *slog.Logger
	quiet    bool
	shown    bool            // the result showed the key, with its end
	stores   *keeping.Keeper // see keeper
}

// start settles the settings of a run. formats are the values of --output this command takes beside table and json.
func (e *Env) start(cmd *cobra.Command, formats ...string) (*session, error) {
	return e.startWith(profile.Load, cmd, formats)
}

// startNew is start for the commands that may be about a profile that is not there.
func (e *Env) startNew(cmd *cobra.Command) (*session, error) {
	return e.startWith(profile.LoadNew, cmd, nil)
}

type loader func(flags *pflag.FlagSet, getenv func(string) string, goos string) (profile.Settings, error)

func (e *Env) startWith(load loader, cmd *cobra.Command, formats []string) (*session, error) {
	settings, err := load(cmd.Flags(), e.Getenv, e.GOOS)
	if err != nil {
		return nil, err
	}
	s := &session{env: e, settings: settings, log: slog.New(slog.DiscardHandler)}
	if s.out, err = e.printer(cmd, &s.settings, formats); err != nil {
		return nil, err
	}
	s.quiet, _ = cmd.Flags().GetBool("quiet")
	if debug, _ := cmd.Flags().GetBool("debug"); debug {
		s.log = slog.New(slog.NewTextHandler(e.IO.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s.popup = e.asker(cmd, settings)
	return s, nil
}

// asker makes what asks people in a run.
func (e *Env) asker(cmd *cobra.Command, s profile.Settings) *popup.Asker {
	return popup.New(e.IO, popup.Options{NoInput: s.NoInput, CI: s.CI, Accessible: s.Accessible, Instead: instead(cmd)})
}

// printer dresses the output.
func (e *Env) printer(cmd *cobra.Command, s *profile.Settings, formats []string) (*render.Printer, error) {
	p := &render.Printer{Out: e.IO.Out, TTY: e.IO.OutTTY, Color: e.IO.Color, Width: e.IO.Width, Now: e.Now}
	if expr, _ := cmd.Flags().GetString("jq"); expr != "" {
		var err error
		if p.Query, err = render.CompileQuery(expr); err != nil {
			return nil, err
		}
		s.Output = "json"
	}
	allowed := append([]string{"table", "json"}, formats...)
	if !slices.Contains(allowed, s.Output) {
		return nil, keyapi.Errorf(keyapi.CodeUsage,
			fmt.Sprintf("The output %q (%s) is not one of %s", s.Output, s.Source("output"), strings.Join(allowed, ", ")), "")
	}
	p.JSON = s.Output == "json"
	return p, nil
}

// notice writes a line for the person, beside the result. Programs that read JSON get none.
func (s *session) notice(text string) {
	if !s.quiet && !s.out.JSON {
		_, _ = fmt.Fprintln(s.env.IO.Err, text)
	}
}

// keyed is a session that has a key service and a custodian of the account's key.
type keyed struct {
	*session
	keys *custody.Custodian
	conn *Connection
}

// looks makes the run of a command that only looks at the key.
func (e *Env) looks(fn func(context.Context, keyed) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		s, err := e.start(cmd)
		if err != nil {
			return err
		}
		return s.withKey(cmd.Context(), fn)
	}
}

// changes makes the run of a command that changes something, here or at the service.
func (e *Env) changes(fn func(context.Context, keyed) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		s, err := e.start(cmd)
		if err != nil {
			return err
		}
		return s.changing(cmd.Context(), fn)
	}
}

// changing is withKey for what changes something: a signal does not end the process then, it ends the context.
func (s *session) changing(ctx context.Context, fn func(context.Context, keyed) error) error {
	ctx, stop := s.env.Signals(ctx)
	defer stop()
	return interrupted(ctx, s.withKey(ctx, fn))
}

// withKey connects to the key service, runs fn with a custodian of the account's key and closes the connection.
func (s *session) withKey(ctx context.Context, fn func(context.Context, keyed) error) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return s.with(ctx, conn, fn)
}

// with runs fn with a custodian of the account's key at a service, and closes the connection.
func (s *session) with(ctx context.Context, conn *Connection, fn func(context.Context, keyed) error) error {
	warn := s.watch(ctx, conn)
	if conn.Remote != nil {
		if err := s.identify(ctx, conn); err != nil {
			return err
		}
	}
	s.log.Debug("connected", "service", conn.Place, "account", conn.Login)
	err := fn(ctx, keyed{s, s.custodian(conn), conn})
	warn()
	return errors.Join(err, conn.Close())
}

// connect opens the key service of the settings.
func (s *session) connect(ctx context.Context) (*Connection, error) {
	return s.env.Connect(ctx, Target{Settings: s.settings, Session: s.source, Log: s.log})
}

// keeper gives the stores of this machine, the same at every call: all calls of the keyring share one deadline.
func (s *session) keeper() keeping.Keeper {
	if s.stores == nil {
		budget := keyringPatience
		if s.popup.MayAsk() {
			budget = keyringPersonPatience
		}
		if s.settings.KeyringTimeout > 0 {
			budget = s.settings.KeyringTimeout
		}
		keyring := secretstore.KeyringOptions{Getenv: s.env.Getenv, GOOS: s.env.GOOS, Budget: budget}
		if s.popup.MayAsk() {
			keyring.NoticeAfter, keyring.Notice = keyringNoticeAfter, func() { s.notice("Waiting for your keyring…") }
		}
		helper := secretstore.HelperOptions{
			Argv: s.settings.StoreCommand, NamedIn: profile.Path(s.settings.Config), Environ: s.env.Environ, Budget: budget,
		}
		if s.popup.MayAsk() {
			helper.NoticeAfter, helper.Notice = keyringNoticeAfter, func() { s.notice("Waiting for your helper…") }
		}
		sealed := secretstore.SealedOptions{Dir: filepath.Join(s.settings.Data, "sealed"), Passphrase: s.passphrase}
		s.stores = &keeping.Keeper{
			Choice: keeping.Choice(s.settings.Store), Keyring: secretstore.NewKeyring(keyring),
			File: secretstore.NewFile(filepath.Join(s.settings.Data, "secrets")), Popup: s.popup, Notice: s.notice,
			Others:       []secretstore.Store{secretstore.NewSealed(sealed), secretstore.NewHelper(helper)},
			RememberFile: func() error { return profile.Set(s.settings.Config, s.settings.Profile, "store", "file") },
		}
	}
	return *s.stores
}

func (s *session) custodian(conn *Connection) *custody.Custodian {
	return &custody.Custodian{
		Keeper: s.keeper(), Service: conn.Service, Dir: s.settings.Data, Now: s.env.Now, Random: s.env.Random,
		UserAgent: "apikey/" + s.env.Version().Number, Log: s.log,
	}
}

// look gives the key as the service has it and what this machine keeps of it.
func (k keyed) look(ctx context.Context) (keyapi.Key, custody.Kept, error) {
	key, err := k.conn.API.Key(ctx)
	if err != nil {
		return key, custody.Kept{}, err
	}
	kept, err := k.keys.Kept()
	return key, kept, err
}

// section shows the key with what this machine keeps of it. changed is nil where nothing was asked to change.
func (k keyed) section(key keyapi.Key, kept custody.Kept, changed *bool, secret keyapi.Secret) error {
	k.shown = true
	return k.out.Section(render.Key{
		Key: key, Profile: k.settings.Profile, Server: k.conn.Server, SecretStored: string(kept.Store),
		SecretMatches: kept.AccessKey == key.AccessKey, Changed: changed, Secret: secret, OnItsPage: k.conn.Foreign != nil,
	})
}

// instead is the command to run where nobody can be asked. It repeats no code: one for recovery would still be good.
func instead(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	if raw, ok := cmd.Context().Value(argsKey{}).([]string); ok {
		words = []string{cmd.Root().Name()}
		for i, arg := range raw {
			switch {
			case i > 0 && raw[i-1] == "--code":
				arg = "CODE"
			case strings.HasPrefix(arg, "--code="):
				arg = "--code=CODE"
			}
			words = append(words, command.Quote(arg))
		}
	}
	return strings.Join(append(words, "--yes"), " ")
}

// argsKey carries the arguments of the run, as they were typed.
type argsKey struct{}
