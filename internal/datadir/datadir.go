// Package datadir is where a key service is kept: a folder with its database and its master key side by side, or with the
// master key alone where the database is in PostgreSQL. It opens them, copies the database, brings a copy back, and moves
// a service from one place to another. It knows no commands and no HTTP.
package datadir

import (
	"os"
	"path/filepath"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The files in the folder.
const (
	databaseFile  = "apikeyd.db"
	masterKeyFile = "master.key"
)

// embeddedFiles are what the service inside the tool keeps in its folder, and in the tool's folder above it.
var embeddedFiles = []string{"apikey.db", filepath.Join("local", "apikey.db")}

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
