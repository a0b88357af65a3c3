package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
)

func historyCommand(env *Env) *cobra.Command {
	var cursor string
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show what was done to the key, newest first",
		Long: "Shows the audit trail of the account's key, newest first: when, what, by\n" +
			"whom, and to which key.",
		Example:           "  apikey history\n  apikey history -o json",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.looks(func(ctx context.Context, k keyed) error {
			page, err := k.conn.API.Events(ctx, cursor)
			if err != nil {
				return err
			}
			if page.NextCursor != "" {
				k.notice("There is more: apikey history --cursor " + page.NextCursor)
			}
			return k.out.History(page)
		}),
	}
	cmd.Flags().StringVar(&cursor, "cursor", "", "go on from the `cursor` an earlier page ended with")
	complete(cmd, "cursor", cobra.NoFileCompletions)
	return cmd
}
