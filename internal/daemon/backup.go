package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type backupJSON struct {
	Schema    int    `json:"schema"`
	File      string `json:"file"`
	MasterKey string `json:"masterKey"`
}

func backupCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the database, while it is in use",
		Long: "Writes a copy of the database as it is at one instant to a new file of mode\n" +
			"0600; a server may go on using it. The master key is not in the copy: keep a\n" +
			"copy of master.key elsewhere, once. Without it the copy is of no use, to you\n" +
			"or to anybody.",
		Example: "  apikeyd backup apikeyd-1.db",
		Args:    command.OneArg("the file to write"),
		RunE:    env.runs(backup),
	}
}

func backup(ctx context.Context, s *session, args []string) error {
	ctx, stop := s.env.interruptible(ctx)
	defer stop()
	return s.withData(ctx, func(data *datadir.Service) error {
		name, err := data.Backup(ctx, args[0])
		if err != nil {
			return interrupted(ctx, err)
		}
		s.notice("The copy is written. To bring it back takes the master key too, which is not in it.")
		return s.print(result{
			object: backupJSON{Schema: keyapi.Schema, File: args[0], MasterKey: name},
			title:  "Copy", rows: [][]string{{"File", args[0]}, {"Master key", name}},
		})
	})
}

// interrupted gives an error that came from a signal its code.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return keyapi.Errorf(keyapi.CodeInterrupted, "Interrupted", "Nothing was changed. Run the same command again.")
}
