package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func mfaCommand(env *Env) *cobra.Command {
	return group(cobra.Command{
		Use:   "mfa",
		Short: "Multi-factor authentication of your account",
		Long: "Multi-factor authentication of your account at the key service: a code of an\n" +
			"authenticator app beside the password.",
	}, mfaSetupCommand(env), mfaStatusCommand(env), mfaCodesCommand(env), mfaDisableCommand(env))
}

func mfaStatusCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "status",
		Short:             "Show whether it is on, and how many recovery codes are left",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.account(func(ctx context.Context, a signedIn, _ []string) error {
			account, err := a.Client.Account(ctx)
			if err != nil {
				return a.ended(err)
			}
			return a.out.MFA(render.MFA{
				Enabled: account.MFAEnabled, Required: account.MFARequired, RecoveryCodesLeft: account.RecoveryCodesLeft,
			})
		}),
	}
}

// recoveryCodes prints new recovery codes, the one time they are shown.
func (a signedIn) recoveryCodes(codes []keyapi.Secret) error {
	a.notice("Keep these recovery codes in a safe place; they are not shown again.\n" +
		"Each works once in place of a code of the app.")
	return a.out.RecoveryCodes(codes)
}
