package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// importLimit is how much input is read at most: a credential is 73 characters.
const importLimit = 64 << 10

func importCommand(env *Env) *cobra.Command {
	var dates keyDates
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Keep the secret of a key that was made elsewhere",
		Long: "Keeps the secret of the account's key on this machine: one that was made\n" +
			"with another machine or another store. It is read from APIKEY_ACCESS_KEY and\n" +
			"APIKEY_ACCESS_SECRET if they are set, from standard input if that is no\n" +
			"terminal, else from a form; never from the command line, where others could\n" +
			"see it.\n\n" +
			"For a service without a key API (see apikey profile add --token-url) say also\n" +
			"when its page says the key was made: it expires one year later, unless\n" +
			"--expires says otherwise. The service is asked whether it accepts the pair.",
		Example:           "  apikey import < .env",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			if s.settings.TokenURL != "" {
				return s.changing(cmd.Context(), func(ctx context.Context, k keyed) error { return adopt(ctx, k, dates) })
			}
			if dates.given() {
				return keyapi.Errorf(keyapi.CodeUsage, "The service knows when the key was made and when it expires",
					"Leave --created and --expires out: they are for a service without a key API.")
			}
			return s.changing(cmd.Context(), importSecret)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&dates.created, "created", "", "`date` the key was made, as 2026-11-23; without a key API only")
	cmd.Flags().StringVar(&dates.expires, "expires", "", "`date` it expires, if that is not one year later")
	complete(cmd, "created", cobra.NoFileCompletions)
	complete(cmd, "expires", cobra.NoFileCompletions)
	return cmd
}

func importSecret(ctx context.Context, k keyed) error {
	accessKey, secret, err := k.readCredential(ctx)
	if err != nil {
		return err
	}
	if accessKey == "" { // the secret alone: it can only be that of the live key, and Import checks it
		key, err := k.conn.API.Key(ctx)
		if err != nil {
			return err
		}
		accessKey = key.AccessKey
	}
	out, err := k.keys.Import(ctx, accessKey, secret)
	if err != nil {
		return err
	}
	k.notice("The secret is kept.")
	return k.section(out.Key, out.Kept, &out.Changed, keyapi.Secret{})
}

func (s *session) readCredential(ctx context.Context) (string, keyapi.Secret, error) {
	accessKey, secret, given, err := s.fromEnvironment()
	if given || err != nil {
		return accessKey, secret, err
	}
	if s.popup.MayAsk() {
		return s.askCredential(ctx)
	}
	text, err := s.readInput()
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	return parseCredential(text)
}

// readInput reads a credential that is piped in, as it is.
func (s *session) readInput() (string, error) {
	if s.env.IO.InTTY {
		return "", keyapi.Errorf(keyapi.CodeUsage, "Nobody may be asked for the secret here",
			"Pipe it in, or set APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET.")
	}
	text, err := io.ReadAll(io.LimitReader(s.env.IO.In, importLimit))
	if err != nil {
		return "", &keyapi.Error{Code: keyapi.CodeUsage, Message: "Standard input cannot be read", Err: err}
	}
	return string(text), nil
}

func (s *session) askCredential(ctx context.Context) (string, keyapi.Secret, error) {
	values, err := s.popup.Ask(ctx, "Keep the secret of a key that was made elsewhere",
		popup.Field{Title: "Access Key", Validate: func(text string) error {
			_, err := keyapi.ParseAccessKey(text)
			return err
		}},
		popup.Field{Title: "Access Secret", Secret: true, Validate: func(text string) error {
			_, err := keyapi.ParseAccessSecret(text)
			return err
		}},
	)
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	secret, err := keyapi.ParseAccessSecret(values[1])
	return values[0], secret, err
}
