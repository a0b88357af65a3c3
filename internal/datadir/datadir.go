// Package datadir is the folder of a key service: its database and its master key side by side. It opens them, copies the
// database, and brings a copy back. It knows no commands and no network.
package datadir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The files in the folder.
const (
	databaseFile  = "apikeyd.db"
	masterKeyFile = "master.key"
)

// embeddedFiles are what the service inside the tool keeps in its folder, and in the tool's folder above it.
var embeddedFiles = []string{"apikey.db", filepath.Join("local", "apikey.db")}

// Service is an open folder. Close its DB after use.
type Service struct {
	DB  *sqlite.Store
	Key masterkey.Key
}

// Default gives the folder that is used if none is named, by the rules of the XDG base directories; Windows has a folder
// of its own. Error: CodeUsage if the environment names no home.
func Default(getenv func(string) string, goos string) (string, error) {
	switch base := getenv("XDG_DATA_HOME"); {
	case filepath.IsAbs(base): // the specification: a relative path is invalid and is ignored
		return filepath.Join(base, "apikeyd"), nil
	case goos == "windows" && getenv("LocalAppData") != "":
		return filepath.Join(getenv("LocalAppData"), "apikeyd"), nil
	case goos != "windows" && getenv("HOME") != "":
		return filepath.Join(getenv("HOME"), ".local", "share", "apikeyd"), nil
	default:
		return "", keyapi.Errorf(keyapi.CodeUsage, "Your home folder is not known: HOME is not set",
			"Name the folder of the service with --data or APIKEYD_DATA.")
	}
}

// Make opens the folder of a service, and makes what is missing if nothing was there before. random is for the new
// master key. Errors: CodeUsage for a folder of the tool, CodeUnavailable for files that cannot be used.
func Make(ctx context.Context, dir string, random io.Reader) (*Service, error) {
	if err := notEmbedded(dir); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, databaseFile), sqlite.Options{Random: random})
	if err != nil {
		return nil, err
	}
	key, err := masterkey.Open(ctx, filepath.Join(dir, masterKeyFile), db, random)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Service{DB: db, Key: key}, nil
}

// Open is Make for a folder that must be one of a service already: a folder that was mistyped is not to become one.
// Error, beside those of Make: CodeUsage if there is no service in it.
func Open(ctx context.Context, dir string, random io.Reader) (*Service, error) {
	if err := notEmbedded(dir); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, keyapi.Errorf(keyapi.CodeUsage, "There is no key service in "+dir,
			"Name its folder with --data or APIKEYD_DATA, or make one with: apikeyd account add LOGIN")
	}
	return Make(ctx, dir, random)
}

// notEmbedded refuses a folder of the tool: its one account is trusted without a password.
func notEmbedded(dir string) error {
	for _, name := range embeddedFiles {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return keyapi.Errorf(keyapi.CodeUsage, dir+" holds the key service inside the tool apikey",
				"Name another folder with --data or APIKEYD_DATA.")
		}
	}
	return nil
}
