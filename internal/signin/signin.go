// Package signin signs a person in to a key service and out again. It is the only owner of the order of that, and of
// where the session rests: a place for it is made ready first, then the person is asked, then the service, then the
// session is stored, and last the profile is written and made current.
//
// A session is bound to the origin it came from and to its login: it is kept under both, and is looked for under the
// origin of the server that is called. No flag, no output format and nothing of keys may enter.
package signin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Service is what signing in and out needs of a key service; *keyapi.Client is one.
type Service interface {
	Origin() string
	SetSession(keyapi.Secret)
	SignIn(context.Context, keyapi.SignIn) (keyapi.Session, error)
	SignOut(context.Context) error
}

// Popup asks a person for the fields of a form. Its errors are CodeCancelled and, where nobody may be asked,
// CodeConfirmationRequired.
type Popup interface {
	MayAsk() bool
	Ask(ctx context.Context, title string, fields ...popup.Field) ([]string, error)
}

// Desk signs in and out on this machine.
type Desk struct {
	Keeper keeping.Keeper
	Popup  Popup
	Data   string // data folder of this user
	Config string // config folder of this user
	Now    func() time.Time
	Notice func(text string) // a line for the person, beside the result
	Log    *slog.Logger
}

// Seat is one login at one service.
type Seat struct {
	Server string // address of the service
	Origin string // of that address
	Login  string // "" = nobody signed in yet
}

func (s Seat) slot() secretstore.Slot {
	return secretstore.Slot{Instance: s.Origin, Login: s.Login, Name: "session"}
}

// hinted gives an error of the key API the hint that fits this program.
func hinted(err error, hint string) error {
	var known *keyapi.Error
	if !errors.As(err, &known) {
		return err
	}
	told := *known
	told.Hint = hint
	return &told
}
