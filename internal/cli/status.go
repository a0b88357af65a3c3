package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
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
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.looks(status),
	}
}

func status(ctx context.Context, k keyed) error {
	key, kept, err := k.look(ctx)
	if err != nil {
		return err
	}
	if operation, until, found := k.keys.Unfinished(); found {
		k.notice("An earlier " + string(operation) + " was cut short. Run it again, or apikey secret, before " +
			until.In(k.env.Now().Location()).Format("2 January 15:04") + " to get its secret.")
	}
	return k.section(key, kept, nil, keyapi.Secret{})
}
