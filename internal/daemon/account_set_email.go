package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
)

func accountSetEmailCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "set-email LOGIN [ADDRESS]",
		Short: "Say where the mails of an account go",
		Long: "Gives an account the address its mails go to, in place of the one it had.\n" +
			"Without an address it gets no mails any more.",
		Example: "  apikeyd account set-email ada ada@example.com",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return login()(cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			email := ""
			if len(args) == 2 {
				email = args[1]
			}
			return s.withAccounts(ctx, func(people *accounts.Service) error {
				if err := people.SetEmail(ctx, args[0], email); err != nil {
					return err
				}
				if email == "" {
					s.notice("The account gets no mails.")
				} else {
					s.notice("The mails of the account go to " + email + ".")
				}
				return s.showAccount(ctx, people, args[0])
			})
		}),
	}
}
