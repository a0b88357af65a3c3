package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/profile"
)

func storeUseCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "use STORE",
		Short: "Choose where new secrets are kept",
		Long: "Chooses where new secrets of this profile are kept, and writes it to the\n" +
			"profile. What is kept already stays where it is, and is found there; apikey\n" +
			"store move takes it along.",
		Example:           "  apikey store use file",
		Args:              storeArg,
		ValidArgsFunction: firstArg(cobra.FixedCompletions(profile.Stores(), cobra.ShellCompDirectiveNoFileComp)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			if err := isStore(args[0]); err != nil {
				return err
			}
			if err := s.configured(args[0]); err != nil {
				return err
			}
			return s.withPlace(cmd.Context(), func(_ context.Context, p place) error { return s.useStore(cmd.Flags(), p, args[0]) })
		},
	}
}

func (s *session) useStore(flags *pflag.FlagSet, p place, store string) error {
	changed, err := s.choose(store)
	if err != nil {
		return err
	}
	if changed {
		s.notice("New secrets of the profile " + s.settings.Profile + " go to the store " + store + ".")
	} else {
		s.notice("The profile " + s.settings.Profile + " has the store " + store + " already. Nothing was changed.")
	}
	s.noticeOverride(store)
	for _, kept := range []struct{ what, in string }{
		{"The secret of " + p.kept.AccessKey, string(p.kept.Store)}, {"The session", string(p.note.Store)},
	} {
		if kept.in != "" && kept.in != store {
			s.notice(kept.what + " stays in the store " + kept.in +
				". A store that keeps secrets takes it along with: apikey store move STORE")
		}
	}
	return s.showAgain(flags, p, &changed)
}
