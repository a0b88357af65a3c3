package accounts

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// seals is what the service does with its derived keys.
type seals struct {
	seedKey     []byte
	recoveryKey []byte
	random      io.Reader
}

func newSeals(key masterkey.Key, random io.Reader) seals {
	return seals{
		seedKey: key.Purpose(masterkey.PurposeTOTPSeal), recoveryKey: key.Purpose(masterkey.PurposeRecoveryCodes), random: random,
	}
}

// seal encrypts the seed of an account's authenticator. It opens for that account only: a row that was copied to another
// one in the database is of no use there.
func (s seals) seal(seed []byte, login string) ([]byte, error) {
	return seal.Close(s.random, s.seedKey, seed, []byte(login))
}

func (s seals) open(sealed []byte, login string) ([]byte, error) {
	seed, err := seal.Open(s.seedKey, sealed, []byte(login))
	if err != nil {
		return nil, fmt.Errorf("the seed of an authenticator does not open with this master key: %w", err)
	}
	return seed, nil
}

// recovery is what the database keeps of an account's recovery code. The code has 100 random bits, so nothing slower
// is needed.
func (s seals) recovery(code keyapi.Secret, login string) []byte {
	return seal.Verifier(s.recoveryKey, login+"\x00"+code.Reveal())
}

// tokenHash is what the database keeps of a session token, which has 256 random bits: a plain hash cannot be searched.
func tokenHash(token keyapi.Secret) []byte {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}
