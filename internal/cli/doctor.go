package cli

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/diagnosis"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// exitUnwell is the exit status of doctor if a check failed.
const exitUnwell = 1

func doctorCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check everything the tool needs, and say what mends it",
		Long: "Checks everything: configuration and its sources, file modes, proxy, service\n" +
			"and its certificate, clock, session, multi-factor authentication, secret\n" +
			"store, key and kept secret, actions that were cut short. Each line is ok,\n" +
			"warn, fail or skip, with the command that mends it. One that fails does not\n" +
			"stop the others. Exit status: 1 if any failed, else 0.",
		Example:           "  apikey doctor\n  apikey doctor --jq '.items[] | select(.status == \"fail\").hint'",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := env.patient(cmd)
			if err != nil {
				return err
			}
			ctx, stop := env.Signals(cmd.Context())
			defer stop()
			findings := diagnosis.Examine(ctx, p)
			if err := ctx.Err(); err != nil {
				return interrupted(ctx, errors.Join(err, p.close()))
			}
			if err := errors.Join(p.out.Findings(findings), p.close()); err != nil {
				return err
			}
			if slices.ContainsFunc(findings, func(f diagnosis.Finding) bool { return f.Status == diagnosis.Fail }) {
				return command.QuietExit(exitUnwell)
			}
			return nil
		},
	}
}

// patient is what doctor looks at: a run whose settings may be wrong, and whose service may be out of order.
type patient struct {
	*session
	unsettled error
	conn      *Connection // nil before Connect
}

var _ diagnosis.Machine = (*patient)(nil)

// patient is start for a run that goes on without settings. What can't be had of the configuration comes from the
// command line, the environment and the defaults.
func (e *Env) patient(cmd *cobra.Command) (*patient, error) {
	settings, unsettled := profile.Load(cmd.Flags(), e.Getenv, e.GOOS)
	if unsettled == nil {
		s, err := e.start(cmd)
		return &patient{session: s}, err
	}
	rest := profile.Settings{Dirs: settings.Dirs, Store: e.Getenv("APIKEY_STORE"), Output: e.Getenv("APIKEY_OUTPUT")}
	if rest.Store == "" {
		rest.Store = string(keeping.ChooseAuto)
	}
	if !slices.Contains(profile.Stores(), rest.Store) || rest.Data == "" {
		rest.Store = ""
	}
	if f := cmd.Flags().Lookup("output"); f.Changed || rest.Output == "" {
		rest.Output = f.Value.String()
	}
	s := &session{
		env: e, settings: rest, log: slog.New(slog.DiscardHandler), popup: popup.New(e.IO, popup.Options{NoInput: true}),
	}
	s.quiet, _ = cmd.Flags().GetBool("quiet")
	var err error
	s.out, err = e.printer(cmd, &s.settings, nil)
	return &patient{session: s, unsettled: unsettled}, err
}

func (p *patient) close() error {
	if p.conn == nil {
		return nil
	}
	return p.conn.Close()
}

// hinted gives an error the hint the tool would tell with it.
func hinted(err error) error {
	if err == nil {
		return nil
	}
	told := command.Advice(advised).Described(err)
	told.Err = nil // its text is in the message now
	return &told
}

// Now implements diagnosis.Machine.
func (p *patient) Now() time.Time { return p.env.Now() }

// GOOS implements diagnosis.Machine.
func (p *patient) GOOS() string { return p.env.GOOS }

// Getenv implements diagnosis.Machine.
func (p *patient) Getenv(name string) string { return p.env.Getenv(name) }

// Build implements diagnosis.Machine.
func (p *patient) Build() string {
	return p.env.Version().Line("apikey") + ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}

// Settle implements diagnosis.Machine.
func (p *patient) Settle() (profile.Settings, error) { return p.settings, hinted(p.unsettled) }

// Login implements diagnosis.Machine.
func (p *patient) Login() string { return p.conn.Login }

// Notes implements diagnosis.Machine.
func (p *patient) Notes() (diagnosis.SessionNote, error) {
	if !p.given().IsZero() {
		return diagnosis.SessionNote{From: "APIKEY_SESSION"}, nil
	}
	note, err := p.desk().Note(p.conn.Remote.Seat)
	return diagnosis.SessionNote{From: string(note.Store), ExpiresAt: note.ExpiresAt}, hinted(err)
}

// Connect implements diagnosis.Machine.
func (p *patient) Connect(ctx context.Context) (err error) {
	p.conn, err = p.connect(ctx)
	return hinted(err)
}

// Reach implements diagnosis.Machine.
func (p *patient) Reach(ctx context.Context) (keyapi.Reached, error) {
	client := p.client()
	reached, err := client.Reach(ctx)
	return reached, hinted(err)
}

func (p *patient) client() *keyapi.Client {
	if p.conn.Foreign != nil {
		return p.conn.Foreign.Client
	}
	return p.conn.Remote.Client
}

// Account implements diagnosis.Machine. Whose session the environment has only the service knows.
func (p *patient) Account(ctx context.Context) (keyapi.Account, error) {
	remote := p.conn.Remote
	client, err := remote.API.Open(ctx)
	if err != nil {
		return keyapi.Account{}, hinted(err)
	}
	account, err := client.Account(ctx)
	if err == nil && !p.given().IsZero() {
		p.conn.Login, remote.Seat.Login = account.Login, account.Login
	}
	return account, hinted(remote.API.Ended(err))
}

// Key implements diagnosis.Machine.
func (p *patient) Key(ctx context.Context) (keyapi.Key, error) {
	key, err := p.conn.API.Key(ctx)
	return key, hinted(err)
}

// Kept implements diagnosis.Machine.
func (p *patient) Kept() (custody.Kept, error) {
	kept, err := p.custodian(p.conn).Kept()
	return kept, hinted(err)
}

// Open implements diagnosis.Machine.
func (p *patient) Open(ctx context.Context) (string, keyapi.Secret, error) {
	accessKey, secret, err := p.custodian(p.conn).Open(ctx)
	return accessKey, secret, hinted(err)
}

// Authenticate implements diagnosis.Machine.
func (p *patient) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error {
	return hinted(p.conn.API.Authenticate(ctx, accessKey, secret))
}

// Store implements diagnosis.Machine.
func (p *patient) Store(kind secretstore.Kind) secretstore.Store {
	keeper := p.keeper()
	return keeper.Store(kind)
}
