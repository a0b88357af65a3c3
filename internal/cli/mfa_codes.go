package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func mfaCodesCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "codes",
		Short: "Get ten new recovery codes in place of the old ones",
		Long: "Makes ten new recovery codes after a question, and prints them once. The old\n" +
			"ones are void.",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.account(func(ctx context.Context, a signedIn, _ []string) error {
			if !yes {
				if err := a.popup.Confirm(ctx, popup.Question{
					Title: "Get new recovery codes?", Confirm: "Get New Codes", Cancel: keeping.Cancel,
					Body: []string{
						"Ten new codes are made. The old ones are void.", "", "Account  " + a.Seat.Login, "Service  " + a.Seat.Server,
					},
				}); err != nil {
					return err
				}
			}
			var codes []keyapi.Secret
			err := a.withFreshCode(ctx, func() (err error) {
				codes, err = a.Client.NewRecoveryCodes(ctx)
				return err
			})
			if err != nil {
				return err
			}
			return a.recoveryCodes(codes)
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}
