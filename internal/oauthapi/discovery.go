package oauthapi

import (
	"encoding/json"
	"net/http"
)

// metadata describes the authorization server (RFC 8414).
func metadata(issuer string) []byte {
	methods := []string{"client_secret_basic", "client_secret_post"}
	text, err := json.Marshal(map[string]any{
		"issuer": issuer, "jwks_uri": issuer + "/jwks.json",
		"token_endpoint": issuer + "/token", "token_endpoint_auth_methods_supported": methods,
		"introspection_endpoint": issuer + "/introspect", "introspection_endpoint_auth_methods_supported": methods,
		"revocation_endpoint": issuer + "/revoke", "revocation_endpoint_auth_methods_supported": methods,
		"grant_types_supported": []string{"client_credentials"}, "response_types_supported": []string{},
	})
	if err != nil { // strings only
		panic(err)
	}
	return text
}

func (a *api) wellKnown(w http.ResponseWriter, _ *http.Request) { public(w, a.metadata) }

func (a *api) jwks(w http.ResponseWriter, _ *http.Request) { public(w, a.Server.JWKS()) }
