// Package seal does what the service does with its derived keys (masterkey.Key.Purpose), one way for all: it seals what
// it must read again (AES-256-GCM, NIST SP 800-38D) and keeps of what it only has to recognise an HMAC-SHA256 (RFC 2104).
// It knows no account, no key of an account and no database.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// Close encrypts plain under a key of 32 bytes. It opens only together with bound, which says where it belongs: a row
// that was copied to another place in the database is of no use there. Errors: that of random, and of a key of a wrong
// size.
func Close(random io.Reader, key, plain, bound []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return aead.Seal(nonce, nonce, plain, bound), nil
}

// Open gives what Close was given. Error: it was closed under another key, bound to something else, or changed since.
func Open(key, sealed, bound []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("it is too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], bound)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Verifier is what the database keeps of a text that nobody can guess, or that it must not tell: its HMAC-SHA256, 32
// bytes. It is compared with hmac.Equal.
func Verifier(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Verifiers gives the function that is Verifier under a key, for keys that are used all the time: the key is worked in
// once, which is half of the work. The function is safe for concurrent use.
func Verifiers(key []byte) func(text string) []byte {
	pool := sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
	return func(text string) []byte {
		mac, _ := pool.Get().(hash.Hash)
		defer pool.Put(mac)
		mac.Reset()
		_, _ = io.WriteString(mac, text)
		return mac.Sum(nil)
	}
}
