// Package oauthapi is the authorization server over HTTP: the token endpoint (RFC 6749), introspection (RFC 7662),
// revocation (RFC 7009), the JSON Web Key Set (RFC 7517) and the metadata (RFC 8414). It knows the protocol's forms;
// what is given to whom is for package authserver to say.
package oauthapi

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Options are what the endpoints take from outside.
type Options struct {
	Server *authserver.Server
	Issuer string // URL of the service, without a slash at its end
	// ClientAddress gives the network address a request comes from, as far as it is known.
	ClientAddress func(*http.Request) string
	Log           *slog.Logger
}

// api is the endpoints.
type api struct {
	Options
	metadata []byte
}

// Routes adds the endpoints to a mux.
func Routes(mux *http.ServeMux, o Options) {
	a := &api{Options: o, metadata: metadata(o.Issuer)}
	for _, e := range []struct {
		path, method, allow string
		serve               http.HandlerFunc
	}{
		{"/token", http.MethodPost, "POST", a.token},
		{"/introspect", http.MethodPost, "POST", a.introspect},
		{"/revoke", http.MethodPost, "POST", a.revoke},
		{"/jwks.json", http.MethodGet, "GET, HEAD", a.jwks},
		{"/.well-known/oauth-authorization-server", http.MethodGet, "GET, HEAD", a.wellKnown},
	} {
		mux.HandleFunc(e.method+" "+e.path, e.serve)
		mux.HandleFunc(e.path, a.wrongMethod(e.allow))
	}
}

// wrongMethod refuses every other method of a path (RFC 9110, section 15.5.6).
func (a *api) wrongMethod(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		a.refuse(w, http.StatusMethodNotAllowed, failure{
			Error: invalidRequest, Description: "The methods of this path are " + allow,
		})
	}
}

// The error codes of RFC 6749, section 5.2; the last is of section 4.1.2.1, for want of another.
const (
	invalidRequest     = "invalid_request"
	invalidClient      = "invalid_client"
	unauthorizedClient = "unauthorized_client"
	unsupportedGrant   = "unsupported_grant_type"
	invalidScope       = "invalid_scope"
	unavailable        = "temporarily_unavailable"
)

// failure is an error reply. Code is ours, beside the protocol's: programs that know us need not read descriptions.
type failure struct {
	Error       string      `json:"error"`
	Description string      `json:"error_description"`
	Code        keyapi.Code `json:"code,omitempty"`
}

// refuse writes an error reply. That a client is not known is always the same reply, byte for byte.
func (a *api) refuse(w http.ResponseWriter, status int, f failure) {
	text, err := json.Marshal(f)
	if err != nil { // strings only
		panic(err)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="apikey", charset="UTF-8"`)
	}
	reply(w, status, text)
}

// fail writes the reply to an error of the authorization server.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch code := keyapi.CodeOf(err); code {
	case keyapi.CodeUnauthenticated:
		a.refuse(w, http.StatusUnauthorized, failure{
			Error: invalidClient, Description: "The client or its secret is not right",
		})
	case keyapi.CodeKeyDisabled, keyapi.CodeKeyExpired, keyapi.CodeMFANotEnabled, keyapi.CodeNotPermitted:
		a.refuse(w, http.StatusBadRequest, failure{Error: unauthorizedClient, Description: blocked[code], Code: code})
	case keyapi.CodeRateLimited:
		wait(w, err)
		a.refuse(w, http.StatusTooManyRequests, failure{
			Error: unavailable, Description: "Too many wrong secrets from this address", Code: code,
		})
	default:
		level := slog.LevelError
		if r.Context().Err() != nil { // whoever asked is gone: nobody reads the reply, and nothing is wrong here
			level = slog.LevelDebug
		}
		a.Log.Log(r.Context(), level, "the request failed", "route", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "1")
		a.refuse(w, http.StatusServiceUnavailable, failure{
			Error: unavailable, Description: "The service cannot answer now", Code: keyapi.CodeUnavailable,
		})
	}
}

// blocked says why a key with the right secret gets nothing.
var blocked = map[keyapi.Code]string{
	keyapi.CodeKeyDisabled:   "The API key is disabled",
	keyapi.CodeKeyExpired:    "The API key has expired",
	keyapi.CodeMFANotEnabled: "Multi-factor authentication (MFA) is off for the account",
	keyapi.CodeNotPermitted:  "The account may not have an API key",
}

// wait says when to come again, in whole seconds (RFC 9110, section 10.2.3).
func wait(w http.ResponseWriter, err error) {
	var known *keyapi.Error
	if errors.As(err, &known) {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(known.RetryAfter.Seconds()))))
	}
}

// reply writes a reply nobody may keep.
func reply(w http.ResponseWriter, status int, text []byte) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = jsonType, []string{strconv.Itoa(len(text))}
	noStore(h)
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// noStore lets nobody keep a reply. RFC 6749, section 5.1, asks for both headers.
func noStore(h http.Header) {
	h["Cache-Control"], h["Pragma"] = noStoreValue, noCacheValue
}

// Values of headers: written often, and read only.
var (
	jsonType     = []string{"application/json"} //nolint:gochecknoglobals // values
	noStoreValue = []string{"no-store"}         //nolint:gochecknoglobals // values
	noCacheValue = []string{"no-cache"}         //nolint:gochecknoglobals // values
)

// cacheFor is how long the key set and the metadata may be kept: less than a new key is published before it signs.
const cacheFor = 5 * time.Minute

func public(w http.ResponseWriter, text []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(cacheFor.Seconds())))
	_, _ = w.Write(text)
}
