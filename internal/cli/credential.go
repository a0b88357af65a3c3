package cli

import (
	"strings"

	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// fromEnvironment reads the pair APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET, with which a pipeline hands in a key
// without any store. given is false if neither is set. Error: CodeUsage if only one is, CodeInvalidRequest if one is
// not well-formed.
func (s *session) fromEnvironment() (accessKey string, secret keyapi.Secret, given bool, err error) {
	ak, as := s.env.Getenv("APIKEY_ACCESS_KEY"), s.env.Getenv("APIKEY_ACCESS_SECRET")
	if ak == "" && as == "" {
		return "", keyapi.Secret{}, false, nil
	}
	if ak == "" || as == "" {
		return "", keyapi.Secret{}, false, keyapi.Errorf(keyapi.CodeUsage,
			"Only one of APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET is set", "Set both, or neither.")
	}
	if s.settings.TokenURL != "" {
		accessKey, secret, err = foreign.Pair(ak, as)
		return accessKey, secret, err == nil, err
	}
	if accessKey, err = keyapi.ParseAccessKey(ak); err != nil {
		return "", keyapi.Secret{}, false, err
	}
	secret, err = keyapi.ParseAccessSecret(as)
	return accessKey, secret, err == nil, err
}

// wordCharacters are those both halves of a credential are made of.
const wordCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

// parseCredential finds the Access Key and the Access Secret in a text: two words, dotenv or shell assignments, or the
// JSON of apikey secret. Their prefixes tell which is which. The Access Key may be missing (""), the secret may not.
func parseCredential(text string) (accessKey string, secret keyapi.Secret, err error) {
	wrong := keyapi.Errorf(keyapi.CodeInvalidRequest, "There is no Access Secret in the input",
		`Give the Access Key and the Access Secret, which begins with "aks_", on lines of their own.`)
	words := strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune(wordCharacters, r) })
	for _, word := range words {
		switch {
		case strings.HasPrefix(word, "aks_"):
			if !secret.IsZero() {
				return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "There is more than one Access Secret in the input", "Give one.")
			}
			if secret, err = keyapi.ParseAccessSecret(word); err != nil {
				return "", keyapi.Secret{}, err
			}
		case strings.HasPrefix(word, "AK"):
			if accessKey != "" {
				return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "There is more than one Access Key in the input", "Give one.")
			}
			if accessKey, err = keyapi.ParseAccessKey(word); err != nil {
				return "", keyapi.Secret{}, err
			}
		}
	}
	if secret.IsZero() {
		return "", keyapi.Secret{}, wrong
	}
	return accessKey, secret, nil
}
