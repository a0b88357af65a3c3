package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func storeCommand(env *Env) *cobra.Command {
	return group(cobra.Command{
		Use:   "store",
		Short: "Where the secret rests on this machine, and how to move it",
		Long: "Where the secret rests on this machine: in the keyring of the system, in a\n" +
			"private file, in a file sealed with a passphrase, or in what a helper of yours\n" +
			"keeps, as a password manager.",
	}, storeShowCommand(env), storeUseCommand(env), storeMoveCommand(env))
}

// isStore refuses what is not one of the values of the setting store.
func isStore(name string) error {
	if slices.Contains(profile.Stores(), name) {
		return nil
	}
	return keyapi.Errorf(keyapi.CodeUsage,
		fmt.Sprintf("The store %q is not one of %s", name, strings.Join(profile.Stores(), ", ")), "")
}

// keepers lists the stores that keep something.
func keepers() []string {
	return slices.DeleteFunc(profile.Stores(), func(name string) bool {
		return name == string(keeping.ChooseAuto) || name == string(keeping.ChooseNone)
	})
}

// configured refuses the store command where no helper is configured: it would only fail later.
func (s *session) configured(store string) error {
	if store != string(keeping.ChooseCommand) || len(s.settings.StoreCommand) > 0 {
		return nil
	}
	return keyapi.Errorf(keyapi.CodeUsage,
		`The store "command" needs a helper, and the profile `+s.settings.Profile+" names none",
		"Set store-command in "+profile.Path(s.settings.Config)+" to the program and its arguments, as a list.")
}

// place is what this machine keeps of the account of a profile.
type place struct {
	keys    *custody.Custodian
	session signin.Rest // of who is signed in
	kept    custody.Kept
	note    signin.Note
}

// withPlace finds out what this machine keeps and runs fn. The service is asked only if the session comes from the
// environment: then nothing else says whose it is.
func (s *session) withPlace(ctx context.Context, fn func(context.Context, place) error) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if conn.Remote != nil {
		if err := s.identify(ctx, conn); err != nil {
			return err
		}
	}
	p := place{keys: s.custodian(conn), session: signin.Rest{Desk: s.desk()}}
	if conn.Remote != nil {
		p.session.Seat = conn.Remote.Seat
		p.note, err = p.session.Desk.Note(p.session.Seat)
	}
	if err == nil {
		p.kept, err = p.keys.Kept()
	}
	if err == nil {
		err = fn(ctx, p)
	}
	return errors.Join(err, conn.Close())
}

// showStore writes where secrets are kept. changed is nil where nothing was asked to change.
func (s *session) showStore(kept custody.Kept, note signin.Note, changed *bool) error {
	source := s.settings.Source("store")
	return s.out.Store(render.Store{
		Profile: s.settings.Profile, Store: s.settings.Store, Source: source, AccessKey: kept.AccessKey,
		SecretStored: string(kept.Store), KeptAt: kept.At, SessionStored: string(note.Store), Changed: changed,
	})
}

// choose makes a store the profile's, and the one of this run.
func (s *session) choose(store string) (changed bool, err error) {
	before, err := profile.Stored(s.settings.Config, s.settings.Profile, "store")
	if err != nil || before == store {
		return false, err
	}
	return true, written(profile.Set(s.settings.Config, s.settings.Profile, "store", store))
}

// noticeOverride tells of a variable that goes before what was just written.
func (s *session) noticeOverride(store string) {
	if other := s.env.Getenv("APIKEY_STORE"); other != "" && other != store {
		s.notice("APIKEY_STORE names another store, " + other + ", and goes before the profile.")
	}
}

func storeArg(cmd *cobra.Command, args []string) error { return oneArg("name of the store")(cmd, args) }

func storeShowCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show which store is used, and what is kept where",
		Long: "Shows which store new secrets go to and what says so, and in which store the\n" +
			"secret of which key is kept now. No store is opened for it.",
		Example:           "  apikey store show\n  apikey store show --jq .secretStored",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.withPlace(cmd.Context(), func(_ context.Context, p place) error { return s.showStore(p.kept, p.note, nil) })
		},
	}
}
