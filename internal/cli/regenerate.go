package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func regenerateCommand(env *Env) *cobra.Command {
	return verb{
		command: cobra.Command{
			Use:     "regenerate",
			Aliases: []string{"rotate"},
			Short:   "Get a new API key in place of the old one",
			Long: "Makes a new Access Key and Access Secret after a question. The old ones are\n" +
				"gone at once, unless --grace lets the old secret work on for a while: that\n" +
				"is for routine rotation, not for a secret that leaked.",
			Example: "  apikey regenerate\n  apikey regenerate --yes --if-expiring-within 30d --grace 24h",
		},
		action: keyapi.ActionRegenerate, asks: true, makes: true,
		done: "The new API key is made.", already: "The API key does not expire within that time. Nothing was changed.",
		flags: func(_ *verb, cmd *cobra.Command, in *custody.Intent) func() {
			var grace, within duration.Value
			cmd.Flags().Var(&grace, "grace", "let the old secret work on, 7d at most")
			cmd.Flags().Var(&within, "if-expiring-within", "only if it expires within this time")
			complete(cmd, "grace", cobra.FixedCompletions([]string{"1h", "24h", "7d"}, cobra.ShellCompDirectiveNoFileComp))
			complete(cmd, "if-expiring-within", cobra.FixedCompletions([]string{"7d", "30d"}, cobra.ShellCompDirectiveNoFileComp))
			return func() {
				in.Grace = grace.Duration
				if within.Given {
					in.IfExpiringWithin = &within.Duration
				}
			}
		},
	}.build(env)
}
