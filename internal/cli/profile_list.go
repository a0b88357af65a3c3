package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/profile"
)

func profileListCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "list",
		Short:             "List the profiles",
		Example:           "  apikey profile list\n  apikey profile list --jq '.items[].name'",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.startNew(cmd)
			if err != nil {
				return err
			}
			list, err := profile.List(s.settings.Config)
			if err != nil {
				return err
			}
			return s.out.Profiles(list)
		},
	}
}
