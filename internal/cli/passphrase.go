package cli

import (
	"context"
	"errors"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// passphrase gets the passphrase of the sealed store: from the file of the setting, else from a person. first tells that
// nothing is sealed yet: then it is typed twice. Errors: those of the file; CodeStoreLocked where nobody may be asked;
// CodeCancelled.
func (s *session) passphrase(ctx context.Context, first bool) (keyapi.Secret, error) {
	if path := s.settings.PassphraseFile; path != "" {
		return secretstore.ReadPassphraseFile(path, s.settings.Source("passphrase-file"))
	}
	if !s.popup.MayAsk() {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeStoreLocked,
			"The secrets are sealed with a passphrase, and nobody can be asked for it here",
			"Name a file with the passphrase: APIKEY_PASSPHRASE_FILE=PATH")
	}
	title, typed := "Open the sealed secrets", ""
	fields := []popup.Field{{Title: "Passphrase", Secret: true, Exact: true, Validate: func(text string) error {
		typed = text
		return popup.NotEmpty(text)
	}}}
	if first {
		title = "Choose a passphrase to seal your secrets with"
		fields = append(fields, popup.Field{
			Title: "The same again", Secret: true, Exact: true, Validate: func(text string) error {
				if text != typed {
					return errors.New("that is not the same")
				}
				return nil
			},
		})
	}
	values, err := s.popup.Ask(ctx, title, fields...)
	if err != nil {
		return keyapi.Secret{}, err
	}
	return keyapi.NewSecret(values[0]), nil
}
