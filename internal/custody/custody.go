// Package custody carries one action from intent to rest, in an order in which no secret can be lost: read the state,
// make the target ready, confirm, take the lock, write the pending record, call, store, verify, drop the record. It is
// the only owner of that order; the commands and the panel call it.
//
// No flag, no output format and no rule of the key may enter: rules come from package lifecycle, questions go through
// a Popup.
package custody

import (
	"context"
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

func (c *Custodian) slot(accessKey string) secretstore.Slot {
	return secretstore.Slot{Instance: c.Service.Instance, Login: c.Service.Login, Name: accessKey}
}
