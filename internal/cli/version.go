package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Version names a build.
type Version struct {
	Number string // of the release; "dev" for a build from source
	Commit string // "" if not known
	Date   string // of the commit, RFC 3339; "" if not known
}

func (v Version) line() string {
	line := "apikey " + v.Number
	if v.Commit != "" {
		line += " (" + v.Commit + ")"
	}
	return line
}

type versionJSON struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func printVersion(env *Env) error {
	_, err := fmt.Fprintln(env.IO.Out, env.Version().line())
	return err
}

// versionCommand does not read the settings: it answers whatever state the machine is in.
func versionCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			expr, _ := cmd.Flags().GetString("jq")
			if output, _ := cmd.Flags().GetString("output"); output != "json" && expr == "" {
				return printVersion(env)
			}
			p := render.Printer{Out: env.IO.Out, TTY: env.IO.OutTTY, JSON: true}
			if expr != "" {
				var err error
				if p.Query, err = render.CompileQuery(expr); err != nil {
					return err
				}
			}
			v := env.Version()
			return p.Object(versionJSON{
				Schema: keyapi.Schema, Version: v.Number, Commit: v.Commit, Date: v.Date,
				Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
			})
		},
	}
}
