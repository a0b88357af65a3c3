package oauthapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// maxForm is how long a form may be: a token is 4 KiB at most.
const maxForm = 16 << 10

// credential is what a client says who it is.
type credential struct {
	id     string
	secret keyapi.Secret
}

// read reads the form of a request and the credential it comes with. It writes the reply itself where there is none, and
// gives ok false.
func (a *api) read(w http.ResponseWriter, r *http.Request) (form url.Values, c credential, ok bool) {
	form, problem := readForm(r)
	if problem != "" {
		a.refuse(w, http.StatusBadRequest, failure{Error: invalidRequest, Description: problem})
		return nil, c, false
	}
	c, problem = readCredential(r, form)
	if problem != "" {
		a.refuse(w, http.StatusBadRequest, failure{Error: invalidRequest, Description: problem})
		return nil, c, false
	}
	if c.id == "" || c.secret.IsZero() {
		a.fail(w, r, keyapi.Errorf(keyapi.CodeUnauthenticated, "There is no credential", ""))
		return nil, c, false
	}
	return form, c, true
}

// readForm reads the form in the body. What stands in the URL counts for nothing: it ends up in logs. problem is "" or
// says what is wrong, without repeating it.
func readForm(r *http.Request) (form url.Values, problem string) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, "The body must be a form (application/x-www-form-urlencoded)"
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return nil, "The body cannot be read"
	}
	if len(text) > maxForm {
		return nil, "The form is too long"
	}
	form, err = url.ParseQuery(string(text))
	if err != nil {
		return nil, "The form is not well-formed"
	}
	for _, values := range form {
		if len(values) > 1 { // RFC 6749, section 3.2
			return nil, "A parameter is there more than once"
		}
	}
	return form, ""
}

// readCredential finds the credential in the header (HTTP Basic, both halves form-encoded) or in the form, but not in
// both: RFC 6749, section 2.3.
func readCredential(r *http.Request, form url.Values) (c credential, problem string) {
	posted := form.Has("client_secret")
	id, secret, err := basic(r.Header)
	switch {
	case err != nil:
		return c, "The Authorization header is not HTTP Basic"
	case id != "" && posted:
		return c, "There is more than one credential"
	case id != "" && form.Has("client_id") && form.Get("client_id") != id:
		return c, "There is more than one client_id"
	case id != "":
		return credential{id, keyapi.NewSecret(secret)}, ""
	default:
		return credential{form.Get("client_id"), keyapi.NewSecret(form.Get("client_secret"))}, ""
	}
}

// errNotBasic is any mistake in an Authorization header.
var errNotBasic = errors.New("not HTTP Basic")

// basic reads an Authorization header; without one both halves are "".
func basic(h http.Header) (id, secret string, err error) {
	headers := h.Values("Authorization")
	if len(headers) == 0 {
		return "", "", nil
	}
	r := http.Request{Header: h}
	id, secret, ok := r.BasicAuth()
	if !ok || len(headers) > 1 || len(headers[0]) > maxForm {
		return "", "", errNotBasic
	}
	if id, err = unescape(id); err != nil {
		return "", "", errNotBasic
	}
	if secret, err = unescape(secret); err != nil {
		return "", "", errNotBasic
	}
	return id, secret, nil
}

// unescape takes the form-encoding away. Our own credentials are the same with and without.
func unescape(text string) (string, error) {
	if !strings.ContainsAny(text, "%+") {
		return text, nil
	}
	return url.QueryUnescape(text)
}
