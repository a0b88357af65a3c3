package oauthapi

import (
	"encoding/json"
	"net/http"

	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// active is what is said of a good token (RFC 7662, section 2.2).
type active struct {
	Active    bool   `json:"active"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	ClientID  string `json:"client_id"`
	Audience  string `json:"aud"`
	ExpiresAt int64  `json:"exp"`
	IssuedAt  int64  `json:"iat"`
	ID        string `json:"jti"`
	TokenType string `json:"token_type"`
}

// inactive is what is said of every other one: exactly this.
const inactive = `{"active":false}`

// introspect says of a token whether it is good (RFC 7662).
func (a *api) introspect(w http.ResponseWriter, r *http.Request) {
	caller, token, ok := a.asked(w, r)
	if !ok {
		return
	}
	claims, good, err := a.Server.Introspect(r.Context(), caller, token)
	switch {
	case err != nil:
		a.fail(w, r, err)
	case !good:
		reply(w, http.StatusOK, []byte(inactive))
	default:
		text, err := json.Marshal(active{
			Active: true, Issuer: claims.Issuer, Subject: claims.Subject, ClientID: claims.ClientID,
			Audience: claims.Audience, ExpiresAt: claims.ExpiresAt.Unix(), IssuedAt: claims.IssuedAt.Unix(),
			ID: claims.ID, TokenType: "Bearer",
		})
		if err != nil { // strings and numbers only
			panic(err)
		}
		reply(w, http.StatusOK, text)
	}
}

// revoke takes a token back (RFC 7009).
func (a *api) revoke(w http.ResponseWriter, r *http.Request) {
	caller, token, ok := a.asked(w, r)
	if !ok {
		return
	}
	err := a.Server.Revoke(r.Context(), caller, token)
	switch {
	case keyapi.CodeOf(err) == keyapi.CodeNotPermitted:
		a.refuse(w, http.StatusBadRequest, failure{
			Error: unauthorizedClient, Description: "A key takes back its own tokens, and nobody else's",
		})
	case err != nil:
		a.fail(w, r, err)
	default:
		noStore(w.Header())
		w.WriteHeader(http.StatusOK)
	}
}

// asked reads which token a request is about, and who sent it. It writes the reply itself where either is not there, and
// gives ok false.
func (a *api) asked(w http.ResponseWriter, r *http.Request) (caller authserver.Caller, token keyapi.Secret, ok bool) {
	form, c, ok := a.read(w, r)
	if !ok {
		return caller, token, false
	}
	caller, err := a.Server.Authenticate(r.Context(), a.ClientAddress(r), c.id, c.secret)
	if err != nil {
		a.fail(w, r, err)
		return caller, token, false
	}
	if token = keyapi.NewSecret(form.Get("token")); token.IsZero() {
		a.refuse(w, http.StatusBadRequest, failure{Error: invalidRequest, Description: "The token is missing"})
		return caller, token, false
	}
	return caller, token, true
}
