package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func deleteCommand(env *Env) *cobra.Command {
	return verb{
		command: cobra.Command{
			Use:   "delete",
			Short: "Delete the API key",
			Long: "Deletes the API key after a question, and what is kept of it on this\n" +
				"machine. With --previous it ends the grace period of the key that was\n" +
				"replaced last, and leaves the current key alone.",
			Example: "  apikey delete --previous --yes\n  apikey delete",
		},
		action: keyapi.ActionDelete, asks: true,
		done: "The API key is deleted.",
		flags: func(v *verb, cmd *cobra.Command, in *custody.Intent) func() {
			previous := cmd.Flags().Bool("previous", false, "end the grace period of the previous key instead")
			return func() {
				if *previous {
					in.Action, v.done = keyapi.ActionDeletePrevious, "The previous API key is deleted."
					v.already = "There is no previous key in a grace period. Nothing was changed."
				}
			}
		},
	}.build(env)
}
