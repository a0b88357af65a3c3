// Package keeping chooses the store in which a secret of this user comes to rest, and proves that it can rest there
// before anything is done that makes one. There is no silent fallback: from an unreachable keyring only a person's
// answer leads to the private file.
//
// It has the one lock under which what is kept of an account is changed, too. It knows neither keys nor sessions, only
// that there will be a secret of an account at a service.
package keeping

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Cancel is the other button of every pop-up.
const Cancel = "Cancel"

// Choice says where a new secret is to be kept.
type Choice string

// The choices. ChooseAuto is the keyring if it is reachable; else a person is asked and a script is refused.
const (
	ChooseAuto    Choice = "auto"
	ChooseKeyring Choice = "keyring"
	ChooseFile    Choice = "file"
	ChooseSealed  Choice = "sealed"
	ChooseCommand Choice = "command"
	ChooseNone    Choice = "none"
)

// Popup asks a person. Its errors are CodeCancelled and, where nobody may be asked, CodeConfirmationRequired.
type Popup interface {
	MayAsk() bool
	Confirm(ctx context.Context, q popup.Question) error
}

// Keeper has the stores of this machine and the user's choice among them.
type Keeper struct {
	Choice  Choice
	Keyring secretstore.Store
	File    secretstore.Store
	Others  []secretstore.Store // those that are used only if they are chosen
	Popup   Popup
	// RememberFile makes the private file the choice of this profile from now on.
	RememberFile func() error
	Notice       func(text string) // a line for the person, beside the result
}

// Ready applies the choice and proves, by a value of no worth in the account's slots, that a secret can rest in the
// store it gives. Where the choice is ChooseNone there is no store, and asking for it is the caller's mistake. Errors:
// the codes of the store; CodeCancelled if a person was asked and did not want the file.
func (k *Keeper) Ready(ctx context.Context, instance, login string) (secretstore.Store, error) {
	probe := secretstore.Slot{Instance: instance, Login: login}
	if store := k.Store(secretstore.Kind(k.Choice)); store != nil {
		return store, store.Probe(ctx, probe)
	}
	err := k.Keyring.Probe(ctx, probe)
	if err == nil {
		return k.Keyring, nil
	}
	if keyapi.CodeOf(err) != keyapi.CodeStoreUnavailable || !k.Popup.MayAsk() {
		return nil, err
	}
	if err := k.Popup.Confirm(ctx, popup.Question{
		Title: "Keep the secret in a private file?", Confirm: "Use File", Cancel: Cancel,
		Body: []string{
			"No keyring can be reached on this machine.",
			"The file can be read by you alone, as SSH keys are.",
			"You are asked this once for each profile.",
			"",
			"Folder   " + k.File.Place(),
		},
	}); err != nil {
		return nil, err
	}
	if err := k.File.Probe(ctx, probe); err != nil {
		return nil, err
	}
	if err := k.RememberFile(); err != nil {
		k.Notice("The choice could not be remembered: " + err.Error())
	}
	return k.File, nil
}

// Store gives the store of a kind, nil for one this build does not know.
func (k *Keeper) Store(kind secretstore.Kind) secretstore.Store {
	for _, s := range k.stores() {
		if s.Kind() == kind {
			return s
		}
	}
	return nil
}

func (k *Keeper) stores() []secretstore.Store {
	return append([]secretstore.Store{k.Keyring, k.File}, k.Others...)
}

// Retry lets a person be asked anew for what opens a store; see secretstore.Locked.
func (k *Keeper) Retry() {
	for _, s := range k.stores() {
		if locked, ok := s.(secretstore.Locked); ok {
			locked.Retry()
		}
	}
}

// AccountDir names the folder, below the data folder, of what this machine notes of an account at a service. Nothing in
// it is a secret of the account. The name is a digest: logins and addresses are not always valid file names.
func AccountDir(dataDir, instance, login string) string {
	sum := sha256.Sum256([]byte(instance + "\x00" + login))
	return filepath.Join(dataDir, "accounts", hex.EncodeToString(sum[:8]))
}
