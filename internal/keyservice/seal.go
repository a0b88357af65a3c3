package keyservice

import (
	"crypto/hkdf"
	"crypto/sha256"
	"io"

	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// seals is what the service does with its derived keys.
type seals struct {
	verifies func(text string) []byte
	replyKey []byte
	random   io.Reader
}

func newSeals(key masterkey.Key, random io.Reader) seals {
	return seals{
		verifies: seal.Verifiers(key.Purpose(masterkey.PurposeSecretVerifier)),
		replyKey: key.Purpose(masterkey.PurposeReplySeal),
		random:   random,
	}
}

// verifier is what the database keeps of an Access Secret: its HMAC-SHA256. A secret has 256 random bits, so nothing
// slower is needed.
func (s seals) verifier(secret keyapi.Secret) []byte {
	return s.verifies(secret.Reveal())
}

// seal encrypts a reply under a key that only this service together with the sender of the Idempotency-Key has: the
// database, and even the database with the master key, is not enough to open it.
func (s seals) seal(plain []byte, key keyapi.IdempotencyKey, r store.Reply) ([]byte, error) {
	derived, err := s.replyKeyOf(key)
	if err != nil {
		return nil, err
	}
	return seal.Close(s.random, derived, plain, associated(r))
}

func (s seals) open(sealed []byte, key keyapi.IdempotencyKey, r store.Reply) ([]byte, error) {
	derived, err := s.replyKeyOf(key)
	if err != nil {
		return nil, err
	}
	return seal.Open(derived, sealed, associated(r))
}

func (s seals) replyKeyOf(key keyapi.IdempotencyKey) ([]byte, error) {
	return hkdf.Key(sha256.New, s.replyKey, []byte(key.Reveal()), "apikey/v1/reply", 32)
}

// associated binds a sealed reply to its account and request.
func associated(r store.Reply) []byte {
	return append([]byte(r.Login+"\x00"), r.Fingerprint...)
}
