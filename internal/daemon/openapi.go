package daemon

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/httpapi"
)

func openAPICommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "openapi",
		Short:             "Print the description of the API, OpenAPI 3.1",
		Example:           "  apikeyd openapi > openapi.yaml",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			text, err := httpapi.OpenAPI()
			if err != nil {
				return err
			}
			_, err = env.IO.Out.Write(text)
			return err
		},
	}
}
