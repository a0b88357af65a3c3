package profile

import (
	"path/filepath"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Dirs are the folders of this user: one for what people write, one for what the tool keeps.
type Dirs struct{ Config, Data string }

// FindDirs applies the rules of the XDG base directories, on macOS too; Windows has folders of its own. The folders
// need not exist. Error: CodeUsage if the environment names no home.
func FindDirs(getenv func(string) string, goos string) (Dirs, error) {
	d := Dirs{Config: getenv("APIKEY_CONFIG_DIR"), Data: getenv("APIKEY_DATA_DIR")}
	xdg := []struct{ own, base, windows, unix string }{
		{d.Config, "XDG_CONFIG_HOME", "AppData", ".config"},
		{d.Data, "XDG_DATA_HOME", "LocalAppData", ".local/share"},
	}
	found := make([]string, len(xdg))
	for i, x := range xdg {
		switch base := getenv(x.base); {
		case x.own != "":
			abs, err := filepath.Abs(x.own)
			if err != nil {
				return d, err
			}
			found[i] = abs
		case filepath.IsAbs(base): // the specification: a relative path is invalid and is ignored
			found[i] = filepath.Join(base, "apikey")
		case goos == "windows" && getenv(x.windows) != "":
			found[i] = filepath.Join(getenv(x.windows), "apikey")
		case goos != "windows" && getenv("HOME") != "":
			found[i] = filepath.Join(getenv("HOME"), filepath.FromSlash(x.unix), "apikey")
		default:
			return d, keyapi.Errorf(keyapi.CodeUsage, "Your home folder is not known: HOME is not set",
				"Set HOME, or APIKEY_CONFIG_DIR and APIKEY_DATA_DIR.")
		}
	}
	return Dirs{Config: found[0], Data: found[1]}, nil
}
