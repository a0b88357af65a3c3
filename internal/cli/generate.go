package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func generateCommand(env *Env) *cobra.Command {
	return verb{
		command: cobra.Command{
			Use:   "generate",
			Short: "Generate New Key: make the API key of your account",
			Long: "Makes the API key of your account: an Access Key and an Access Secret. It is\n" +
				"active at once and valid for one year. The secret is kept in the keyring of\n" +
				"your system.",
			Example: "  apikey generate\n  apikey generate --if-missing -o json",
		},
		action: keyapi.ActionGenerate, makes: true,
		done: "The API key is made.", already: "There is an API key already. Nothing was changed.",
		flags: func(_ *verb, cmd *cobra.Command, in *custody.Intent) func() {
			cmd.Flags().BoolVar(&in.IfMissing, "if-missing", false, "succeed without a change if there is a key already")
			return func() {}
		},
	}.build(env)
}
