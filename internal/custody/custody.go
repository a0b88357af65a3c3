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
	"time"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Service is the key service an action goes to, and the account it is for.
type Service struct {
	API      keyapi.API
	Instance string // what secrets and records are bound to: the origin, or the embedded database's own identifier
	Login    string // the account
	Place    string // how people read it: the server's address, or "embedded, this machine only"
	// Verify gets a fresh code from a person and shows it to a service that said CodeOTPRequired; nil for one that never
	// does. Errors: CodeOTPRequired where nobody can be asked, CodeOTPInvalid, CodeCancelled, those of the connection.
	Verify func(ctx context.Context) error
	// AnyForm tells that the keys are not of our form but any texts of one line; see package foreign.
	AnyForm bool
	// Refuse says why an action can't be done at all, before anything is asked or looked at; nil = every action can.
	Refuse func(keyapi.Action) error
	// Forget drops what else this machine knows of a key whose secret is forgotten; nil = nothing else.
	Forget func() error
}

// Custodian does actions on one account's key and keeps its secret on this machine.
type Custodian struct {
	keeping.Keeper
	Service   Service
	Dir       string // data folder of this user
	Now       func() time.Time
	Random    io.Reader
	UserAgent string
	Log       *slog.Logger
}

// account is the folder of what this machine knows of the account: lock, metadata and pending record. None of them
// holds an Access Secret.
func (c *Custodian) account() string {
	return keeping.AccountDir(c.Dir, c.Service.Instance, c.Service.Login)
}

// slot gives the slot of a name, an Access Key or what is made of one. A name of any form is a digest there: stores want
// letters, digits and hyphens, not too many, and some take "a" and "A" for one name.
func (c *Custodian) slot(name string) secretstore.Slot {
	if c.Service.AnyForm {
		sum := sha256.Sum256([]byte(name))
		name = "key-" + hex.EncodeToString(sum[:16])
	}
	return secretstore.Slot{Instance: c.Service.Instance, Login: c.Service.Login, Name: name}
}
