package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/render"
)

func profileShowCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show the settings of a profile and where each comes from",
		Long: "Shows the settings as they are for this profile, by default the one in use,\n" +
			"and what gave each its value: a flag, a variable, the profile, or the default.",
		Example: "  apikey profile show\n  apikey profile show local --jq '.settings[] | select(.name == \"store\").source'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return oneArg("name of the profile")(cmd, args)
		},
		ValidArgsFunction: firstArg(completeProfiles(env)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 { // as if it was chosen for this run: that is what is to be seen
				if err := cmd.Flags().Set("profile", args[0]); err != nil {
					return err
				}
			}
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			rows := []render.Setting{{Name: "profile", Value: s.settings.Profile, Source: s.settings.Source("profile")}, s.kindRow()}
			for _, v := range s.settings.Values() {
				rows = append(rows, render.Setting{Name: v.Name, Value: v.Text, Source: s.settings.Source(v.Name)})
			}
			return s.out.Settings(s.settings.Profile, rows)
		},
	}
}

// kindRow says what kind of service it is, and which setting makes it that.
func (s *session) kindRow() render.Setting {
	kind := s.settings.Kind()
	source := map[profile.Kind]string{
		profile.KindEmbedded: s.settings.Source("profile"), profile.KindService: s.settings.Source("server"),
		profile.KindOAuth2: s.settings.Source("token-url"),
	}[kind]
	return render.Setting{Name: "kind", Value: string(kind), Source: source}
}
