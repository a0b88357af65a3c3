package secretstore

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// passphraseLimit is how much of a passphrase file is read at most.
const passphraseLimit = 4 << 10

// ReadPassphraseFile reads a passphrase from a file: one line, whose end does not count. setting says for people what
// names the file. As ssh does with the files of its keys (OpenSSH, sshkey_perm_ok) it refuses one of this user's that
// others can read; a file of somebody else's, as the container gives it, and a pipe are taken as they are.
//
// Errors: CodeUsage for a file that is not there, empty, or more than a line; CodeStoreDenied for one that others can read.
func ReadPassphraseFile(path, setting string) (keyapi.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return keyapi.Secret{}, &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "The passphrase file (" + setting + ") cannot be read", Err: err,
			Hint: "Name a file with the passphrase of the sealed secrets.",
		}
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && exposed(info) {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeStoreDenied,
			fmt.Sprintf("The passphrase file %s is not private: it is %v", path, info.Mode()), "Make it yours alone: chmod 600 "+path)
	}
	text, err := io.ReadAll(io.LimitReader(f, passphraseLimit+1))
	if err != nil {
		return keyapi.Secret{}, &keyapi.Error{Code: keyapi.CodeUsage, Message: "The passphrase file (" + setting + ") cannot be read", Err: err}
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if line == "" || len(text) > passphraseLimit || strings.ContainsAny(line, "\r\n") {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUsage, "The passphrase file "+path+" ("+setting+") is not one line with a passphrase",
			"Write the passphrase of the sealed secrets into it, and nothing else.")
	}
	return keyapi.NewSecret(line), nil
}
