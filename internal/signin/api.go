package signin

import (
	"context"
	"errors"
	"sync"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// API is a remote key service to which a session is shown. The session is looked for at the first call that needs one:
// what needs none works without, and opens no keyring.
type API struct {
	client  *keyapi.Client
	seat    Seat
	session Source
	mu      sync.Mutex
	open    bool
}

var _ keyapi.API = (*API)(nil)

// NewAPI makes the API of a client, a seat and the source of its session.
func NewAPI(client *keyapi.Client, s Seat, session Source) *API {
	return &API{client: client, seat: s, session: session}
}

// Open finds the session and gives the client that has it. Errors: those of the source.
func (a *API) Open(ctx context.Context) (*keyapi.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open {
		return a.client, nil
	}
	session, err := a.session(ctx)
	if err != nil {
		return nil, err
	}
	a.client.SetSession(session)
	a.open = true
	return a.client, nil
}

// Ended tells an error that says the session is over as such, with what to do; any other stays as it is.
func (a *API) Ended(err error) error {
	var known *keyapi.Error
	if !errors.As(err, &known) || known.Code != keyapi.CodeUnauthenticated {
		return err
	}
	return &keyapi.Error{
		Code: known.Code, Message: "The session is not accepted any more", Err: err, Hint: Hint(a.seat), RequestID: known.RequestID,
	}
}

// with opens the session and makes a call with it.
func with[T any](ctx context.Context, a *API, call func(*keyapi.Client) (T, error)) (T, error) {
	client, err := a.Open(ctx)
	if err != nil {
		var none T
		return none, err
	}
	result, err := call(client)
	return result, a.Ended(err)
}

// Key implements keyapi.API.
func (a *API) Key(ctx context.Context) (keyapi.Key, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Key, error) { return c.Key(ctx) })
}

// Generate implements keyapi.API.
func (a *API) Generate(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Generate(ctx, ch) })
}

// Disable implements keyapi.API.
func (a *API) Disable(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Disable(ctx, ch) })
}

// Activate implements keyapi.API.
func (a *API) Activate(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Activate(ctx, ch) })
}

// Regenerate implements keyapi.API.
func (a *API) Regenerate(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Regenerate(ctx, ch) })
}

// Delete implements keyapi.API.
func (a *API) Delete(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Delete(ctx, ch) })
}

// DeletePrevious implements keyapi.API.
func (a *API) DeletePrevious(ctx context.Context, ch keyapi.Change) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.DeletePrevious(ctx, ch) })
}

// Recover implements keyapi.API.
func (a *API) Recover(ctx context.Context, key keyapi.IdempotencyKey) (keyapi.Result, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.Result, error) { return c.Recover(ctx, key) })
}

// Events implements keyapi.API.
func (a *API) Events(ctx context.Context, cursor string) (keyapi.EventPage, error) {
	return with(ctx, a, func(c *keyapi.Client) (keyapi.EventPage, error) { return c.Events(ctx, cursor) })
}

// Authenticate implements keyapi.API. It shows the pair itself and no session.
func (a *API) Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error {
	return a.client.Authenticate(ctx, accessKey, secret)
}
