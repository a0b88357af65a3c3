package keyapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The longest texts of a service that are passed on, in bytes.
const (
	maxText      = 400
	maxRequestID = 128
)

const (
	noKeyService = "is not a key service, or not at this path"
	hintAddress  = "Check the address of the key service."
)

// maxRetryAfter is the longest wait that is believed.
const maxRetryAfter = 24 * time.Hour

// spoken are the codes a service may answer with. Those that speak of this machine (its secret store, its terminal, its
// connection) mean nothing in its mouth.
var spoken = []Code{
	CodeInternal, CodeInvalidRequest, CodeIdempotencyMismatch, CodeUnauthenticated, CodeOTPRequired, CodeOTPInvalid,
	CodeNotPermitted, CodeMFANotEnabled, CodeMFAAlreadyEnabled, CodeNoKey, CodeKeyExists, CodeKeyExpired, CodeKeyDisabled,
	CodeVersionConflict, CodeSuperseded, CodeNotExecuted, CodeRateLimited, CodeUnavailable,
}

// openable are the actions a service may name as open.
var openable = []Action{
	ActionGenerate, ActionDisable, ActionActivate, ActionRegenerate, ActionDelete, ActionDeletePrevious,
}

// statusMeaning is what a status means that comes without a code of this API.
type statusMeaning struct {
	status  int
	code    Code
	message string // follows the origin
	hint    string
}

// statusMeanings has no row for 409, 410 and 412: what stands between this program and the service may answer so too,
// and it must not pass for the service's word on a key. A bare 400 says that the request was damaged on its way, not that
// the user gave a wrong one.
var statusMeanings = []statusMeaning{
	{http.StatusBadRequest, CodeUnavailable, "did not understand the request", ""},
	{http.StatusUnauthorized, CodeUnauthenticated, "wants you to sign in", "Sign in with: apikey login"},
	{http.StatusForbidden, CodeNotPermitted, "does not permit this", ""},
	{http.StatusNotFound, CodeUnavailable, noKeyService, hintAddress},
	{http.StatusMethodNotAllowed, CodeUnavailable, noKeyService, hintAddress},
	{http.StatusRequestEntityTooLarge, CodeInvalidRequest, "found the request too big", ""},
	{http.StatusUnprocessableEntity, CodeInvalidRequest, "did not accept the request", ""},
	{http.StatusTooManyRequests, CodeRateLimited, "is asked too often", ""},
	{http.StatusServiceUnavailable, CodeUnavailable, "is out of order", ""},
}

// meaningOf finds what a status means on its own.
func meaningOf(status int) statusMeaning {
	for _, m := range statusMeanings {
		if m.status == status {
			return m
		}
	}
	return statusMeaning{status, CodeUnavailable, "answered " + statusText(status), ""}
}

// statusText gives a status with its name.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// problemJSON is what this API adds to a problem (RFC 9457), and the error of RFC 6749 §5.2 with the code beside it.
type problemJSON struct {
	Detail    string   `json:"detail"`
	Code      Code     `json:"code"`
	RequestID string   `json:"requestId"`
	Hint      string   `json:"hint"`
	Actions   []Action `json:"actions"`

	OAuthError  string `json:"error"`
	Description string `json:"error_description"`
}

// problem makes the Error of an answer that is no success. known tells whether the service itself gave its code.
func (k call) problem(a answer, origin string, now time.Time) (e *Error, known bool) {
	m := meaningOf(a.status)
	e = &Error{
		Code: m.code, Message: origin + " " + m.message, Hint: m.hint,
		RequestID: k.requestID(a.header), RetryAfter: retryAfter(a.header.Get("Retry-After"), now),
	}
	if k.presents && e.Code == CodeUnauthenticated {
		e.Message, e.Hint = "The service does not accept these credentials", ""
	}
	var p problemJSON
	switch {
	case a.is(typeProblem) && json.Unmarshal(a.body, &p) == nil:
		p.OAuthError, p.Description = "", ""
	case k.oauth && a.is(typeJSON) && json.Unmarshal(a.body, &p) == nil && p.OAuthError != "":
		p.Detail, p.Hint, p.Actions = p.Description, "", nil
		p.Code = oauthCode(p)
	default:
		return e, false
	}
	if slices.Contains(spoken, p.Code) {
		if p.Code != e.Code {
			e.Hint = ""
		}
		e.Code, known = p.Code, true
	}
	if detail := k.safe(p.Detail, maxText); detail != "" {
		e.Message = strings.TrimSuffix(detail, ".")
	}
	if hint := k.safe(p.Hint, maxText); hint != "" {
		e.Hint = hint
	}
	if e.RequestID == "" {
		e.RequestID = k.safeID(p.RequestID)
	}
	for _, action := range p.Actions {
		if slices.Contains(openable, action) && !slices.Contains(e.Actions, action) {
			e.Actions = append(e.Actions, action)
		}
	}
	return e, known
}

// oauthCode finds the code of an error of the token endpoint (RFC 6749 §5.2): only unauthorized_client has more than
// one meaning, and says it beside.
func oauthCode(p problemJSON) Code {
	switch p.OAuthError {
	case "invalid_client":
		return CodeUnauthenticated
	case "unauthorized_client":
		if slices.Contains(spoken, p.Code) {
			return p.Code
		}
		return CodeNotPermitted
	case "invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_grant":
		return CodeInvalidRequest
	default:
		return p.Code
	}
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 §10.2.3). What is none of both, or lies in the
// past, is no wait.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// requestID gives the service's name for the request, if it is one.
func (k call) requestID(h http.Header) string { return k.safeID(h.Get("X-Request-Id")) }

func (k call) safeID(id string) string {
	if len(id) > maxRequestID || !visible(id) || k.mentions(id) {
		return ""
	}
	return id
}

// safe makes a text of the service fit for a terminal: one line of printable characters and not too long. A text that
// gives back a secret of the request is dropped whole.
func (k call) safe(text string, limit int) string {
	raw := text
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }), " ")
	if k.mentions(raw) || k.mentions(text) {
		return ""
	}
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

// mentions tells whether a text has a secret of the request in it.
func (k call) mentions(text string) bool {
	for _, s := range append([]Secret{k.bearer, k.basic, k.idempotency.Secret}, k.secrets...) {
		if secret := s.Reveal(); secret != "" && strings.Contains(text, secret) {
			return true
		}
	}
	return false
}
