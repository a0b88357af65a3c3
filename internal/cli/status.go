package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func statusCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the API Access Key section: status, dates, open actions",
		Long: "Shows the API key as the page's API Access Key section does: whether it is\n" +
			"active, with its slider, when it was made and when it expires, where its\n" +
			"secret is kept, and what can be done with it.",
		Example:           "  apikey status\n  apikey status --jq .expiresAt",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.withKey(cmd.Context(), func(ctx context.Context, c *custody.Custodian, conn *Connection) error {
				return s.status(ctx, c, conn)
			})
		},
	}
}

func (s *session) status(ctx context.Context, c *custody.Custodian, conn *Connection) error {
	key, err := conn.API.Key(ctx)
	if err != nil {
		return err
	}
	kept, err := c.Kept()
	if err != nil {
		return err
	}
	if operation, until, found := c.Unfinished(); found {
		s.notice("An earlier " + string(operation) + " was cut short. Run it again, or apikey secret, before " +
			until.In(s.env.Now().Location()).Format("2 January 15:04") + " to get its secret.")
	}
	return s.section(conn, key, kept, nil, keyapi.Secret{})
}
