package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/profile"
)

func profileUseCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "use NAME",
		Short:             "Make a profile the current one",
		Long:              "Makes a profile the one that is used where none is named.",
		Example:           "  apikey profile use local",
		Args:              oneArg("name of the profile"),
		ValidArgsFunction: firstArg(completeProfiles(env)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.startNew(cmd)
			if err != nil {
				return err
			}
			e, err := s.existing(args[0])
			if err != nil {
				return err
			}
			changed := !e.Current
			if changed {
				if err := written(profile.SetCurrent(s.settings.Config, e.Name)); err != nil {
					return err
				}
				e.Current = true
				s.notice("The profile " + e.Name + " is the current one.")
			} else {
				s.notice("The profile " + e.Name + " is the current one already. Nothing was changed.")
			}
			if other := env.Getenv("APIKEY_PROFILE"); other != "" && other != e.Name {
				s.notice("APIKEY_PROFILE names another one, " + other + ", and goes before it.")
			}
			return s.out.Profile(e, changed)
		},
	}
}
