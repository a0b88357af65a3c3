package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
)

func sessionListCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "list",
		Short:             "List the sessions of your account",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.account(func(ctx context.Context, a signedIn, _ []string) error {
			list, err := a.Client.Sessions(ctx)
			if err != nil {
				return a.ended(err)
			}
			return a.out.Sessions(list)
		}),
	}
}
