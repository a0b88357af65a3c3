package secretstore

import (
	"errors"
	"strings"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const useFile = "Set APIKEY_STORE=file to keep the secret in a private file instead."

// kinds lists what keyrings say, in the order in which it is looked for: the library types nothing but not-found, so
// the text is all there is. Each row is proved by a test with the real message.
var kinds = []struct {
	code    keyapi.Code
	message string
	hint    string
	says    []string // any of them, in lower case
}{
	{keyapi.CodeStoreLocked, "The keyring is locked", "Unlock it and run the same command again. " + useFile, []string{
		"failed to unlock correct collection", "islocked", "is locked", "locked collection",
	}},
	{keyapi.CodeStoreDenied, "The keyring refused", "Allow apikey to use it, or sign in on the machine itself. " + useFile, []string{
		"user interaction is not allowed", "user canceled", "user name or passphrase you entered is not correct",
		"access is denied", "accessdenied", "apparmor", "rejected send message", "dismissed",
		// macOS' security gives the low byte of an OSStatus: -25308 no interaction allowed (over SSH), -25293
		// authentication failed, -128 cancelled by the user.
		"exit status 36", "exit status 51", "exit status 128",
	}},
	{keyapi.CodeStoreUnavailable, "No keyring can be reached on this machine", useFile, []string{
		"no session bus", "cannot autolaunch", "dbus-launch", "serviceunknown", "was not provided by any .service files",
		"no such file or directory", "connection refused", "object does not exist at path", "no such interface", "namehasnoowner",
		"unsupported platform", "executable file not found", "dbus: authentication failed", "nosuchobject",
		"a specified logon session does not exist", "no keychain is available", "couldn't determine address of session bus",
		"the default keychain could not be found", "spawn.childexited", "spawn.execfailed", "exited with status",
		"exit status 37", "exit status 50", // -25307 no default keychain, -25294 no such keychain
	}},
	{keyapi.CodeStoreTooBig, "The secret is too big for the keyring", useFile, []string{"the stub received bad data"}},
	{keyapi.CodeStoreTimeout, "The keyring did not answer in time", "See whether it waits for you to unlock it. " + useFile, []string{
		"noreply", "did not receive a reply", "timed out", "timeout",
	}},
}

// classify makes an error of a keyring one of this store; nil stays nil. Nothing a keyring says contains the secret.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return keyapi.Errorf(keyapi.CodeNoSecret, "The secret is not in the keyring any more", "")
	case errors.Is(err, gokeyring.ErrSetDataTooBig):
		return &keyapi.Error{Code: keyapi.CodeStoreTooBig, Message: "The secret is too big for the keyring", Err: err, Hint: useFile}
	}
	text := strings.ToLower(err.Error())
	for _, kind := range kinds {
		for _, says := range kind.says {
			if strings.Contains(text, says) {
				return &keyapi.Error{Code: kind.code, Message: kind.message, Err: err, Hint: kind.hint}
			}
		}
	}
	return &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "The keyring failed", Err: err, Hint: useFile}
}
