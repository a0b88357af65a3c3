package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func forgetCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Remove the secret kept on this machine",
		Long: "Removes the secret that is kept on this machine, after a question: it may be\n" +
			"the only copy. The key itself stays as it is. One need not be signed in. Of a\n" +
			"service without a key API it removes what is noted of the key too.",
		Example:           "  apikey forget\n  apikey forget --yes",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.changes(func(ctx context.Context, k keyed) error {
			out, err := k.keys.Forget(ctx, yes)
			if err != nil {
				return err
			}
			if out.Changed {
				k.notice("The secret is no longer kept here.")
			} else {
				k.notice("No secret is kept here. Nothing was changed.")
			}
			if out.NotAsked != nil {
				k.notice("The key itself stays as it is. It could not be looked at: " + out.NotAsked.Error() + ".")
			}
			return k.section(out.Key, out.Kept, &out.Changed, keyapi.Secret{})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}
