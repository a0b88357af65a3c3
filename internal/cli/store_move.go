package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func storeMoveCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "move STORE",
		Short: "Move the kept secret to another store",
		Long: "Moves what is kept of the account to another store and makes that one the\n" +
			"profile's: it is written there, read back, noted, and only then removed from\n" +
			"where it was. The session of who is signed in goes along. A run that is cut\n" +
			"short loses nothing: the same command goes on from there.",
		Example:           "  apikey store move file",
		Args:              storeArg,
		ValidArgsFunction: firstArg(cobra.FixedCompletions(keepers(), cobra.ShellCompDirectiveNoFileComp)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			if !slices.Contains(keepers(), args[0]) {
				return keyapi.Errorf(keyapi.CodeUsage,
					fmt.Sprintf("Nothing can be moved to %q: that is not one of %s", args[0], strings.Join(keepers(), ", ")),
					"To keep no secret here: apikey forget")
			}
			if err := s.configured(args[0]); err != nil {
				return err
			}
			ctx, stop := env.Signals(cmd.Context())
			defer stop()
			return interrupted(ctx, s.withPlace(ctx, func(ctx context.Context, p place) error {
				return s.moveStore(ctx, cmd.Flags(), p, args[0])
			}))
		},
	}
}

func (s *session) moveStore(ctx context.Context, flags *pflag.FlagSet, p place, store string) error {
	chosen := false
	out, err := p.keys.Move(ctx, secretstore.Kind(store), p.session, func() (err error) {
		chosen, err = s.choose(store)
		return err
	})
	if err != nil {
		return err
	}
	changed := out.Changed || chosen
	switch {
	case out.Changed && p.kept.AccessKey != "":
		s.notice("The secret of " + p.kept.AccessKey + " is in the store " + store + " now, and in no other.")
	case out.Changed:
		s.notice("What was kept is in the store " + store + " now, and in no other.")
	case chosen:
		s.notice("There is nothing to move. New secrets of the profile " + s.settings.Profile + " go to the store " + store + ".")
	default:
		s.notice("Everything is in the store " + store + " already. Nothing was changed.")
	}
	s.noticeOverride(store)
	return s.showAgain(flags, p, &changed)
}

// showAgain shows the stores as they are after a change.
func (s *session) showAgain(flags *pflag.FlagSet, p place, changed *bool) error {
	settings, err := profile.Load(flags, s.env.Getenv, s.env.GOOS)
	if err != nil {
		return err
	}
	s.settings = settings
	if p.kept, err = p.keys.Kept(); err != nil {
		return err
	}
	if p.session.Seat.Origin != "" {
		if p.note, err = p.session.Desk.Note(p.session.Seat); err != nil {
			return err
		}
	}
	return s.showStore(p.kept, p.note, changed)
}
