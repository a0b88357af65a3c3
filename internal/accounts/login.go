package accounts

import (
	"net/mail"
	"regexp"
	"unicode/utf8"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)

// ValidLogin checks the form of a login. Error: CodeInvalidRequest.
func ValidLogin(login string) error {
	if !loginForm.MatchString(login) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "The login is not well-formed",
			"A login has 1 to 64 of a-z 0-9 . _ @ + - and begins with a letter or a digit.")
	}
	return nil
}

// Lengths of a password. Nothing else is asked of it: NIST SP 800-63B, section 3.1.1.2. The upper bound keeps the work
// of hashing one the same for all.
const (
	shortestPassword = 12  // characters
	longestPassword  = 256 // bytes
)

func validPassword(password keyapi.Secret) error {
	text := password.Reveal()
	if utf8.RuneCountInString(text) < shortestPassword || len(text) > longestPassword {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "The password is too short or too long",
			"A password has at least 12 characters and at most 256 bytes.")
	}
	return nil
}

func validEmail(email string) error {
	if email == "" {
		return nil
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, "The e-mail address is not well-formed", "Give it as name@example.org.")
	}
	return nil
}
