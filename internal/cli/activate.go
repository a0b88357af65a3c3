package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func activateCommand(env *Env) *cobra.Command {
	return verb{
		command: cobra.Command{
			Use:     "activate",
			Aliases: []string{"enable"},
			Short:   "Activate the disabled API key (slider to On)",
			Long:    "Activates the disabled API key after a question: it works again.",
			Example: "  apikey activate\n  apikey activate --yes",
		},
		action: keyapi.ActionActivate, asks: true,
		done: "The API key is active.", already: "The API key is active already. Nothing was changed.",
	}.build(env)
}
