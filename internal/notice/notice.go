// Package notice says what the person of an account is told of by mail: which change makes which notice, and that a key
// is about to expire. It puts notices into the outbox, in the transaction of what they tell; who takes them out and
// sends them is package outbox. No mail library may enter: the tool's embedded service is built of this too.
package notice

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Kind names what a notice is about.
type Kind string

// The kinds of notices.
const (
	KeyGenerated     Kind = "key-generated"
	KeyRegenerated   Kind = "key-regenerated"
	KeyDisabled      Kind = "key-disabled"
	KeyDeleted       Kind = "key-deleted"
	KeyExpiring      Kind = "key-expiring"
	MFAEnabled       Kind = "mfa-enabled"
	MFADisabled      Kind = "mfa-disabled"       // by the person or the operator
	RecoveryCodes    Kind = "recovery-codes"     // there are new ones, the others count no more
	RecoveryCodeUsed Kind = "recovery-code-used" //
	PasswordSet      Kind = "password-set"       // by the operator
	PipelineSession  Kind = "pipeline-session"   // one was made
	AccountLocked    Kind = "account-locked"     // by the operator
	LockedOut        Kind = "locked-out"         // somebody had the password and gave wrong codes
)

// Kinds are all kinds.
var Kinds = []Kind{
	KeyGenerated, KeyRegenerated, KeyDisabled, KeyDeleted, KeyExpiring, MFAEnabled, MFADisabled, RecoveryCodes,
	RecoveryCodeUsed, PasswordSet, PipelineSession, AccountLocked, LockedOut,
}

// ofAction is the rule which change makes which notice, by what the audit trail calls it. Two notices are not about a
// change: LockedOut and KeyExpiring.
var ofAction = map[keyapi.Action]Kind{
	keyapi.ActionGenerate:        KeyGenerated,
	keyapi.ActionRegenerate:      KeyRegenerated,
	keyapi.ActionDisable:         KeyDisabled,
	keyapi.ActionDelete:          KeyDeleted,
	keyapi.ActionMFAEnable:       MFAEnabled,
	keyapi.ActionMFADisable:      MFADisabled,
	keyapi.ActionRecoveryCodes:   RecoveryCodes,
	keyapi.ActionRecoveryCodeUse: RecoveryCodeUsed,
	keyapi.ActionPasswordSet:     PasswordSet,
	keyapi.ActionSessionCreate:   PipelineSession,
	keyapi.ActionAccountLock:     AccountLocked,
}

// OfAction gives the notice a change makes, "" if it makes none.
func OfAction(action keyapi.Action) Kind { return ofAction[action] }

// Fact is what a notice tells. It holds no secret.
type Fact struct {
	Kind      Kind
	At        time.Time // when it happened
	Until     time.Time // end of the lock-out, or expiry of the key; zero if nothing ends
	AccessKey string    // "" = it is about none
	Actor     string    // login, "ada/ci" for a pipeline of ada, or "operator"; "" = nobody
	From      string    // network address; "" for the operator
}

// OfEvent gives what the notice of an entry of the audit trail tells. Its Kind is "" if there is no such notice. until
// is the expiry of the key that was made.
func OfEvent(e keyapi.Event, until time.Time) Fact {
	return Fact{Kind: ofAction[e.Action], At: e.At, Until: until, AccessKey: e.AccessKey, Actor: e.Actor, From: e.From}
}

// metaMail is the named value of the database that says whether people are told by mail.
const metaMail = "mail"

const (
	mailOn  = "on"
	mailOff = "off"
)

// Set notes whether people are told by mail: whoever serves the database knows, and every other process that changes
// something in it, such as a command of the operator, finds it there.
func Set(ctx context.Context, db store.Store, on bool) error {
	want := mailOff
	if on {
		want = mailOn
	}
	if is, err := On(ctx, db); err != nil || is == on {
		return err
	}
	return db.Write(ctx, func(w store.Writer) error { return w.SetMeta(metaMail, []byte(want)) })
}

// On tells whether people are told by mail.
func On(ctx context.Context, db store.Store) (on bool, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		on, err = isOn(r)
		return err
	})
	return on, err
}

func isOn(r store.Reader) (bool, error) {
	value, err := r.Meta(metaMail)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return string(value) == mailOn, err
}

// waitingAtMost is how many notices of a kind may wait for one account. Who has a session could disable and activate a
// key without end: that is to fill neither the outbox, where the notices of others wait too, nor the person's mailbox
// faster than mails go out. Per kind, so that such a flood does not keep another notice out.
const waitingAtMost = 20

// Tell puts a notice to the person of an account into the outbox, within the transaction of what it tells. Nothing
// happens if people are not told by mail, if the account has no address, for a fact without a kind, or if too many of
// its kind wait for the person already. random is for the name of the mail.
func Tell(w store.Writer, random io.Reader, a store.Account, f Fact) error {
	if f.Kind == "" || a.Email == "" {
		return nil
	}
	if on, err := isOn(w); !on || err != nil {
		return err
	}
	if waiting, err := w.CountMailsOf(a.Login, string(f.Kind)); waiting >= waitingAtMost || err != nil {
		return err
	}
	return put(w, random, a.Login, a.Email, f)
}

func put(w store.Writer, random io.Reader, login, email string, f Fact) error {
	name := make([]byte, 16)
	if _, err := io.ReadFull(random, name); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	return w.AddMail(store.Mail{
		Name: hex.EncodeToString(name), Login: login, To: email, Kind: string(f.Kind), At: f.At, Until: f.Until,
		AccessKey: f.AccessKey, Actor: f.Actor, From: f.From, DueAt: f.At,
	})
}
