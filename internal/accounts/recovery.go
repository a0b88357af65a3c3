package accounts

import (
	"fmt"
	"io"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const (
	recoveryCodes  = 10
	recoveryDigits = 20 // 100 bits
	recoveryGroup  = 5
)

// crockford is Crockford's base32 in small letters: no i, l, o, u. It has 32 characters, so that the low five bits of a
// random byte choose one evenly.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

func randomDigits(random io.Reader, count int) (string, error) {
	raw := make([]byte, count)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	for i, b := range raw {
		raw[i] = crockford[b&31]
	}
	return string(raw), nil
}

// newRecoveryCodes draws the recovery codes of an account: as people see them, and as the database keeps them.
func (s *Service) newRecoveryCodes(login string) (shown []keyapi.Secret, hashes [][]byte, err error) {
	for range recoveryCodes {
		digits, err := randomDigits(s.random, recoveryDigits)
		if err != nil {
			return nil, nil, err
		}
		groups := make([]string, 0, recoveryDigits/recoveryGroup)
		for i := 0; i < len(digits); i += recoveryGroup {
			groups = append(groups, digits[i:i+recoveryGroup])
		}
		shown = append(shown, keyapi.NewSecret(strings.Join(groups, "-")))
		hashes = append(hashes, s.seals.recovery(keyapi.NewSecret(digits), login))
	}
	return shown, hashes, nil
}

// typed undoes what people do to a code when they copy it by hand: blanks, dashes, capitals, and the letters that
// Crockford's base32 leaves out because they look like digits.
func typed(code keyapi.Secret) keyapi.Secret {
	text := strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", "-", "").Replace(strings.ToLower(code.Reveal()))
	return keyapi.NewSecret(strings.NewReplacer("o", "0", "i", "1", "l", "1").Replace(text))
}
