package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// keyJSON is the key object.
type keyJSON struct {
	Schema     int             `json:"schema" enum:"1"`
	Account    string          `json:"account" example:"ada"`
	Status     keyapi.Status   `json:"status" enum:"none,active,disabled,expired" example:"active"`
	Usable     bool            `json:"usable" example:"true"`
	BlockedBy  []keyapi.Block  `json:"blockedBy" nullable:"false"`
	AccessKey  *string         `json:"accessKey" pattern:"^AK[0-9A-HJKMNP-TV-Z]{18}$" example:"AK0F7ZQ2M4X9CD1WTBKE"`
	CreatedAt  *time.Time      `json:"createdAt" example:"2026-11-23T06:44:00Z"`
	ExpiresAt  *time.Time      `json:"expiresAt" example:"2027-11-23T06:44:00Z"`
	LastUsedAt *time.Time      `json:"lastUsedAt"`
	Previous   *previousJSON   `json:"previous"`
	Revision   int64           `json:"revision" minimum:"0" example:"1"`
	MFAEnabled bool            `json:"mfaEnabled"`
	Actions    []keyapi.Action `json:"actions" nullable:"false"`
}

// previousJSON is a replaced key whose secret still works.
type previousJSON struct {
	AccessKey string    `json:"accessKey" example:"AK5T0M8N2R7VJ3YH6QPA"`
	EndsAt    time.Time `json:"endsAt" example:"2026-11-24T06:44:00Z"`
}

// TransformSchema makes the object or null of it: huma has no null for objects.
func (previousJSON) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Nullable = true
	return s
}

// changedJSON is the reply of an action.
type changedJSON struct {
	keyJSON
	Changed bool `json:"changed"`
}

// secretJSON is the reply of an action that makes a key.
type secretJSON struct {
	changedJSON
	AccessSecret string `json:"accessSecret" pattern:"^aks_[0-9A-Za-z]{49}$"`
}

// TransformSchema adds the key object: huma sees no fields of embedded structs that are private.
func (changedJSON) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	return extending[keyJSON](r, s)
}

// TransformSchema adds the reply of the other actions.
func (secretJSON) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	return extending[changedJSON](r, s)
}

// extending makes a schema one that has all of another's fields too.
func extending[T any](r huma.Registry, s *huma.Schema) *huma.Schema {
	s.AllOf = append(s.AllOf, r.Schema(reflect.TypeFor[T](), true, ""))
	return s
}

func newKeyJSON(k keyapi.Key) keyJSON {
	j := keyJSON{
		Schema: keyapi.Schema, Account: k.Account, Status: k.Status, Usable: k.Usable, BlockedBy: k.BlockedBy,
		AccessKey: orNull(k.AccessKey), CreatedAt: timeOrNull(k.CreatedAt), ExpiresAt: timeOrNull(k.ExpiresAt),
		LastUsedAt: timeOrNull(k.LastUsedAt), Revision: k.Revision, MFAEnabled: k.MFAEnabled, Actions: k.Actions,
	}
	if k.Previous != nil {
		j.Previous = &previousJSON{k.Previous.AccessKey, k.Previous.EndsAt.UTC()}
	}
	if j.BlockedBy == nil {
		j.BlockedBy = []keyapi.Block{}
	}
	if j.Actions == nil {
		j.Actions = []keyapi.Action{}
	}
	return j
}

// orNull gives null for an absent value.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOrNull gives a time as all of the API are: UTC, to the second.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// keyReply is a reply that shows the key. Its revision is the entity tag (RFC 9110, section 8.8.3).
type keyReply[T any] struct {
	ETag string `header:"ETag" example:"\"1\"" doc:"The revision of the key, for If-Match."`
	Body T
}

func newKeyReply[T any](k keyapi.Key, body T) *keyReply[T] {
	return &keyReply[T]{ETag: strconv.Quote(strconv.FormatInt(k.Revision, 10)), Body: body}
}

// changeHeaders are the headers an action takes, as they came: more than one of a kind is no use of them.
type changeHeaders struct {
	idempotencyKeys, ifMatch []string
}

// Resolve takes the headers from the request, for huma.
func (h *changeHeaders) Resolve(ctx huma.Context) []error {
	h.idempotencyKeys, h.ifMatch = nil, nil
	ctx.EachHeader(func(name, value string) {
		switch name {
		case "Idempotency-Key":
			h.idempotencyKeys = append(h.idempotencyKeys, value)
		case "If-Match":
			h.ifMatch = append(h.ifMatch, value)
		}
	})
	return nil
}

// entityTag is a tag this service gives.
var entityTag = regexp.MustCompile(`^"(0|[1-9][0-9]{0,17})"$`)

// change reads the headers. Error: CodeInvalidRequest.
func (h *changeHeaders) change(userAgent string) (c keyapi.Change, err error) {
	c.UserAgent = userAgent
	if c.IdempotencyKey, err = h.idempotencyKey(); err != nil {
		return c, err
	}
	if len(h.ifMatch) == 0 || len(h.ifMatch) == 1 && h.ifMatch[0] == "*" { // there is always something to match
		return c, nil
	}
	tag := entityTag.FindStringSubmatch(h.ifMatch[0])
	if tag == nil || len(h.ifMatch) > 1 {
		return c, keyapi.Errorf(keyapi.CodeInvalidRequest, "The If-Match header is not one ETag of this service", "")
	}
	revision, err := strconv.ParseInt(tag[1], 10, 64)
	c.IfMatch = &revision
	return c, err
}

// idempotencyKey reads the Idempotency-Key; the zero one if there is none. Error: CodeInvalidRequest.
func (h *changeHeaders) idempotencyKey() (keyapi.IdempotencyKey, error) {
	switch len(h.idempotencyKeys) {
	case 0:
		return keyapi.IdempotencyKey{}, nil
	case 1:
		return keyapi.ParseIdempotencyKey(h.idempotencyKeys[0])
	default:
		return keyapi.IdempotencyKey{}, keyapi.Errorf(keyapi.CodeInvalidRequest,
			"The request has more than one Idempotency-Key", "")
	}
}

type none struct{}

type change struct{ changeHeaders }

type regenerateJSON struct {
	GraceSeconds int64 `json:"graceSeconds,omitempty" minimum:"0" maximum:"604800" example:"86400"`
}

type regenerate struct {
	changeHeaders
	Body *regenerateJSON
}

func (s *server) keyRoutes() {
	register(s, operation{
		method: http.MethodGet, path: "/v1/key", id: "getKey", tag: tagKey, who: anyOf("status"), success: http.StatusOK,
		summary: "The key as it is", gives: "The key; without one its status is none.",
		description: "Succeeds for every session that may see it: without a key the status is `none`.",
	}, func(ctx context.Context, _ *none) (*keyReply[keyJSON], error) {
		k, err := s.Keys.Key(ctx, requestOf(ctx).principal.Login)
		if err != nil {
			return nil, err
		}
		return newKeyReply(k, newKeyJSON(k)), nil
	})
	register(s, operation{
		method: http.MethodPost, path: "/v1/key", id: "generateKey", tag: tagKey, who: anyOf("generate"),
		success: http.StatusCreated, summary: "Make the key", gives: "The key and its secret.",
		description: "Only for an account that has none. The secret is in this reply and never again, except under the " +
			"same Idempotency-Key for 24 hours.",
		codes: []keyapi.Code{
			keyapi.CodeKeyExists, keyapi.CodeMFANotEnabled, keyapi.CodeOTPRequired, keyapi.CodeVersionConflict,
			keyapi.CodeIdempotencyMismatch, keyapi.CodeSuperseded, keyapi.CodeRateLimited,
		},
		parameters: taking("RequiredIdempotencyKey", "IfMatch"),
	}, func(ctx context.Context, in *change) (*keyReply[secretJSON], error) {
		return s.makeKey(ctx, keyapi.ActionGenerate, &in.changeHeaders, 0)
	})
	register(s, operation{
		method: http.MethodPost, path: "/v1/key/regenerate", id: "regenerateKey", tag: tagKey, who: anyOf("regenerate"),
		success: http.StatusOK, summary: "Replace the key by a new one", gives: "The new key and its secret.",
		description: "The replaced key ends at once, or after the grace period that is asked for. The new one is active.",
		codes: []keyapi.Code{
			keyapi.CodeNoKey, keyapi.CodeMFANotEnabled, keyapi.CodeOTPRequired, keyapi.CodeVersionConflict,
			keyapi.CodeIdempotencyMismatch, keyapi.CodeSuperseded, keyapi.CodeRateLimited,
		},
		parameters: taking("RequiredIdempotencyKey", "IfMatch"), body: true,
	}, func(ctx context.Context, in *regenerate) (*keyReply[secretJSON], error) {
		var grace time.Duration
		if in.Body != nil {
			grace = time.Duration(in.Body.GraceSeconds) * time.Second
		}
		return s.makeKey(ctx, keyapi.ActionRegenerate, &in.changeHeaders, grace)
	})
	s.plainActionRoutes()
	s.recoverRoute()
}

// plainActionRoutes makes the routes of the actions that give no secret: they differ in nothing else.
func (s *server) plainActionRoutes() {
	for _, a := range []struct {
		action                      keyapi.Action
		method, path, id, verb      string
		summary, gives, description string
		codes                       []keyapi.Code
	}{
		{
			keyapi.ActionDisable, http.MethodPost, "/v1/key/disable", "disableKey", "disable",
			"Stop the key", "The key, disabled.",
			"Its tokens are dead at the next introspection. A grace period ends. Needs neither MFA nor the permission.",
			[]keyapi.Code{keyapi.CodeNoKey, keyapi.CodeKeyExpired},
		},
		{
			keyapi.ActionActivate, http.MethodPost, "/v1/key/activate", "activateKey", "activate",
			"Let the key work again", "The key, active.",
			"Tokens from before stay dead. If the account lacks multi-factor authentication the key stays blocked by it.",
			[]keyapi.Code{keyapi.CodeNoKey, keyapi.CodeKeyExpired, keyapi.CodeOTPRequired, keyapi.CodeRateLimited},
		},
		{
			keyapi.ActionDelete, http.MethodDelete, "/v1/key", "deleteKey", "delete",
			"Remove the key", "The account without a key.",
			"Its secret and its tokens are dead. Needs neither MFA nor the permission.",
			[]keyapi.Code{keyapi.CodeNoKey},
		},
		{
			keyapi.ActionDeletePrevious, http.MethodDelete, "/v1/key/previous", "deletePreviousKey", "delete",
			"End the grace period of a replaced key", "The key without a previous one.",
			"Without a replaced key nothing changes.",
			[]keyapi.Code{keyapi.CodeNoKey},
		},
	} {
		register(s, operation{
			method: a.method, path: a.path, id: a.id, tag: tagKey, who: anyOf(a.verb), success: http.StatusOK,
			summary: a.summary, gives: a.gives, description: a.description, parameters: taking("IdempotencyKey", "IfMatch"),
			codes: append(a.codes, keyapi.CodeVersionConflict, keyapi.CodeIdempotencyMismatch, keyapi.CodeSuperseded),
		}, func(ctx context.Context, in *change) (*keyReply[changedJSON], error) {
			r, err := s.act(ctx, a.action, &in.changeHeaders, 0)
			if err != nil {
				return nil, err
			}
			return newKeyReply(r.Key, changedJSON{newKeyJSON(r.Key), r.Changed}), nil
		})
	}
}

func (s *server) recoverRoute() {
	register(s, operation{
		method: http.MethodPost, path: "/v1/key/recover", id: "recoverKey", tag: tagKey, who: anyOf("generate", "regenerate"),
		success: http.StatusOK, summary: "Get the reply of a generate or regenerate again", gives: "The reply as it was.",
		description: "For 24 hours the reply to an Idempotency-Key is kept. This gives it and executes nothing; once it " +
			"has said `not-executed`, a request under that Idempotency-Key that arrives late is refused.",
		codes:      []keyapi.Code{keyapi.CodeNotExecuted, keyapi.CodeSuperseded, keyapi.CodeRateLimited},
		parameters: taking("RequiredIdempotencyKey"),
	}, func(ctx context.Context, in *change) (*keyReply[secretJSON], error) {
		key, err := in.idempotencyKey()
		if err != nil {
			return nil, err
		}
		if key.IsZero() {
			return nil, keyapi.Errorf(keyapi.CodeInvalidRequest, "The request needs the Idempotency-Key it is about", "")
		}
		known := requestOf(ctx)
		r, err := s.Keys.Recover(ctx, known.principal.Login, known.actor(), key)
		if err != nil {
			return nil, err
		}
		return newSecretReply(r), nil
	})
}

// makeKey carries out an action that makes a key.
func (s *server) makeKey(
	ctx context.Context, a keyapi.Action, h *changeHeaders, grace time.Duration,
) (*keyReply[secretJSON], error) {
	r, err := s.act(ctx, a, h, grace)
	if err != nil {
		return nil, err
	}
	return newSecretReply(r), nil
}

func newSecretReply(r keyapi.Result) *keyReply[secretJSON] {
	return newKeyReply(r.Key, secretJSON{changedJSON{newKeyJSON(r.Key), r.Changed}, r.AccessSecret.Reveal()})
}

// act carries out an action for the session of the request.
func (s *server) act(
	ctx context.Context, a keyapi.Action, h *changeHeaders, grace time.Duration,
) (keyapi.Result, error) {
	known := requestOf(ctx)
	c, err := h.change(known.origin.UserAgent)
	if err != nil {
		return keyapi.Result{}, err
	}
	c.Grace = grace
	return s.Keys.Act(ctx, known.principal.Login, known.actor(), a, c)
}

// actor is who makes the request.
func (r *request) actor() keyservice.Actor {
	p := r.principal
	return keyservice.Actor{Name: p.Actor(), From: r.origin.Address, Verified: p.Verified, Pipeline: p.Pipeline()}
}
