package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// importLimit is how much input is read at most: a credential is 73 characters.
const importLimit = 64 << 10

func importCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "import",
		Short: "Keep the secret of a key that was made elsewhere",
		Long: "Keeps the secret of the account's key on this machine: one that was made\n" +
			"with another machine or another store. It is read from APIKEY_ACCESS_KEY and\n" +
			"APIKEY_ACCESS_SECRET if they are set, from standard input if that is no\n" +
			"terminal, else from a form; never from the command line, where others could\n" +
			"see it.",
		Example:           "  apikey import < .env",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.changes(importSecret),
	}
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
	if s.env.IO.InTTY {
		return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "Nobody may be asked for the secret here",
			"Pipe it in, or set APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET.")
	}
	text, err := io.ReadAll(io.LimitReader(s.env.IO.In, importLimit))
	if err != nil {
		return "", keyapi.Secret{}, &keyapi.Error{Code: keyapi.CodeUsage, Message: "Standard input cannot be read", Err: err}
	}
	return parseCredential(string(text))
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
