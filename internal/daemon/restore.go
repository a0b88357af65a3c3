package daemon

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type restoreInput struct {
	masterKey  string
	keepActive bool
}

type restoreJSON struct {
	Schema       int    `json:"schema"`
	Data         string `json:"data"`
	MasterKey    string `json:"masterKey"`
	Accounts     int    `json:"accounts"`
	Keys         int    `json:"keys"`
	KeysDisabled int    `json:"keysDisabled"`
	Sessions     int    `json:"sessionsEnded"`
}

func restoreCommand(env *Env) *cobra.Command {
	var in restoreInput
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a service of a copy of its database",
		Long: "Makes a service of a copy that backup wrote, in an empty folder, with the\n" +
			"master key it was made with. What happened after the copy was made is not\n" +
			"known to it. So all sessions end, every access token ends, mails that waited\n" +
			"are dropped, and every active key is disabled: people activate theirs again.\n" +
			"With --keep-active keys stay as they are in the copy, also those that were\n" +
			"disabled or deleted since.",
		Example: "  apikeyd restore apikeyd-1.db --data /var/lib/apikeyd --master-key master.key",
		Args:    command.OneArg("the file to restore"),
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return restore(ctx, s, args[0], in)
		}),
	}
	cmd.Flags().StringVar(&in.masterKey, "master-key", "", "`file` of the master key, if it is not in the folder already")
	cmd.Flags().BoolVar(&in.keepActive, "keep-active", false, "leave active keys active: no key was disabled, deleted or leaked since")
	return cmd
}

func restore(ctx context.Context, s *session, file string, in restoreInput) error {
	if s.config.Database != "" {
		return keyapi.Errorf(keyapi.CodeUsage, "The database is in PostgreSQL: apikeyd restores none there",
			"Use pg_restore; or restore into a folder without --database, then: apikeyd copy --from FOLDER --to postgres://…")
	}
	ctx, stop := s.env.interruptible(ctx)
	defer stop()
	done, err := datadir.Restore(ctx, datadir.RestoreOptions{
		Copy: file, Dir: s.config.Data, MasterKey: in.masterKey, KeepActive: in.keepActive, Now: s.env.Now, Random: s.env.Random,
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	s.notice("The service is restored. Start it with: apikeyd serve --data " + command.Quote(s.config.Data))
	return s.print(result{
		object: restoreJSON{
			Schema: keyapi.Schema, Data: s.config.Data, MasterKey: done.MasterKey, Accounts: done.Accounts, Keys: done.Keys,
			KeysDisabled: done.KeysDisabled, Sessions: done.Sessions,
		},
		title: "Restored", rows: [][]string{
			{"Data", s.config.Data}, {"Master key", done.MasterKey}, {"Accounts", strconv.Itoa(done.Accounts)},
			{"Keys", strconv.Itoa(done.Keys)}, {"Keys disabled", strconv.Itoa(done.KeysDisabled)},
			{"Sessions ended", strconv.Itoa(done.Sessions)},
		},
	})
}
