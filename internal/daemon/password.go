package daemon

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// passwordLimit is how much of standard input is read for a password. A longer one is refused, not cut.
const passwordLimit = 4 << 10

func addPasswordFlag(f *pflag.FlagSet, fromStdin *bool) {
	f.BoolVar(fromStdin, "password-stdin", false, "read the password from standard input")
}

// password takes a new password from standard input, or asks for it twice. It is never an argument, where others could
// see it.
func (s *session) password(ctx context.Context, title string, fromStdin bool) (keyapi.Secret, error) {
	if fromStdin {
		return readPassword(s.env.IO.In)
	}
	ask := s.asker("the same command with --password-stdin < FILE")
	var given []string // two forms, not two fields: what is typed fast after Enter would get into the first
	for _, field := range []string{"Password", "Once more"} {
		values, err := ask.Ask(ctx, title, popup.Field{Title: field, Secret: true})
		if err != nil {
			return keyapi.Secret{}, err
		}
		given = append(given, values[0])
	}
	if given[0] != given[1] {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "The two passwords are not the same", "Run the command again.")
	}
	return some(given[0])
}

// readPassword reads a password to the end of the input. The line break at its end, which an editor or echo adds, is no
// part of it.
func readPassword(in io.Reader) (keyapi.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(in, passwordLimit+1))
	if err != nil {
		return keyapi.Secret{}, &keyapi.Error{Code: keyapi.CodeUsage, Message: "Standard input cannot be read", Err: err}
	}
	if len(text) > passwordLimit {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "The password on standard input is too long", "")
	}
	return some(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
}

func some(password string) (keyapi.Secret, error) {
	if password == "" {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "There is no password", "")
	}
	return keyapi.NewSecret(password), nil
}
