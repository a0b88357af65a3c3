package httpapi

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// operation is a route as data: what serves it and what docs/openapi.yaml says of it.
type operation struct {
	method, path string
	id           string // operationId
	tag          string
	summary      string
	description  string

	who     scope
	success int    // status of a success
	gives   string // what the success is, for the document

	codes   []keyapi.Code // the refusals that are this route's own; those of every route come by themselves
	invalid int           // status of CodeInvalidRequest when the service says it; 0 = that of one that cannot be read

	parameters []*huma.Param
	body       bool // takes a JSON object
}

// scope says who may use a route: with one of its verbs a session needs that verb, without any it must be a person's.
// The zero scope needs no session.
type scope struct {
	session bool
	verbs   []string
}

// A person's session is needed for all that is not the key.
func person() scope { return scope{session: true} }

// anyOf is the scope of a session that may do one of the verbs. A person's session may do all.
func anyOf(verbs ...string) scope { return scope{session: true, verbs: verbs} }

// register makes a route of an operation and its function.
func register[I, O any](s *server, o operation, serve func(context.Context, *I) (*O, error)) {
	if o.invalid == 0 {
		o.invalid = statuses[keyapi.CodeInvalidRequest]
	}
	described := huma.Operation{
		Method: o.method, Path: o.path, OperationID: o.id, Tags: []string{o.tag}, Summary: o.summary,
		Description: o.description, DefaultStatus: o.success, Parameters: o.parameters, Responses: s.responses(o),
		Middlewares: huma.Middlewares{s.signedIn(o.who), s.readable(o)},
		// The body was read and measured before; huma's own deadline would also cut off what comes after.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	described.Security = []map[string][]string{}
	if o.who.session {
		described.Security = []map[string][]string{{securityScheme: {}}}
	}
	huma.Register(s.api, described, func(ctx context.Context, in *I) (*O, error) {
		out, err := serve(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err, o.invalid)
		}
		return out, nil
	})
}

// signedIn lets a request through whose session may use a route. It comes before anything of the request is looked at.
func (s *server) signedIn(who scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if who.session {
			r, w := humago.Unwrap(ctx)
			principal, err := s.principal(r)
			if err == nil {
				err = who.admits(principal)
			}
			if err != nil {
				s.refuse(w, r, err, 0)
				return
			}
			known := requestOf(ctx.Context())
			principal.Origin = known.origin
			known.principal = principal
		}
		next(ctx)
	}
}

// maxToken is how long a session's token can be.
const maxToken = 128

// principal tells whose session a request brings (RFC 6750, section 2.1). Error: CodeUnauthenticated, and what
// accounts.Service.Authenticate says.
func (s *server) principal(r *http.Request) (accounts.Principal, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return accounts.Principal{}, keyapi.Errorf(keyapi.CodeUnauthenticated, "You are not signed in", "")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return accounts.Principal{}, keyapi.Errorf(keyapi.CodeUnauthenticated, "You are not signed in", "")
	}
	return s.Accounts.Authenticate(r.Context(), keyapi.NewSecret(token))
}

// admits tells whether a session may use a route. Error: CodeNotPermitted, which says which verb is missing.
func (who scope) admits(p accounts.Principal) error {
	if !p.Pipeline() || slices.ContainsFunc(who.verbs, p.Allows) {
		return nil
	}
	if len(who.verbs) == 0 {
		return keyapi.Errorf(keyapi.CodeNotPermitted, "A pipeline's session cannot do this", "Sign in yourself.")
	}
	return keyapi.Errorf(keyapi.CodeNotPermitted,
		"This pipeline's session is not allowed to do: "+strings.Join(who.verbs, " or "), "Make one that is: apikey session create --name NAME --allow ACTIONS")
}

// readable refuses a body that is not JSON where one is taken.
func (s *server) readable(o operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if o.body && r.ContentLength > 0 {
			if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
				s.refuse(w, r, keyapi.Errorf(keyapi.CodeInvalidRequest, "The body of the request must be application/json", ""),
					http.StatusUnsupportedMediaType)
				return
			}
			r.Header.Set("Content-Type", "application/json") // media types have no case, but huma looks for this one
		}
		next(ctx)
	}
}

// refusals gives the codes an operation's replies may carry, by status.
func (o operation) refusals() map[int][]keyapi.Code {
	byStatus := map[int][]keyapi.Code{}
	add := func(status int, code keyapi.Code) {
		if !slices.Contains(byStatus[status], code) {
			byStatus[status] = append(byStatus[status], code)
		}
	}
	codes := append([]keyapi.Code{keyapi.CodeInternal, keyapi.CodeUnavailable}, o.codes...)
	if o.who.session {
		codes = append(codes, keyapi.CodeUnauthenticated, keyapi.CodeNotPermitted)
	}
	for _, code := range codes {
		add(statuses[code], code)
	}
	if o.invalid != 0 {
		add(o.invalid, keyapi.CodeInvalidRequest)
	}
	add(http.StatusBadRequest, keyapi.CodeInvalidRequest)
	add(http.StatusRequestEntityTooLarge, keyapi.CodeInvalidRequest)
	if o.body {
		add(http.StatusUnsupportedMediaType, keyapi.CodeInvalidRequest)
		add(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest)
	}
	return byStatus
}

// responses describes the replies of an operation. huma adds what a success holds.
func (s *server) responses(o operation) map[string]*huma.Response {
	replies := map[string]*huma.Response{strconv.Itoa(o.success): {Description: o.gives, Headers: headers()}}
	for status, codes := range o.refusals() {
		slices.Sort(codes)
		replies[strconv.Itoa(status)] = s.problemResponse(status, codes)
	}
	return replies
}
