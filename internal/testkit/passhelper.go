package testkit

import (
	"path/filepath"
	"runtime"
)

// PassHelper gives the path of the helper that docs/helpers has as an example, and the folder of a pass without gpg to put
// before PATH. PASSWORD_STORE_DIR says where that keeps what it keeps.
func PassHelper() (helper, bin string) {
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	return filepath.Join(here, "..", "..", "docs", "helpers", "apikey-pass"), filepath.Join(here, "helper")
}
