package httpapi

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The authorization server is served by another package (see Options.Routes). Here is what the document says of it.

const (
	tagTokens    = "tokens"
	clientScheme = "client"
	formType     = "application/x-www-form-urlencoded"
)

type field struct {
	name, text, example string
	optional            bool
}

// object describes an object of texts.
func object(fields ...field) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: true}
	for _, f := range fields {
		s.Properties[f.name] = &huma.Schema{Type: huma.TypeString, Description: f.text}
		if f.example != "" {
			s.Properties[f.name].Examples = []any{f.example}
		}
		if !f.optional {
			s.Required = append(s.Required, f.name)
		}
	}
	return s
}

// with gives a field of an object another type.
func with(s *huma.Schema, name, kind string) *huma.Schema {
	s.Properties[name].Type, s.Properties[name].Examples = kind, nil
	return s
}

// clientFields are the credential in the form, instead of HTTP Basic.
func clientFields(more ...field) *huma.Schema {
	return object(append(more,
		field{"client_id", "The Access Key, if it is not in the header.", "AK0F7ZQ2M4X9CD1WTBKE", true},
		field{"client_secret", "The Access Secret, if it is not in the header.", "", true})...)
}

// tokenEndpoint is an endpoint of the authorization server that takes a form and a credential.
type tokenEndpoint struct {
	path, id, summary, description string
	form                           *huma.Schema
	gives                          string
	reply                          *huma.Schema // nil = an empty body
	refusals                       []any        // what a 400 says
}

func tokenEndpoints() []tokenEndpoint {
	token := field{"token", "The access token.", "", false}
	hint := field{"token_type_hint", "Is not looked at: there is one kind.", "access_token", true}
	return []tokenEndpoint{
		{
			path: "/token", id: "issueToken", summary: "Get an access token for the key",
			description: "The client credentials grant (RFC 6749, section 4.4). An unknown key and a wrong secret are " +
				"answered the same. With the right secret a key that is blocked is told why: `code` has it for programs.",
			form: clientFields(
				field{"grant_type", "Always client_credentials.", "client_credentials", false},
				field{"scope", "There are no scopes.", "", true}),
			gives: "A token: a JWT by the profile of RFC 9068.",
			reply: with(object(field{"access_token", "The token.", "", false},
				field{"token_type", "Always Bearer.", "Bearer", false},
				field{"expires_in", "Seconds from now, at most 3600.", "", false}), "expires_in", huma.TypeInteger),
			refusals: []any{"invalid_request", "unsupported_grant_type", "invalid_scope", "unauthorized_client"},
		},
		{
			path: "/introspect", id: "introspectToken", summary: "Ask whether a token is good",
			description: "Token introspection (RFC 7662), for a resource server's credential, or a key's about its own tokens.",
			form:        clientFields(token, hint), gives: "Whether it is good, and if so what it says.",
			reply: introspection(), refusals: []any{"invalid_request"},
		},
		{
			path: "/revoke", id: "revokeToken", summary: "Take a token back",
			description: "Token revocation (RFC 7009). A key takes back its own tokens. A token that is none is no error.",
			form:        clientFields(token, hint), gives: "It is dead.",
			refusals: []any{"invalid_request", "unauthorized_client"},
		},
	}
}

func introspection() *huma.Schema {
	s := object(field{"active", "Whether it is good. If not, nothing else is said.", "", false},
		field{"iss", "Who gave it.", "", true}, field{"sub", "Login of the account.", "ada", true},
		field{"client_id", "The Access Key.", "AK0F7ZQ2M4X9CD1WTBKE", true}, field{"aud", "Whom it is for.", "", true},
		field{"exp", "When it ends, in seconds since 1970.", "", true},
		field{"iat", "When it was given, in seconds since 1970.", "", true}, field{"jti", "Its identifier.", "", true},
		field{"token_type", "Always Bearer.", "Bearer", true})
	return with(with(with(s, "active", huma.TypeBoolean), "exp", huma.TypeInteger), "iat", huma.TypeInteger)
}

// describeTokens adds the authorization server to the document.
func (s *server) describeTokens() {
	document := s.api.OpenAPI()
	document.Tags = append(document.Tags, &huma.Tag{Name: tagTokens, Description: "The authorization server: OAuth 2.0."})
	document.Components.SecuritySchemes[clientScheme] = &huma.SecurityScheme{
		Type: "http", Scheme: "basic", Description: "Access Key and Access Secret, or a resource server's name and secret.",
	}
	for _, e := range tokenEndpoints() {
		o := s.tokenOperation(e.path, http.MethodPost, e.id, e.summary, e.description)
		o.Security = []map[string][]string{{clientScheme: {}}, {}}
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{formType: {Schema: e.form}}}
		o.Responses["200"] = &huma.Response{Description: e.gives, Headers: headers()}
		if e.reply != nil {
			o.Responses["200"].Content = jsonContent(e.reply)
		}
		for status, kinds := range map[int][]any{
			http.StatusBadRequest: e.refusals, http.StatusUnauthorized: {"invalid_client"},
			http.StatusTooManyRequests: {"temporarily_unavailable"}, http.StatusServiceUnavailable: {"temporarily_unavailable"},
		} {
			o.Responses[strconv.Itoa(status)] = tokenRefusal(status, kinds)
		}
		document.AddOperation(o)
	}
	for _, e := range []struct {
		path, id, summary, gives string
		reply                    *huma.Schema
	}{
		{
			"/jwks.json", "getSigningKeys", "The keys that check tokens", "A JSON Web Key Set (RFC 7517): Ed25519 only.",
			&huma.Schema{Type: huma.TypeObject, Required: []string{"keys"}, Properties: map[string]*huma.Schema{
				"keys": {
					Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true},
					Description: "The public keys, by kid.",
				},
			}},
		},
		{
			"/.well-known/oauth-authorization-server", "getAuthorizationServer", "What the authorization server can do",
			"Its metadata (RFC 8414).", object(field{"issuer", "Who gives the tokens.", "https://keys.example.org", false}),
		},
	} {
		o := s.tokenOperation(e.path, http.MethodGet, e.id, e.summary, "May be kept for the time its Cache-Control says.")
		o.Responses["200"] = &huma.Response{Description: e.gives, Headers: headers(), Content: jsonContent(e.reply)}
		document.AddOperation(o)
	}
}

// tokenOperation describes what all endpoints of the authorization server have.
func (s *server) tokenOperation(path, method, id, summary, description string) *huma.Operation {
	return &huma.Operation{
		Path: path, Method: method, OperationID: id, Tags: []string{tagTokens}, Summary: summary, Description: description,
		Security: []map[string][]string{},
		Responses: map[string]*huma.Response{
			"413": s.problemResponse(http.StatusRequestEntityTooLarge, []keyapi.Code{keyapi.CodeInvalidRequest}),
			"500": s.problemResponse(http.StatusInternalServerError, []keyapi.Code{keyapi.CodeInternal}),
		},
	}
}

func jsonContent(s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: s}}
}

// tokenRefusal describes an error reply of the authorization server (RFC 6749, section 5.2).
func tokenRefusal(status int, kinds []any) *huma.Response {
	schema := object(field{"error", "What happened, in the words of the RFC.", "", false},
		field{"error_description", "What happened, for people.", "", false},
		field{"code", "What happened, in the words of the key API.", "", true})
	schema.Properties["error"].Enum = kinds
	described := &huma.Response{Description: http.StatusText(status), Headers: headers(), Content: jsonContent(schema)}
	switch status {
	case http.StatusUnauthorized:
		described.Headers = headers("Www-Authenticate")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		described.Headers = headers("Retry-After")
	}
	return described
}
