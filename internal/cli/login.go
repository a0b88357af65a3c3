package cli

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// passwordLimit is how much input is read for a password at most.
const passwordLimit = 4 << 10

type loginInput struct {
	loginID       string
	passwordStdin bool
	otp           string
}

func loginCommand(env *Env) *cobra.Command {
	var in loginInput
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in to a key service",
		Long: "Signs in to a key service: asks for login, password and, if the account has\n" +
			"multi-factor authentication, a code; keeps the session where secrets are\n" +
			"kept; and makes a profile of it, which is then the current one. Without a\n" +
			"terminal the password comes by standard input.",
		Example: "  apikey login --server https://keys.example.com\n" +
			"  apikey login --server https://keys.example.com --login-id ada --password-stdin < password",
		Annotations:       map[string]string{NeedsServer: "true"},
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.startLogin(cmd)
			if err != nil {
				return err
			}
			ctx, stop := env.Signals(cmd.Context())
			defer stop()
			return interrupted(ctx, s.login(ctx, in))
		},
	}
	cmd.Flags().StringVar(&in.loginID, "login-id", "", "`name` to sign in as")
	cmd.Flags().BoolVar(&in.passwordStdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().StringVar(&in.otp, "otp", "", "`code` of the authenticator app, or a recovery code")
	for _, flag := range []string{"login-id", "otp"} {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
	return cmd
}

// startLogin starts a run with the settings of the profile that will be written, which is found by the server.
func (e *Env) startLogin(cmd *cobra.Command) (*session, error) {
	s, err := e.startNew(cmd)
	if err != nil {
		return nil, err
	}
	if s.settings.Server == "" {
		return nil, keyapi.Errorf(keyapi.CodeUsage, "No key service is named, and the embedded one has no sign-in",
			"Name one: apikey login --server URL")
	}
	named := ""
	if s.settings.ProfileChosen() || !s.settings.ServerNamed() {
		named = s.settings.Profile
	}
	name, err := signin.ProfileFor(s.settings.Config, named, s.settings.Server)
	if err != nil || name == s.settings.Profile {
		return s, err
	}
	if err := cmd.Flags().Set("profile", name); err != nil {
		return nil, err
	}
	return e.startNew(cmd)
}

func (s *session) login(ctx context.Context, in loginInput) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	req := signin.Request{Profile: s.settings.Profile, Server: s.settings.Server, Login: in.loginID, Code: in.otp}
	if s.settings.CAFile != "" {
		if req.CAFile, err = filepath.Abs(s.settings.CAFile); err != nil {
			return err
		}
	}
	before, found, err := profile.Find(s.settings.Config, req.Profile)
	if err != nil {
		return err
	}
	if found {
		req.Before = signin.Seat{Server: before.Server, Origin: conn.Remote.Seat.Origin, Login: before.Login}
	}
	if req.Login == "" {
		req.Login = before.Login
	}
	if in.passwordStdin {
		if req.Password, err = s.readPassword(); err != nil {
			return err
		}
	}
	out, err := s.desk().SignIn(ctx, conn.Remote.Client, req)
	if err != nil {
		return err
	}
	s.notice(term.Paint(s.env.IO.ErrColor, term.Green, "You are signed in.") + " The profile " + req.Profile + " is the current one.")
	if !s.given().IsZero() {
		s.notice("APIKEY_SESSION is set and goes before the session you just got.")
	}
	return s.out.SignedIn(render.SignedIn{
		Profile: req.Profile, Server: req.Server, Login: out.Login, ExpiresAt: out.ExpiresAt, MFAEnabled: out.MFAEnabled,
		Stored: string(out.Store),
	})
}

// readPassword reads a password from standard input: one line, without its end.
func (s *session) readPassword() (keyapi.Secret, error) {
	if s.env.IO.InTTY {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "--password-stdin is given, but standard input is a terminal",
			"Pipe the password in, or leave the flag out to be asked.")
	}
	text, err := io.ReadAll(io.LimitReader(s.env.IO.In, passwordLimit))
	if err != nil {
		return keyapi.Secret{}, &keyapi.Error{Code: keyapi.CodeUsage, Message: "Standard input cannot be read", Err: err}
	}
	password := keyapi.NewSecret(strings.TrimRight(string(text), "\r\n"))
	if password.IsZero() {
		return password, keyapi.Errorf(keyapi.CodeUsage, "There is no password on standard input", "Pipe it in.")
	}
	return password, nil
}
