package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
)

func historyCommand(env *Env) *cobra.Command {
	var cursor string
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show what was done to the key, newest first",
		Long: "Shows the audit trail of the account's key, newest first: when, what, by\n" +
			"whom, and to which key.",
		Example:           "  apikey history\n  apikey history -o json",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.withKey(cmd.Context(), func(ctx context.Context, _ *custody.Custodian, conn *Connection) error {
				page, err := conn.API.Events(ctx, cursor)
				if err != nil {
					return err
				}
				if page.NextCursor != "" {
					s.notice("There is more: apikey history --cursor " + page.NextCursor)
				}
				return s.out.History(page)
			})
		},
	}
	cmd.Flags().StringVar(&cursor, "cursor", "", "go on from the `cursor` an earlier page ended with")
	complete(cmd, "cursor", cobra.NoFileCompletions)
	return cmd
}
