// Package masterkey keeps the one 256-bit master key of a key service: a file of its own, outside the database, from
// which a key for every purpose is derived by HKDF (RFC 5869). The database holds only a value that proves which
// master key it belongs to.
package masterkey

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The purposes for which keys are derived. A purpose's key never serves another.
const (
	PurposeSecretVerifier = "secret verifier"   // HMAC-SHA256 over Access Secrets
	PurposeReplySeal      = "reply seal"        // sealing of kept replies
	PurposeTOTPSeal       = "TOTP seal"         // sealing of authenticators' seeds
	PurposeRecoveryCodes  = "recovery codes"    // HMAC-SHA256 over recovery codes
	PurposeAttemptNames   = "attempt names"     // HMAC-SHA256 over what failed attempts are counted by
	PurposeSigningKeySeal = "signing key seal"  // sealing of the keys that sign access tokens
	PurposeResources      = "resource verifier" // HMAC-SHA256 over the secrets of resource servers
	purposeCheck          = "check"             // the value in the database that names this master key
)

const (
	size      = 32
	header    = "apikey-master-key-1:"
	metaCheck = "master-key-check"
)

// Key is a master key. Print shows nothing of it.
type Key struct{ raw []byte }

// String hides the key.
func (Key) String() string { return "master key" }

// Purpose derives the 256-bit key for a purpose.
func (k Key) Purpose(name string) []byte {
	derived, err := hkdf.Key(sha256.New, k.raw, nil, "apikey/v1/"+name, size)
	if err != nil { // only for lengths beyond 255 hashes
		panic(err)
	}
	return derived
}

// Open gives the master key in the file that belongs to the database. The file is made, from random, only for an empty
// database; a missing file or one that belongs to another database is an error (CodeUnavailable) that says which.
func Open(ctx context.Context, path string, db store.Store, random io.Reader) (Key, error) {
	check, err := readCheck(ctx, db)
	if errors.Is(err, store.ErrNotFound) {
		return create(ctx, path, db, random)
	}
	if err != nil {
		return Key{}, err
	}
	key, err := read(path)
	if err != nil {
		return Key{}, err
	}
	return key, key.belongs(check, path)
}

func readCheck(ctx context.Context, db store.Store) (check []byte, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		check, err = r.Meta(metaCheck)
		return err
	})
	return check, err
}

// create binds a master key to a database that has none yet. The database's write lock makes it happen once, however
// many processes start at the same time. A file that is already there was left by a start that died before its commit:
// nothing was derived from it that counts, so it is taken.
func create(ctx context.Context, path string, db store.Store, random io.Reader) (key Key, err error) {
	err = db.Write(ctx, func(w store.Writer) error {
		check, err := w.Meta(metaCheck)
		switch {
		case err == nil: // another process was first
			if key, err = read(path); err != nil {
				return err
			}
			return key.belongs(check, path)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			if err := write(path, random); err != nil {
				return err
			}
		}
		if key, err = read(path); err != nil {
			return err
		}
		return w.SetMeta(metaCheck, key.Purpose(purposeCheck))
	})
	return key, err
}

func (k Key) belongs(check []byte, path string) error {
	if subtle.ConstantTimeCompare(check, k.Purpose(purposeCheck)) != 1 {
		return keyapi.Errorf(keyapi.CodeUnavailable, fmt.Sprintf("The master key in %s belongs to another database", path),
			"Put back the master key file that was made with this database.")
	}
	return nil
}

func write(path string, random io.Reader) error {
	raw := make([]byte, size)
	if _, err := io.ReadFull(random, raw); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	return durable.WriteFile(path, []byte(header+hex.EncodeToString(raw)+"\n"))
}

func read(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, &keyapi.Error{
			Code: keyapi.CodeUnavailable, Message: "The master key cannot be read", Err: err,
			Hint: "The database is of no use without it: put a copy of the master key file that was made with it there.",
		}
	}
	digits, ok := strings.CutPrefix(strings.TrimSpace(string(text)), header)
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != size {
		return Key{}, keyapi.Errorf(keyapi.CodeUnavailable, fmt.Sprintf("%s is not a master key", path),
			"Put back the master key file that was made with this database.")
	}
	return Key{raw}, nil
}
