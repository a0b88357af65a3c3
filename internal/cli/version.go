package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/render"
)

// versionCommand does not read the settings: it answers whatever state the machine is in.
func versionCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			expr, _ := cmd.Flags().GetString("jq")
			if output, _ := cmd.Flags().GetString("output"); output != "json" && expr == "" {
				return env.program().PrintVersion()
			}
			p := render.Printer{Out: env.IO.Out, TTY: env.IO.OutTTY, JSON: true}
			if expr != "" {
				var err error
				if p.Query, err = render.CompileQuery(expr); err != nil {
					return err
				}
			}
			return p.Object(env.Version().Object())
		},
	}
}
