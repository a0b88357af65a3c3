package keyapi

import (
	"context"
	"time"
)

// MaxGrace is the longest grace period a regenerate may ask for.
const MaxGrace = 7 * 24 * time.Hour

// RecoverableFor is how long a service keeps the reply of a Generate or Regenerate for Recover and for a repetition.
const RecoverableFor = 24 * time.Hour

// Change carries what a caller may say beside the action itself.
type Change struct {
	// IdempotencyKey makes a repeated call return the first call's result instead of acting again. Generate and
	// Regenerate require one, the other actions take one.
	IdempotencyKey IdempotencyKey
	// IfMatch, if not nil, is the revision the caller has seen: if the account is at another one the call fails with
	// CodeVersionConflict and changes nothing (RFC 9110, If-Match).
	IfMatch *int64
	// Grace is how long the replaced key goes on working: whole seconds from 0 to MaxGrace. Only Regenerate takes one,
	// and only a key that is active at that moment gets it.
	Grace time.Duration
	// UserAgent names the calling program in the audit trail.
	UserAgent string
}

// Result is what an action came to.
type Result struct {
	Key          Key    // the key after the action
	Changed      bool   // false if it was already so
	AccessSecret Secret // Generate and Regenerate only: the one time the secret is given
}

// API is the key API. Every method answers for the one account the caller is signed in as; every error is, or wraps,
// an *Error. A service may refuse with CodeRateLimited what adds to what it keeps of an account, once that is far too much.
type API interface {
	// Key gives the key as it is, StatusNone included. Errors: CodeUnauthenticated and those of the connection.
	Key(ctx context.Context) (Key, error)

	// Generate makes the key of an account that has none. Errors: CodeKeyExists, CodeMFANotEnabled, CodeNotPermitted,
	// CodeVersionConflict.
	Generate(ctx context.Context, c Change) (Result, error)
	// Disable stops an active key. Errors: CodeNoKey, CodeKeyExpired, CodeVersionConflict.
	Disable(ctx context.Context, c Change) (Result, error)
	// Activate makes a disabled key work again. Errors: CodeNoKey, CodeKeyExpired, CodeNotPermitted,
	// CodeVersionConflict.
	Activate(ctx context.Context, c Change) (Result, error)
	// Regenerate replaces the key by a new, active one. Errors: CodeNoKey, CodeMFANotEnabled, CodeNotPermitted,
	// CodeVersionConflict, CodeInvalidRequest for a grace period out of range.
	Regenerate(ctx context.Context, c Change) (Result, error)
	// Delete removes the key. Errors: CodeNoKey, CodeVersionConflict.
	Delete(ctx context.Context, c Change) (Result, error)
	// DeletePrevious ends the grace period of a replaced key. Without one nothing changes. Errors: CodeNoKey,
	// CodeVersionConflict.
	DeletePrevious(ctx context.Context, c Change) (Result, error)

	// Recover gives the result of a Generate or Regenerate that was made with this Idempotency-Key less than
	// RecoverableFor ago, and executes nothing. Once it has said CodeNotExecuted, a call with that Idempotency-Key that arrives late
	// is refused. Errors: CodeNotExecuted; CodeSuperseded if the key it made has been replaced or deleted since.
	Recover(ctx context.Context, key IdempotencyKey) (Result, error)

	// Events gives the audit trail, newest first, from the cursor of an earlier page, or from the start for "".
	// Errors: CodeInvalidRequest for a cursor that is none.
	Events(ctx context.Context, cursor string) (EventPage, error)

	// Authenticate says whether the service would accept this pair now. Errors: CodeUnauthenticated for an unknown
	// key or a wrong secret; with the right secret CodeKeyDisabled, CodeKeyExpired, CodeMFANotEnabled or
	// CodeNotPermitted if the key is blocked.
	Authenticate(ctx context.Context, accessKey string, secret Secret) error
}
