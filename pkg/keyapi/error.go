package keyapi

import (
	"errors"
	"time"
)

// Code names what went wrong. Programs decide on codes, never on the text of an error.
type Code string

// The codes, grouped as the tool's exit statuses group them.
const (
	CodeInternal Code = "internal"

	CodeUsage                Code = "usage"
	CodeConfirmationRequired Code = "confirmation-required"
	CodeInvalidRequest       Code = "invalid-request"
	CodeIdempotencyMismatch  Code = "idempotency-mismatch" // the Idempotency-Key was used for another request

	CodeCancelled Code = "cancelled"

	CodeUnauthenticated   Code = "unauthenticated"
	CodeOTPRequired       Code = "otp-required"
	CodeOTPInvalid        Code = "otp-invalid"
	CodeNotPermitted      Code = "not-permitted"
	CodeMFANotEnabled     Code = "mfa-not-enabled"
	CodeMFAAlreadyEnabled Code = "mfa-already-enabled"

	CodeNoKey           Code = "no-key"
	CodeKeyExists       Code = "key-exists"
	CodeKeyExpired      Code = "key-expired"
	CodeKeyDisabled     Code = "key-disabled"
	CodeVersionConflict Code = "version-conflict"
	CodeNoSecret        Code = "no-secret"
	CodeSuperseded      Code = "superseded"
	CodeNotExecuted     Code = "not-executed" // answer of Recover: nothing was done under that Idempotency-Key

	CodeUnreachable    Code = "unreachable"     // the request was never sent: nothing changed
	CodeOutcomeUnknown Code = "outcome-unknown" // the request was sent and not answered
	CodeRateLimited    Code = "rate-limited"
	CodeUnavailable    Code = "unavailable"

	CodeStoreUnavailable Code = "store-unavailable"
	CodeStoreLocked      Code = "store-locked"
	CodeStoreDenied      Code = "store-denied"
	CodeStoreTimeout     Code = "store-timeout"
	CodeStoreTooBig      Code = "store-too-big"
	CodeStoreFailed      Code = "store-failed"

	CodeInterrupted Code = "interrupted"
)

// Error is an error of the key API or of the tool around it. For people: Message is one line that says what happened,
// Hint one line that says what to do. Neither ever contains a secret.
type Error struct {
	Code       Code
	Message    string
	Hint       string
	RequestID  string        // the service's name for the failed request, if it gave one
	RetryAfter time.Duration // how long to wait before another try; 0 if the service did not say
	Actions    []Action      // the actions that are open instead, if the service said
	Err        error         // the cause, if any
}

// Errorf makes an Error of a code, a message and a hint; the hint may be "".
func Errorf(code Code, message, hint string) *Error {
	return &Error{Code: code, Message: message, Hint: hint}
}

// Error gives the message and, if there is one, the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of an error: that of the outermost *Error in its chain, CodeInternal for any other error and
// "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e.Code
	}
	return CodeInternal
}
