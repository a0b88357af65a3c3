package cli

import (
	"encoding/base64"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func secretCommand(env *Env) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Print the Access Secret kept on this machine",
		Long: "Prints the Access Secret that is kept on this machine, for a pipe or a file;\n" +
			"on a terminal only with --reveal. With -o env it prints both halves as\n" +
			"assignments, with -o basic the value of an HTTP Basic header.\n" +
			"APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET, if set, are used in place of\n" +
			"what is kept.",
		Example:           "  apikey secret | wc -c\n  apikey secret -o env > .env\n  apikey secret --reveal",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd, "env", "basic")
			if err != nil {
				return err
			}
			if env.IO.OutTTY && !reveal {
				return keyapi.Errorf(keyapi.CodeUsage, "The secret is not printed on a terminal",
					"Pipe it to where it is needed, or add --reveal to see it.")
			}
			return s.pair(cmd.Context(), s.printSecret)
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "print it even on a terminal")
	// The flag of the root, with more values: completion looks here first.
	cmd.Flags().StringP("output", "o", "table", "`form`: table (the secret alone), json, env or basic")
	complete(cmd, "output", cobra.FixedCompletions([]string{"table", "json", "env", "basic"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

type secretJSON struct {
	Schema       int    `json:"schema"`
	AccessKey    string `json:"accessKey"`
	AccessSecret string `json:"accessSecret"`
}

// printSecret is the one place of the tool, beside --show-secret, where a secret is written to standard output.
func (s *session) printSecret(accessKey string, secret keyapi.Secret) error {
	text := secret.Reveal()
	switch s.settings.Output {
	case "json":
		return s.out.Object(secretJSON{Schema: keyapi.Schema, AccessKey: accessKey, AccessSecret: text})
	case "env":
		text = "APIKEY_ACCESS_KEY=" + command.Quote(accessKey) + "\nAPIKEY_ACCESS_SECRET=" + command.Quote(text)
	case "basic":
		// RFC 6749, 2.3.1: the halves are form-encoded first. Ours stay as they are by that.
		text = base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(accessKey) + ":" + url.QueryEscape(text)))
	}
	_, err := fmt.Fprintln(s.env.IO.Out, text)
	return err
}
