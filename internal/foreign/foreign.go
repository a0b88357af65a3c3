// Package foreign binds a key that was made on somebody's web page to keyapi.API: of a service that gives access tokens
// for it (OAuth 2.0, client credentials) and has no key API. What is known of the key is what its owner said when it was
// imported; the only thing that is asked of the service is a token.
//
// No secret may enter the notes of this package; they rest in a secret store, as those of any other key.
package foreign

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Options are what a foreign service takes from outside.
type Options struct {
	Notes   string         // the file with what is known of the key; need not exist
	Account string         // the name under which people know the account: the profile's
	Client  *keyapi.Client // gets tokens
	Now     func() time.Time
}

// Service is a service without a key API. It implements keyapi.API.
type Service struct{ Options }

// New makes the service. Nothing is opened or asked.
func New(o Options) *Service { return &Service{o} }

var _ keyapi.API = (*Service)(nil)

// notes is what is known of a key.
type notes struct {
	AccessKey string    `json:"accessKey"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Lifetime gives when a key that was made at an instant expires: one calendar year later, as the page says.
func Lifetime(created time.Time) time.Time { return lifecycle.Expiry(created) }

// Note writes down what is known of the key: its Access Key, when it was made (the zero time if that is not known) and
// when it expires. Error: CodeStoreFailed.
func (s *Service) Note(accessKey string, created, expires time.Time) error {
	err := durable.MkdirAll(filepath.Dir(s.Notes))
	if err == nil {
		err = durable.WriteJSON(s.Notes, notes{AccessKey: accessKey, CreatedAt: created.UTC(), ExpiresAt: expires.UTC()})
	}
	return failed(err)
}

// Forget removes what is known of the key. Error: CodeStoreFailed.
func (s *Service) Forget() error { return failed(durable.Remove(s.Notes)) }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "What is known of the key cannot be written", Err: err,
		Hint: "Make room and see that the data folder is yours, then run the same command again."}
}

// Key gives what is known here of the key. That somebody disabled or deleted it on the page is not known here; a real
// grant tells. Error: CodeStoreFailed if the notes cannot be read.
func (s *Service) Key(context.Context) (keyapi.Key, error) {
	key := keyapi.Key{Account: s.Account, Status: keyapi.StatusNone, BlockedBy: []keyapi.Block{keyapi.BlockNoKey}}
	var n notes
	found, err := durable.ReadJSON(s.Notes, &n)
	if err != nil {
		return key, &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "What is known of the key cannot be read", Err: err,
			Hint: "Remove " + s.Notes + " if it is damaged, then import the key again."}
	}
	if !found {
		return key, nil
	}
	key.AccessKey, key.CreatedAt, key.ExpiresAt = n.AccessKey, n.CreatedAt, n.ExpiresAt
	key.Status, key.Usable, key.BlockedBy = keyapi.StatusActive, true, nil
	if !s.Now().Before(n.ExpiresAt) {
		key.Status, key.Usable, key.BlockedBy = keyapi.StatusExpired, false, []keyapi.Block{keyapi.BlockExpired}
	}
	return key, nil
}

// refusals are what to do when the service gives no token for a key.
var refusals = map[keyapi.Code]string{
	keyapi.CodeUnauthenticated: "See on the service's page whether the key is there and on, then keep it anew with: apikey import",
	keyapi.CodeKeyDisabled:     onThePage[keyapi.ActionActivate],
	keyapi.CodeKeyExpired:      onThePage[keyapi.ActionRegenerate],
	keyapi.CodeMFANotEnabled:   "Set up multi-factor authentication on the service's page.",
}

// Token gets an access token for a credential. Errors: those of keyapi.Client.Token.
func (s *Service) Token(ctx context.Context, accessKey string, secret keyapi.Secret) (keyapi.Token, error) {
	token, err := s.Client.Token(ctx, accessKey, secret)
	var known *keyapi.Error
	if errors.As(err, &known) && refusals[known.Code] != "" {
		told := *known
		told.Hint = refusals[known.Code]
		err = &told
	}
	return token, err
}

// Authenticate asks whether the service gives a token for a credential. Errors: those of Token.
func (s *Service) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error {
	_, err := s.Token(ctx, accessKey, secret)
	return err
}

// onThePage says for each action where it is done, if not here.
var onThePage = map[keyapi.Action]string{
	keyapi.ActionGenerate:   "Generate it on the service's page, then keep it here with: apikey import",
	keyapi.ActionDisable:    "Move the slider to Off on the service's page.",
	keyapi.ActionActivate:   "Move the slider to On on the service's page.",
	keyapi.ActionRegenerate: "Regenerate it on the service's page, then keep the new one here with: apikey import",
	keyapi.ActionDelete:     "Delete it on the service's page, then remove what is kept here with: apikey forget",

	keyapi.ActionDeletePrevious: "If the page knows a previous key, delete it there.",
}

// Refuse is the answer to an action: a service without a key API can do none. Error: CodeUsage, with what to do on its
// page.
func Refuse(a keyapi.Action) error {
	return keyapi.Errorf(keyapi.CodeUsage, "This service has no key API: its key is managed on its page", onThePage[a])
}

// Generate implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Generate(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionGenerate)
}

// Disable implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Disable(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionDisable)
}

// Activate implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Activate(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionActivate)
}

// Regenerate implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Regenerate(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionRegenerate)
}

// Delete implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Delete(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionDelete)
}

// DeletePrevious implements keyapi.API. Error: CodeUsage, always.
func (s *Service) DeletePrevious(context.Context, keyapi.Change) (keyapi.Result, error) {
	return keyapi.Result{}, Refuse(keyapi.ActionDeletePrevious)
}

// Recover implements keyapi.API. Error: CodeNotExecuted, always: nothing was ever done through it.
func (s *Service) Recover(context.Context, keyapi.IdempotencyKey) (keyapi.Result, error) {
	return keyapi.Result{}, keyapi.Errorf(keyapi.CodeNotExecuted, "Nothing was done under this Idempotency-Key", "")
}

// Events implements keyapi.API. Error: CodeUsage, always.
func (s *Service) Events(context.Context, string) (keyapi.EventPage, error) {
	return keyapi.EventPage{}, keyapi.Errorf(keyapi.CodeUsage, "This service has no key API: it gives no history",
		"See its page.")
}
