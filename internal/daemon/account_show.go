package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
)

func accountShowCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "show LOGIN",
		Short:             "Show an account",
		Example:           "  apikeyd account show ada",
		Args:              login(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAccounts(ctx, func(people *accounts.Service) error { return s.showAccount(ctx, people, args[0]) })
		}),
	}
}
