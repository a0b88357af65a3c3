package masterkey

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// nameBytes is how much of the check value names a master key: enough to tell the few an operator has apart.
const nameBytes = 4

// Name gives the name of the master key a database belongs to: 8 hexadecimal digits. It says nothing of the key itself.
// Error: CodeUnavailable if the database has none yet.
func Name(ctx context.Context, db store.Store) (string, error) {
	check, err := boundCheck(ctx, db)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(check[:min(nameBytes, len(check))]), nil
}

// Find gives the master key in a file if it is the one the database belongs to. Unlike Open it never makes one. Error:
// CodeUnavailable, with a text that says which key is needed, if the file cannot be read or is another key.
func Find(ctx context.Context, path string, db store.Store) (Key, error) {
	check, err := boundCheck(ctx, db)
	if err != nil {
		return Key{}, err
	}
	key, err := read(path)
	if err == nil {
		err = key.belongs(check, path)
	}
	var known *keyapi.Error
	if errors.As(err, &known) {
		known.Hint = "The database needs the master key " + hex.EncodeToString(check[:min(nameBytes, len(check))]) + ": give the file that was made with it."
	}
	return key, err
}

// Bound tells whether a database belongs to a master key: whether a key service has used it.
func Bound(ctx context.Context, db store.Store) (bound bool, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		bound, err = BoundIn(r)
		return err
	})
	return bound, err
}

// BoundIn is Bound within a transaction.
func BoundIn(r store.Reader) (bool, error) {
	_, err := r.Meta(metaCheck)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func boundCheck(ctx context.Context, db store.Store) ([]byte, error) {
	check, err := readCheck(ctx, db)
	if errors.Is(err, store.ErrNotFound) {
		err = keyapi.Errorf(keyapi.CodeUnavailable, "The database belongs to no master key: no key service has used it yet", "")
	}
	return check, err
}
