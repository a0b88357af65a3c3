package accounts

import (
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The figures of one-time codes: RFC 6238 with what every authenticator app takes.
const (
	otpDigits = otp.DigitsSix
	otpPeriod = 30 // seconds
	otpSkew   = 1  // steps before and after now (RFC 6238, section 5.2)
	seedSize  = 20 // bytes: RFC 4226, section 4, R6
)

func newSeed(random io.Reader) ([]byte, error) {
	seed := make([]byte, seedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return seed, nil
}

// seedText is the form in which people type a seed into an app.
func seedText(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// seedURI is the form in which an app reads a seed from a picture.
func (s *Service) seedURI(login string, seed []byte) (keyapi.Secret, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: s.issuer, AccountName: login, Secret: seed, Period: otpPeriod, Digits: otpDigits, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return keyapi.Secret{}, fmt.Errorf("making the address of an authenticator: %w", err)
	}
	return keyapi.NewSecret(key.URL()), nil
}

// stepOf finds the newest time step around an instant whose code this is.
func stepOf(code keyapi.Secret, seed []byte, at time.Time) (step int64, found bool) {
	now := at.Unix() / otpPeriod
	for candidate := now - otpSkew; candidate <= now+otpSkew; candidate++ {
		// All are compared, in constant time, whichever fits. The error is that of a code of another length: it fits none.
		fits, err := hotp.ValidateCustom(code.Reveal(), uint64(candidate), seedText(seed),
			hotp.ValidateOpts{Digits: otpDigits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && fits {
			step, found = candidate, true
		}
	}
	return step, found
}
