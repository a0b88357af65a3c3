package secretstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestClassify holds what real keyrings say, to the letter, and where it was said.
func TestClassify(t *testing.T) {
	for _, test := range []struct {
		from    string
		message string
		want    keyapi.Code
	}{
		{"gnome-keyring, session not unlocked", "failed to unlock correct collection '/org/freedesktop/secrets/collection/login'", keyapi.CodeStoreLocked},
		{"gnome-keyring, default alias", "failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'", keyapi.CodeStoreLocked},
		{"gnome-keyring, create in a locked collection", "Cannot create an item in a locked collection", keyapi.CodeStoreLocked},
		{"KWallet", "org.freedesktop.Secret.Error.IsLocked", keyapi.CodeStoreLocked},
		{"gnome-keyring, item", "Cannot get secret of a locked object: the collection is locked", keyapi.CodeStoreLocked},

		{"macOS over SSH", "exit status 36", keyapi.CodeStoreDenied},
		{"macOS over SSH, security's text", "security: SecKeychainItemCreateFromContent (<default>): User interaction is not allowed.", keyapi.CodeStoreDenied},
		{"macOS, wrong password", "exit status 51", keyapi.CodeStoreDenied},
		{"macOS, security's text", "The user name or passphrase you entered is not correct.", keyapi.CodeStoreDenied},
		{"macOS, dialog dismissed", "exit status 128", keyapi.CodeStoreDenied},
		{"macOS, dialog dismissed, text", "security: SecKeychainSearchCopyNext: User canceled the operation.", keyapi.CodeStoreDenied},
		{"Windows", "Access is denied.", keyapi.CodeStoreDenied},
		{"D-Bus policy", "org.freedesktop.DBus.Error.AccessDenied", keyapi.CodeStoreDenied},
		{"snap", "An AppArmor policy prevents this sender from sending this message to this recipient", keyapi.CodeStoreDenied},
		{"D-Bus policy, text", "Rejected send message, 2 matched rules; type=\"method_call\"", keyapi.CodeStoreDenied},

		{"no daemon", "The name org.freedesktop.secrets was not provided by any .service files", keyapi.CodeStoreUnavailable},
		{"no daemon, name", "org.freedesktop.DBus.Error.ServiceUnknown", keyapi.CodeStoreUnavailable},
		{"no socket", "dial unix /run/user/1000/bus: connect: no such file or directory", keyapi.CodeStoreUnavailable},
		{"dead socket", "dial unix /run/user/1000/bus: connect: connection refused", keyapi.CodeStoreUnavailable},
		{"no dbus-launch", `exec: "dbus-launch": executable file not found in $PATH`, keyapi.CodeStoreUnavailable},
		{"no display", "Cannot autolaunch D-Bus without X11 $DISPLAY", keyapi.CodeStoreUnavailable},
		{"godbus", "dbus: couldn't determine address of session bus", keyapi.CodeStoreUnavailable},
		{"activation failed", "Process org.freedesktop.secrets exited with status 1", keyapi.CodeStoreUnavailable},
		{"no collection", "Object does not exist at path \u201c/org/freedesktop/secrets/collection/login\u201d", keyapi.CodeStoreUnavailable},
		{"macOS, no default keychain", "exit status 37", keyapi.CodeStoreUnavailable},
		{"macOS, text", "security: SecKeychainSearchCopyNext: The default keychain could not be found.", keyapi.CodeStoreUnavailable},
		{"macOS, no such keychain", "exit status 50", keyapi.CodeStoreUnavailable},
		{"Windows service", "A specified logon session does not exist. It may already have been terminated.", keyapi.CodeStoreUnavailable},
		{"other system", "unsupported platform: plan9", keyapi.CodeStoreUnavailable},

		{"Windows, 2,560 bytes", "The stub received bad data.", keyapi.CodeStoreTooBig},
		{"D-Bus", "Did not receive a reply. Possible causes include: the remote application did not send a reply", keyapi.CodeStoreTimeout},
		{"anything else", "the keyring is on fire", keyapi.CodeStoreFailed},
		{"an exit status nobody knows", "exit status 1", keyapi.CodeStoreFailed},
	} {
		err := classify(errors.New(test.message))
		var told *keyapi.Error
		if !errors.As(err, &told) || told.Code != test.want {
			t.Errorf("%s: %q is %q, want %q", test.from, test.message, keyapi.CodeOf(err), test.want)
			continue
		}
		if told.Message == "" || told.Hint == "" || strings.Contains(told.Message+told.Hint, "\n") {
			t.Errorf("%s: not one line and one line: %q, %q", test.from, told.Message, told.Hint)
		}
	}
	if err := classify(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	for err, want := range map[error]keyapi.Code{
		gokeyring.ErrNotFound: keyapi.CodeNoSecret, fmt.Errorf("w: %w", gokeyring.ErrNotFound): keyapi.CodeNoSecret,
		gokeyring.ErrSetDataTooBig: keyapi.CodeStoreTooBig, gokeyring.ErrUnsupportedPlatform: keyapi.CodeStoreUnavailable,
	} {
		if got := keyapi.CodeOf(classify(err)); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}
