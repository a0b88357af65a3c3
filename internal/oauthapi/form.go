package oauthapi

import (
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

// read reads the form of a request and the credential it comes with. It writes the reply itself where there is none,
// and gives ok false.
func (a *api) read(w http.ResponseWriter, r *http.Request) (form url.Values, c credential, ok bool) {
	form, problem := readForm(r)
	if problem == "" {
		c, problem = readCredential(r.Header, form)
	}
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
	if !isForm(r.Header.Get("Content-Type")) {
		return nil, "The body must be a form (application/x-www-form-urlencoded)"
	}
	text, err := readBody(r)
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

// readBody reads a body, one byte more of it than a form may have at most. One that was read already has it at hand.
func readBody(r *http.Request) ([]byte, error) {
	if held, ok := r.Body.(interface{ Held() []byte }); ok {
		return held.Held(), nil
	}
	if r.ContentLength < 0 || r.ContentLength > maxForm {
		return io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	}
	text := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, text)
	return text, err
}

const formType = "application/x-www-form-urlencoded"

func isForm(contentType string) bool {
	if contentType == formType { // nearly always
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == formType
}

// readCredential finds the credential in the header (HTTP Basic, both halves form-encoded) or in the form, but not in
// both: RFC 6749, section 2.3. A parameter without a value counts as left out (section 3.2). What stands in the
// header and is no credential is none: that is answered as a wrong one is (section 5.2), not as a mistake of form.
func readCredential(h http.Header, form url.Values) (c credential, problem string) {
	posted := credential{form.Get("client_id"), keyapi.NewSecret(form.Get("client_secret"))}
	headers := h.Values("Authorization")
	switch {
	case len(headers) == 0:
		return posted, ""
	case len(headers) > 1 || !posted.secret.IsZero():
		return c, "There is more than one credential"
	}
	c = basic(headers[0])
	if posted.id != "" && c.id != "" && posted.id != c.id {
		return credential{}, "There is more than one client_id"
	}
	return c, ""
}

// basic reads an Authorization header of HTTP Basic (RFC 7617); of any other it gives no credential.
func basic(header string) credential {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	id, secret, ok := r.BasicAuth()
	if !ok || len(header) > maxForm {
		return credential{}
	}
	id, err := unescape(id)
	if err != nil {
		return credential{}
	}
	secret, err = unescape(secret)
	if err != nil {
		return credential{}
	}
	return credential{id, keyapi.NewSecret(secret)}
}

// unescape takes the form-encoding away. Our own credentials are the same with and without.
func unescape(text string) (string, error) {
	if !strings.ContainsAny(text, "%+") {
		return text, nil
	}
	return url.QueryUnescape(text)
}
