package oauthapi

import (
	"net/http"
	"strconv"
	"time"
)

// token is the token endpoint: the client credentials grant (RFC 6749, section 4.4).
func (a *api) token(w http.ResponseWriter, r *http.Request) {
	form, c, ok := a.read(w, r)
	if !ok {
		return
	}
	switch {
	case form.Get("grant_type") == "":
		a.refuse(w, http.StatusBadRequest, failure{Error: invalidRequest, Description: "The grant_type is missing"})
		return
	case form.Get("grant_type") != "client_credentials":
		a.refuse(w, http.StatusBadRequest, failure{
			Error: unsupportedGrant, Description: "The only grant is client_credentials",
		})
		return
	case form.Get("scope") != "":
		a.refuse(w, http.StatusBadRequest, failure{
			Error: invalidScope, Description: "There are no scopes: a token has the rights of the login",
		})
		return
	}
	token, err := a.Server.Issue(r.Context(), a.ClientAddress(r), c.id, c.secret)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	const before, between, after = `{"access_token":"`, `","token_type":"Bearer","expires_in":`, `}`
	text := make([]byte, 0, 1024)
	text = append(text, before...)
	text = append(text, token.AccessToken.Reveal()...) // base64url and dots: nothing to escape
	text = append(text, between...)
	text = strconv.AppendInt(text, int64(token.ExpiresIn/time.Second), 10)
	text = append(text, after...)
	reply(w, http.StatusOK, text)
}
