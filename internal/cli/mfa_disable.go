package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type mfaDisableInput struct {
	yes, passwordStdin bool
	code               string
}

func mfaDisableCommand(env *Env) *cobra.Command {
	var in mfaDisableInput
	cmd := &cobra.Command{
		Use:   "disable",
		Short: "Turn it off",
		Long: "Turns multi-factor authentication off after a question. It wants the password\n" +
			"and a code of the app, or a recovery code. Where the service requires it, the\n" +
			"API key gives no access until it is on again; sessions of pipelines end.",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.account(func(ctx context.Context, a signedIn, _ []string) error { return a.disableMFA(ctx, in) }),
	}
	cmd.Flags().BoolVarP(&in.yes, "yes", "y", false, "do it without a question")
	cmd.Flags().BoolVar(&in.passwordStdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().StringVar(&in.code, "code", "", "`code` of the authenticator app, or a recovery code")
	complete(cmd, "code", cobra.NoFileCompletions)
	return cmd
}

func (a signedIn) disableMFA(ctx context.Context, in mfaDisableInput) error {
	if !in.yes {
		if err := a.popup.Confirm(ctx, popup.Question{
			Title: "Turn off multi-factor authentication?", Confirm: "Turn Off", Cancel: keeping.Cancel,
			Body: []string{
				"Your password alone opens the account then.",
				"Where the service requires it, the API key gives no access until it is on again.",
				"Sessions of pipelines end.",
				"", "Account  " + a.Seat.Login, "Service  " + a.Seat.Server,
			},
		}); err != nil {
			return err
		}
	}
	password, code, err := a.proofs(ctx, in)
	if err != nil {
		return err
	}
	if err := a.Client.DisableMFA(ctx, password, code); err != nil {
		return err // unauthenticated: the password is wrong, as the service says
	}
	a.notice("Multi-factor authentication is off.")
	if err := a.dropToken(ctx); err != nil {
		a.notice("The cached access token could not be removed: " + err.Error() + ". It is of no use any more.")
	}
	account, err := a.Client.Account(ctx)
	if err != nil {
		return a.ended(err)
	}
	return a.out.MFA(render.MFA{
		Enabled: account.MFAEnabled, Required: account.MFARequired, RecoveryCodesLeft: account.RecoveryCodesLeft,
	})
}

// proofs gives the password and the code: from the command line and its input, else from a form.
func (a signedIn) proofs(ctx context.Context, in mfaDisableInput) (password, code keyapi.Secret, err error) {
	if in.passwordStdin && in.code != "" {
		password, err = a.readPassword()
		return password, keyapi.NewSecret(in.code), err
	}
	if !a.popup.MayAsk() {
		return password, code, keyapi.Errorf(keyapi.CodeUsage, "Nobody can be asked for the password and the code here",
			"Pipe the password in: apikey mfa disable --yes --password-stdin --code CODE")
	}
	values, err := a.popup.Ask(ctx, "Turn off multi-factor authentication",
		popup.Field{Title: "Password", Secret: true, Validate: popup.NotEmpty},
		popup.Field{Title: "Code of your authenticator app (or a recovery code)", Secret: true, Validate: popup.NotEmpty},
	)
	if err != nil {
		return password, code, err
	}
	return keyapi.NewSecret(values[0]), keyapi.NewSecret(values[1]), nil
}
