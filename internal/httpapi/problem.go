package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// problemType is the media type of a problem (RFC 9457, section 3).
const problemType = "application/problem+json"

// statuses gives the status of every code that a reply may carry. CodeInvalidRequest has more than one: this is the one
// of a request that cannot be read.
var statuses = map[keyapi.Code]int{
	keyapi.CodeInvalidRequest:      http.StatusBadRequest,
	keyapi.CodeUnauthenticated:     http.StatusUnauthorized,
	keyapi.CodeOTPRequired:         http.StatusUnauthorized,
	keyapi.CodeOTPInvalid:          http.StatusUnauthorized,
	keyapi.CodeNotPermitted:        http.StatusForbidden,
	keyapi.CodeMFANotEnabled:       http.StatusForbidden,
	keyapi.CodeNoKey:               http.StatusNotFound,
	keyapi.CodeNotExecuted:         http.StatusNotFound,
	keyapi.CodeMFAAlreadyEnabled:   http.StatusConflict,
	keyapi.CodeKeyExists:           http.StatusConflict,
	keyapi.CodeKeyExpired:          http.StatusConflict,
	keyapi.CodeSuperseded:          http.StatusGone,
	keyapi.CodeVersionConflict:     http.StatusPreconditionFailed,
	keyapi.CodeIdempotencyMismatch: http.StatusUnprocessableEntity,
	keyapi.CodeRateLimited:         http.StatusTooManyRequests,
	keyapi.CodeUnavailable:         http.StatusServiceUnavailable,
	keyapi.CodeInternal:            http.StatusInternalServerError,
}

// problemJSON is a refusal on the wire: RFC 9457 with what the tool needs beyond it. Nothing in it repeats what the
// client sent.
type problemJSON struct {
	Type      string          `json:"type" example:"about:blank"`
	Title     string          `json:"title" example:"Conflict"`
	Status    int             `json:"status" minimum:"400" maximum:"599" example:"409"`
	Detail    string          `json:"detail" example:"There is an API key already"`
	Code      keyapi.Code     `json:"code" example:"key-exists"`
	RequestID string          `json:"requestId" example:"5b1f0c9de2a84f6f9f3f1f0a7f4c2d11"`
	Actions   []keyapi.Action `json:"actions" nullable:"false"`
	Hint      string          `json:"hint,omitempty" example:"Send a fresh one with every new request."`

	retryAfter time.Duration
	challenge  string
}

// Error gives what happened.
func (p *problemJSON) Error() string { return p.Detail }

// GetStatus gives the status of the reply, for huma.
func (p *problemJSON) GetStatus() int { return p.Status }

// ContentType gives the media type of a problem, for huma.
func (p *problemJSON) ContentType(string) string { return problemType }

// GetHeaders gives the headers a problem comes with, for huma.
func (p *problemJSON) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusUnauthorized: // RFC 9110, section 11.6.1
		h.Set("WWW-Authenticate", p.challenge)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable: // whole seconds, rounded up; RFC 9110, section 10.2.3
		h.Set("Retry-After", strconv.FormatInt(max(1, int64((p.retryAfter+time.Second-1)/time.Second)), 10))
	}
	return h
}

// operatorsOwn are the codes of errors that speak to who runs the service: of its files, for example.
var operatorsOwn = map[keyapi.Code]bool{keyapi.CodeInternal: true, keyapi.CodeUnavailable: true}

// problem says what an error comes to in the reply. invalid is the status of CodeInvalidRequest. An error that is no
// refusal is logged, and the reply says nothing of it.
func (s *server) problem(ctx context.Context, err error, invalid int) *problemJSON {
	var e *keyapi.Error
	if !errors.As(err, &e) || operatorsOwn[e.Code] || statuses[e.Code] == 0 {
		return s.unexpected(ctx, err)
	}
	status := statuses[e.Code]
	if e.Code == keyapi.CodeInvalidRequest {
		status = invalid
	}
	p := newProblem(ctx, status, e)
	p.challenge = fmt.Sprintf("Bearer realm=%q", s.Issuer)
	return p
}

func newProblem(ctx context.Context, status int, e *keyapi.Error) *problemJSON {
	actions := e.Actions
	if actions == nil { // a program need not ask whether the field is there
		actions = []keyapi.Action{}
	}
	return &problemJSON{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Message, Code: e.Code, Hint: e.Hint,
		RequestID: requestOf(ctx).id, Actions: actions, retryAfter: e.RetryAfter,
	}
}

// unexpected logs an error the client can do nothing about and gives what the client is told of it.
func (s *server) unexpected(ctx context.Context, err error) *problemJSON {
	if ctx.Err() != nil { // nobody waits for the answer any more
		gone := keyapi.Errorf(keyapi.CodeUnavailable, "The request was given up", "")
		return newProblem(ctx, http.StatusServiceUnavailable, gone)
	}
	s.Log.ErrorContext(ctx, "request failed", "requestId", requestOf(ctx).id, "error", err)
	if keyapi.CodeOf(err) == keyapi.CodeUnavailable {
		return newProblem(ctx, http.StatusServiceUnavailable, keyapi.Errorf(keyapi.CodeUnavailable,
			"The service cannot do this now", "Try again in a moment."))
	}
	return internalProblem(ctx)
}

func internalProblem(ctx context.Context) *problemJSON {
	return newProblem(ctx, http.StatusInternalServerError, keyapi.Errorf(keyapi.CodeInternal,
		"The service failed to do this", "Give its operator the request ID: the log has the cause."))
}

// write sends a problem from where huma is not in charge.
func (p *problemJSON) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // if it fails the client is gone
}

// refuse sends an error as a problem from where huma is not in charge.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error, invalid int) {
	s.problem(r.Context(), err, invalid).write(w)
}

// discreet turns huma's own errors into problems. What huma says of a request that does not fit repeats the values that
// were sent, passwords too; of that only the names of the fields are kept, which are ours, and the rules they break.
func discreet(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := newProblem(ctx.Context(), model.Status, keyapi.Errorf(keyapi.CodeInvalidRequest,
		"The body of the request is not the JSON object it must be", ""))
	if model.Status != http.StatusUnprocessableEntity {
		return p, nil
	}
	var broken []string
	for _, e := range model.Errors {
		if field, found := strings.CutPrefix(e.Location, "body."); found {
			broken = append(broken, field+": "+e.Message)
		} else if e.Location == "body" && strings.HasPrefix(e.Message, "expected required property ") {
			broken = append(broken, e.Message)
		}
	}
	if len(broken) > 0 {
		p.Detail = "The request is not valid: " + strings.Join(broken, "; ")
	}
	return p, nil
}
