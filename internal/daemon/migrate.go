package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type migrateJSON struct {
	Schema    int    `json:"schema"`
	Data      string `json:"data"`
	MasterKey string `json:"masterKey"`
}

func migrateCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Make the database, or bring it to the form this version needs",
		Long: "Makes the database and its master key where there are none, or brings the\n" +
			"database to the form this version needs. serve does so too: this is for\n" +
			"those who want it to be a step of its own.",
		Example:           "  apikeyd migrate --data /var/lib/apikeyd",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.runs(migrate),
	}
}

func migrate(ctx context.Context, s *session, _ []string) error {
	data, err := s.config.Place().Make(ctx, s.env.Random)
	if err != nil {
		return err
	}
	defer func() { _ = data.DB.Close() }()
	name, err := masterkey.Name(ctx, data.DB)
	if err != nil {
		return err
	}
	s.notice("The database has the form this version needs.")
	return s.print(result{
		object: migrateJSON{Schema: keyapi.Schema, Data: s.config.Data, MasterKey: name},
		title:  "Database", rows: [][]string{{"Data", s.config.Data}, {"Master key", name}},
	})
}
