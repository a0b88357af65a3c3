package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func disableCommand(env *Env) *cobra.Command {
	return verb{
		command: cobra.Command{
			Use:   "disable",
			Short: "Disable the API key (slider to Off)",
			Long: "Disables the API key after a question: it stops working at once, until it is\n" +
				"activated again.",
			Example: "  apikey disable\n  apikey disable --yes",
		},
		action: keyapi.ActionDisable, asks: true,
		done: "The API key is disabled.", already: "The API key is disabled already. Nothing was changed.",
	}.build(env)
}
