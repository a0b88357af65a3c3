package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/render"
)

func whoamiCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "whoami",
		Short: "Show who you are signed in as",
		Long: "Shows the account you are signed in as, at which service and until when, and\n" +
			"whether it may have an API key and has multi-factor authentication.",
		Example:           "  apikey whoami\n  apikey whoami --jq .login",
		Annotations:       map[string]string{NeedsServer: "true"},
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.account(func(ctx context.Context, a signedIn, _ []string) error {
			account, err := a.Client.Account(ctx)
			if err != nil {
				return a.ended(err)
			}
			note, err := a.desk().Note(a.Seat)
			if err != nil {
				return err
			}
			stored := string(note.Store)
			if !a.given().IsZero() {
				stored = ""
			}
			return a.out.Whoami(render.Whoami{
				Account: account, Profile: a.settings.Profile, Server: a.Seat.Server, Stored: stored,
			})
		}),
	}
}
