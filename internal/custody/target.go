package custody

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// target is where a new secret will rest. It was found ready before anything was asked or changed.
type target struct {
	store secretstore.Store // nil with keeping.ChooseNone
	file  string            // --secret-file, or ""
	show  bool              // --show-secret
}

// String names the target for the pending record.
func (t target) String() string {
	var parts []string
	if t.store != nil {
		parts = append(parts, string(t.store.Kind()))
	}
	if t.file != "" {
		parts = append(parts, t.file)
	}
	if t.show {
		parts = append(parts, "stdout")
	}
	return strings.Join(parts, " ")
}

// ready finds the target of an intent and proves that a secret can rest there.
func (c *Custodian) ready(ctx context.Context, in Intent) (target, error) {
	to := target{file: in.SecretFile, show: in.ShowSecret}
	if to.file != "" {
		if err := fileReady(to.file); err != nil {
			return to, err
		}
	}
	if c.Choice == keeping.ChooseNone {
		if to.file == "" && !to.show {
			return to, keyapi.Errorf(keyapi.CodeUsage, "With the store \"none\" the new secret would be kept nowhere",
				"Add --show-secret or --secret-file PATH, or choose another store with APIKEY_STORE.")
		}
		return to, nil
	}
	var err error
	to.store, err = c.Ready(ctx, c.Service.Instance, c.Service.Login)
	return to, err
}

// fileReady proves that a secret can be written to a path: a plain file or nothing there, in a folder that takes files.
func fileReady(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeType != 0 {
		return keyapi.Errorf(keyapi.CodeStoreDenied, fmt.Sprintf("%s is not a plain file", path),
			"Name a file that may be replaced, or one that is not there yet.")
	}
	if err := durable.Probe(filepath.Dir(path)); err != nil {
		return &keyapi.Error{
			Code: keyapi.CodeStoreDenied, Message: "The file for the secret cannot be written", Err: err,
			Hint: "Name a file in a folder that exists and is yours.",
		}
	}
	return nil
}

// writeSecretFile writes the secret, and nothing else, to a file of its own with mode 0600.
func writeSecretFile(path string, secret keyapi.Secret) error {
	if err := durable.WriteFile(path, []byte(secret.Reveal()+"\n")); err != nil {
		return &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "The file for the secret could not be written", Err: err}
	}
	return nil
}
