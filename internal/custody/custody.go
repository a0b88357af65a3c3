// Package custody carries one action from intent to rest, in an order in which no secret can be lost: read the state,
// make the target ready, confirm, take the lock, write the pending record, call, store, verify, drop the record. It is
// the only owner of that order; the commands and the panel call it.
//
// No flag, no output format and no rule of the key may enter: rules come from package lifecycle, questions go through
// a Popup.
package custody

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Service is the key service an action goes to, and the account it is for.
type Service struct {
	API      keyapi.API
	Instance string // what secrets and records are bound to: the origin, or the embedded database's own identifier
	Login    string // the account
	Place    string // how people read it: the server's address, or "embedded, this machine only"
}

// Choice says where a new secret is to be kept.
type Choice string

// The choices. ChooseAuto is the keyring if it is reachable; else a person is asked and a script is refused.
const (
	ChooseAuto    Choice = "auto"
	ChooseKeyring Choice = "keyring"
	ChooseFile    Choice = "file"
	ChooseNone    Choice = "none"
)

// Popup asks a person. Its errors are CodeCancelled and, where nobody may be asked, CodeConfirmationRequired.
type Popup interface {
	MayAsk() bool
	Confirm(ctx context.Context, q popup.Question) error
}

// Custodian does actions on one account's key and keeps its secret on this machine.
type Custodian struct {
	Service Service
	Dir     string // data folder of this user
	Choice  Choice
	Keyring secretstore.Store
	File    secretstore.Store
	Popup   Popup
	// RememberFile makes the private file the choice of this profile from now on.
	RememberFile func() error
	Now          func() time.Time
	Random       io.Reader
	UserAgent    string
	Notice       func(text string) // a line for the person, beside the result
	Log          *slog.Logger
}

// account is the folder of what this machine knows of the account: lock, metadata and pending record. None of them
// holds an Access Secret. The name is a digest: logins and addresses are not always valid file names.
func (c *Custodian) account() string {
	sum := sha256.Sum256([]byte(c.Service.Instance + "\x00" + c.Service.Login))
	return filepath.Join(c.Dir, "accounts", hex.EncodeToString(sum[:8]))
}

func (c *Custodian) slot(accessKey string) secretstore.Slot {
	return secretstore.Slot{Instance: c.Service.Instance, Login: c.Service.Login, Name: accessKey}
}

// store gives the store of a kind, nil for one this build does not know.
func (c *Custodian) store(kind secretstore.Kind) secretstore.Store {
	for _, s := range []secretstore.Store{c.Keyring, c.File} {
		if s.Kind() == kind {
			return s
		}
	}
	return nil
}
