package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// FuzzParseCredential: whatever is piped into import, a credential is found in it or the error says what is wrong, without
// repeating what may be a mistyped secret.
func FuzzParseCredential(f *testing.F) {
	secret, err := keyapi.NewAccessSecret(strings.NewReader(strings.Repeat("x", 32)))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "AK0123456789ABCDEFGH\n" + secret.Reveal(), "export APIKEY_ACCESS_KEY='AK0123456789ABCDEFGH'\r\nAPIKEY_ACCESS_SECRET=\"" + secret.Reveal() + "\"\r\n",
		`{"accessKey":"AK0123456789ABCDEFGH","accessSecret":"` + secret.Reveal() + `"}`, secret.Reveal() + secret.Reveal(),
		secret.Reveal() + " " + secret.Reveal(), "aks_\x00", "\ufeff" + secret.Reveal(), "AK AK " + secret.Reveal(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		accessKey, got, err := parseCredential(text)
		if err != nil {
			var known *keyapi.Error
			if !errors.As(err, &known) || known.Code != keyapi.CodeInvalidRequest {
				t.Fatalf("%#v is no error of this input", err)
			}
			for _, word := range strings.Fields(text) {
				if len(word) > 16 && strings.Contains(known.Error()+known.Hint, word) {
					t.Errorf("the error repeats %q", word)
				}
			}
			return
		}
		if _, err := keyapi.ParseAccessSecret(got.Reveal()); err != nil || !strings.Contains(text, got.Reveal()) {
			t.Errorf("%q was read as a secret: %v", text, err)
		}
		if _, err := keyapi.ParseAccessKey(accessKey); accessKey != "" && err != nil {
			t.Errorf("%q was read as an Access Key", accessKey)
		}
	})
}
