package daemon

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type copyInput struct{ from, to string }

type copyJSON struct {
	Schema    int    `json:"schema"`
	MasterKey string `json:"masterKey"`
	Accounts  int    `json:"accounts"`
	Keys      int    `json:"keys"`
	Events    int    `json:"events"`
	Sessions  int    `json:"sessions"`
}

func copyCommand(env *Env) *cobra.Command {
	var in copyInput
	cmd := &cobra.Command{
		Use:   "copy --from PLACE --to PLACE",
		Short: "Move a service to another database, with every key",
		Long: "Copies a service to an empty place: from a folder to PostgreSQL, or back. A place\n" +
			"is a folder or an address, postgres://user@host:port/name. Keys, sessions, access\n" +
			"tokens and the audit trail stay good, and mails that wait go along; only the\n" +
			"counts of failed attempts are left behind. End the server first: what changes\n" +
			"meanwhile is not copied.\n\n" +
			"The copy belongs to the same master key. That of a folder is in it, and a folder\n" +
			"that is copied to gets its own file; that of a database in PostgreSQL is in the\n" +
			"folder of --data. An address on the command line is seen by everybody on this\n" +
			"machine: give a password in the variable PGPASSWORD, or in ~/.pgpass.",
		Example: "  apikeyd copy --from /var/lib/apikeyd --to postgres://apikeyd@db.example.com/apikeyd\n" +
			"  apikeyd copy --from postgres://apikeyd@db.example.com/apikeyd --to /srv/apikeyd",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, _ []string) error {
			return copyService(ctx, s, in)
		}),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&in.from, "from", "", "`place` the service is in: a folder or postgres://…")
	cmd.Flags().StringVar(&in.to, "to", "", "`place` it is copied to, which must be empty")
	return cmd
}

func copyService(ctx context.Context, s *session, in copyInput) error {
	if in.from == "" || in.to == "" {
		return keyapi.Errorf(keyapi.CodeUsage, "A copy needs --from and --to", "See: apikeyd copy --help")
	}
	ctx, stop := s.env.interruptible(ctx)
	defer stop()
	done, err := datadir.Copy(ctx, s.placeOf(in.from), s.placeOf(in.to), s.env.Random)
	if err != nil {
		return interrupted(ctx, err)
	}
	s.notice("The service is copied. Serve the copy, and no longer the one it was made of.")
	return s.print(result{
		object: copyJSON{
			Schema: keyapi.Schema, MasterKey: done.MasterKey, Accounts: done.Accounts, Keys: done.Keys, Events: done.Events,
			Sessions: done.Sessions,
		},
		title: "Copied", rows: [][]string{
			{"Master key", done.MasterKey}, {"Accounts", strconv.Itoa(done.Accounts)}, {"Keys", strconv.Itoa(done.Keys)},
			{"Events", strconv.Itoa(done.Events)}, {"Sessions", strconv.Itoa(done.Sessions)},
		},
	})
}

// placeOf gives the place a text names: a folder, or a PostgreSQL whose master key is in the folder of --data.
func (s *session) placeOf(text string) datadir.Place {
	if datadir.IsAddress(text) {
		return datadir.Place{Dir: s.config.Data, Database: text}
	}
	return datadir.Place{Dir: text}
}
