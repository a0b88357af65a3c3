package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/apikey-cli/apikey/internal/masterkey"
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
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return aead.Seal(nonce, nonce, seed, []byte(login)), nil
}

func (s seals) open(sealed []byte, login string) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("a sealed seed is too short")
	}
	seed, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(login))
	if err != nil {
		return nil, fmt.Errorf("the seed of an authenticator does not open with this master key: %w", err)
	}
	return seed, nil
}

func (s seals) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.seedKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// recovery is what the database keeps of an account's recovery code. The code has 100 random bits, so nothing slower
// is needed.
func (s seals) recovery(code keyapi.Secret, login string) []byte {
	mac := hmac.New(sha256.New, s.recoveryKey)
	mac.Write([]byte(login + "\x00" + code.Reveal()))
	return mac.Sum(nil)
}

// tokenHash is what the database keeps of a session token, which has 256 random bits: a plain hash cannot be searched.
func tokenHash(token keyapi.Secret) []byte {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}
