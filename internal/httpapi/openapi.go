package httpapi

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.yaml.in/yaml/v3"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The tags of the document.
const (
	tagKey      = "key"
	tagSessions = "sessions"
	tagAccount  = "account"
	tagMFA      = "mfa"
	tagHealth   = "health"
)

// securityScheme is what the document calls a session.
const securityScheme = "session"

const about = "The self-service API of the one API key of an account: view it, generate, disable, activate, " +
	"regenerate and delete it.\n\n" +
	"Programs decide on the `code` of a problem, never on its text. A request that makes a secret needs an " +
	"Idempotency-Key: repeat it under the same one and it is not done twice. Unknown fields of a request are ignored, " +
	"and replies may get new ones."

// newAPI makes the part of huma that routes and documents. It serves nothing of its own.
func newAPI(mux *http.ServeMux) huma.API {
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "apikeyd", Version: "1", Description: about,
				License: &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The service itself: apikeyd serve"}},
			Tags: []*huma.Tag{
				{Name: tagKey, Description: "The key and its audit trail."},
				{Name: tagSessions, Description: "Signing in, and sessions for pipelines."},
				{Name: tagAccount, Description: "The account of the session."},
				{Name: tagMFA, Description: "The authenticator and its recovery codes."},
				{Name: tagHealth, Description: "For those who run the service."},
			},
			Components: &huma.Components{
				Schemas:    huma.NewMapRegistry(inSchemas, schemaName),
				Responses:  map[string]*huma.Response{},
				Parameters: parameters(),
				Headers:    headerComponents(),
				SecuritySchemes: map[string]*huma.SecurityScheme{securityScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "aps_…",
					Description: "The token of a session, from `POST /v1/sessions` or `POST /v1/sessions/pipeline`.",
				}},
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{discreet},
	}
	config.AllowAdditionalPropertiesByDefault = true // on both sides: a newer one may send more
	return humago.New(mux, config)
}

// schemaName calls keyJSON Key in the document.
func schemaName(t reflect.Type, hint string) string {
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "JSON")
}

// The places in the document where its parts refer to.
const (
	inSchemas    = "#/components/schemas/"
	inResponses  = "#/components/responses/"
	inParameters = "#/components/parameters/"
	inHeaders    = "#/components/headers/"
)

// parameters describes the headers of actions.
func parameters() map[string]*huma.Param {
	idempotencyKey := huma.Param{
		Name: "Idempotency-Key", In: "header",
		Description: "Names this attempt: fresh and random with every new request, the same with its repetitions. Who " +
			"has it can recover the secret for 24 hours.",
		Schema: &huma.Schema{
			Type: huma.TypeString, Pattern: "^ik_[0-9A-Za-z]{22}$", Examples: []any{"ik_7vQm2Zr9Xc4LsB0TnKe5Wa"},
		},
	}
	required := idempotencyKey
	required.Required = true
	return map[string]*huma.Param{
		"IdempotencyKey":         &idempotencyKey,
		"RequiredIdempotencyKey": &required,
		"IfMatch": {
			Name: "If-Match", In: "header",
			Description: "The ETag the caller has seen: at another revision nothing is done (`version-conflict`). `*` is any.",
			Schema:      &huma.Schema{Type: huma.TypeString, Pattern: `^(\*|"[0-9]+")$`, Examples: []any{`"1"`}},
		},
	}
}

// taking refers to parameters by their names in the document.
func taking(names ...string) []*huma.Param {
	refs := make([]*huma.Param, len(names))
	for i, name := range names {
		refs[i] = &huma.Param{Ref: inParameters + name}
	}
	return refs
}

// headerTexts says what the headers of replies are.
var headerTexts = map[string]string{
	"X-Request-Id":     "The service's name for this request, for its operator.",
	"Cache-Control":    "no-store, except for what is public.",
	"Retry-After":      "Seconds to wait before another try.",
	"Www-Authenticate": "How to say who you are (RFC 9110, section 11.6.1).",
}

func headerComponents() map[string]*huma.Param {
	described := map[string]*huma.Param{}
	for name, text := range headerTexts {
		described[name] = &huma.Param{Description: text, Required: true, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return described
}

// headers refers to the headers every reply has, and to those more.
func headers(more ...string) map[string]*huma.Param {
	refs := map[string]*huma.Param{}
	for _, name := range append(more, "X-Request-Id", "Cache-Control") {
		refs[name] = &huma.Param{Ref: inHeaders + name}
	}
	return refs
}

// problemResponse refers to the description of a problem that carries one of the codes, and adds it if it is new.
func (s *server) problemResponse(status int, codes []keyapi.Code) *huma.Response {
	components := s.api.OpenAPI().Components
	name := fmt.Sprintf("%d.%s", status, joined(codes, "."))
	if components.Responses[name] == nil {
		allowed := make([]any, len(codes))
		for i, code := range codes {
			allowed[i] = code
		}
		own := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
			"status": {Type: huma.TypeInteger, Enum: []any{status}},
			"code":   {Type: huma.TypeString, Enum: allowed},
		}}
		problem := components.Schemas.Schema(reflect.TypeFor[problemJSON](), true, "")
		components.Responses[name] = &huma.Response{
			Description: fmt.Sprintf("%s: `%s`", http.StatusText(status), joined(codes, "`, `")),
			Headers:     headers(slices.Collect(maps.Keys((&problemJSON{Status: status}).GetHeaders()))...),
			Content: map[string]*huma.MediaType{
				problemType: {Schema: &huma.Schema{AllOf: []*huma.Schema{problem, own}}},
			},
		}
	}
	return &huma.Response{Ref: inResponses + name}
}

func joined(codes []keyapi.Code, separator string) string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = string(code)
	}
	return strings.Join(texts, separator)
}

// OpenAPI gives docs/openapi.yaml: the description of the API in OpenAPI 3.1. It needs no service and no database.
func OpenAPI() ([]byte, error) {
	s := newServer(Options{})
	s.describeTokens()
	document := s.api.OpenAPI()
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // huma's own problem, which never gets out
		delete(document.Components.Schemas.Map(), unused)
	}
	if err := describe(document.Components.Schemas.Map()); err != nil {
		return nil, err
	}
	text, err := document.YAML()
	if err != nil {
		return nil, err
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	inOrder(tree.Content[0])
	out := bytes.NewBufferString("# Generated from internal/httpapi: go generate ./... writes it.\n")
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&tree); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// inOrder puts the parts of the document into the order in which one reads them.
func inOrder(document *yaml.Node) {
	order := []string{"openapi", "info", "servers", "tags", "paths", "components"}
	var sorted []*yaml.Node
	for _, name := range order {
		for i := 0; i < len(document.Content); i += 2 {
			if document.Content[i].Value == name {
				sorted = append(sorted, document.Content[i:i+2]...)
			}
		}
	}
	document.Content = sorted
}
