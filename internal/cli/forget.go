package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func forgetCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Remove the secret kept on this machine",
		Long: "Removes the secret that is kept on this machine, after a question: it may be\n" +
			"the only copy. The key itself stays as it is.",
		Example:           "  apikey forget\n  apikey forget --yes",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.changing(cmd.Context(), func(ctx context.Context, c *custody.Custodian, conn *Connection) error {
				out, err := c.Forget(ctx, yes)
				if err != nil {
					return err
				}
				if out.Changed {
					s.notice("The secret is no longer kept here.")
				} else {
					s.notice("No secret is kept here. Nothing was changed.")
				}
				return s.section(conn, out.Key, out.Kept, &out.Changed, keyapi.Secret{})
			})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}
