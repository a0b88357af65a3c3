package keyapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The media types of the API.
const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json" // RFC 9457
	typeForm    = "application/x-www-form-urlencoded"
)

const (
	maxBody      = 1 << 20 // bytes of a reply that are read
	maxRedirects = 3
)

// call is one request of the API, however often it is tried.
type call struct {
	method, path string // below the path of the service
	query        url.Values

	bearer      Secret // the session, if there is one
	basic       Secret // user and password of HTTP Basic, encoded; goes before the session
	idempotency IdempotencyKey
	ifMatch     *int64
	userAgent   string

	contentType string
	body        []byte
	secrets     []Secret // those in basic and body, so that no text of the service can give them back

	changes    bool // it may change something: if it is not answered, that is not known
	repeatable bool // sending it twice comes to the same as once
	presents   bool // it shows credentials of its own instead of a session
	oauth      bool // it speaks RFC 6749: problems have its form, and a 4xx is final
}

// read is a call that changes nothing.
func (c *Client) read(method, path string) call {
	return call{method: method, path: path, bearer: *c.session.Load(), userAgent: c.userAgent, repeatable: true}
}

// change is a call that changes something and must not be made twice.
func (c *Client) change(method, path string) call {
	return call{method: method, path: path, bearer: *c.session.Load(), userAgent: c.userAgent, changes: true}
}

// sending gives the call a JSON body with the secrets that are in it.
func (k call) sending(body any, secrets ...Secret) call {
	k.body, _ = json.Marshal(body) // wire structs of texts and numbers: it can't fail
	k.contentType, k.secrets = typeJSON, secrets
	return k
}

// answer is the reply to a request, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte // nil if it was too big
}

// is tells whether the reply says that its body is of a media type.
func (a answer) is(mediaType string) bool {
	got, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	return err == nil && got == mediaType
}

// request makes the HTTP request of a call.
func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	u := *c.base
	if u.RawPath != "" {
		u.RawPath += k.path
	}
	u.Path += k.path
	u.RawQuery = k.query.Encode()
	var body io.Reader
	if k.body != nil {
		body = bytes.NewReader(k.body)
	}
	r, err := http.NewRequestWithContext(ctx, k.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", k.userAgent)
	if k.contentType != "" {
		r.Header.Set("Content-Type", k.contentType)
	}
	if k.ifMatch != nil {
		r.Header.Set("If-Match", `"`+strconv.FormatInt(*k.ifMatch, 10)+`"`)
	}
	if !k.idempotency.IsZero() {
		r.Header.Set("Idempotency-Key", k.idempotency.Reveal())
	}
	switch {
	case !k.basic.IsZero():
		r.Header.Set("Authorization", "Basic "+k.basic.Reveal())
	case !k.bearer.IsZero():
		r.Header.Set("Authorization", "Bearer "+k.bearer.Reveal())
	}
	return r, nil
}

// unsendable refuses what can't go into a header, before anything is sent.
func (k call) unsendable() error {
	switch {
	case !visible(k.bearer.Reveal()):
		return Errorf(CodeUnauthenticated, "The session is not one a key service gives", "Sign in with: apikey login")
	case !visible(k.idempotency.Reveal()):
		_, err := ParseIdempotencyKey(k.idempotency.Reveal())
		return err
	default:
		return nil
	}
}

// visible tells whether a text has nothing but visible ASCII characters.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// headerText makes a text fit for a header: what is not visible ASCII becomes a blank.
func headerText(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text))
}

// stopped ends an exchange that was answered, but not to the point, or that could not begin. Any other error of an
// exchange is the transport's.
type stopped struct{ why *Error }

func (s stopped) Error() string { return s.why.Error() }

// exchange sends the request of a call once and reads the reply, following redirects within the origin.
func (c *Client) exchange(ctx context.Context, k call) (answer, error) {
	r, err := c.request(ctx, k)
	if err != nil {
		return answer{}, stopped{Errorf(CodeUsage, "The address of the key service is not well-formed", hintAddress)}
	}
	for hops := 0; ; hops++ {
		a, err := c.roundTrip(ctx, r, k)
		if err != nil || !redirects(a.status) {
			return a, err
		}
		next, refused := c.redirected(r, a, k, hops)
		if refused != nil {
			return a, stopped{refused}
		}
		r = r.Clone(ctx)
		r.URL, r.Host = next, next.Host
	}
}

// roundTrip sends one request, reads the reply to its end, so that the connection can be used again, and logs it.
func (c *Client) roundTrip(ctx context.Context, r *http.Request, k call) (answer, error) {
	start := c.now()
	var a answer
	resp, err := c.transport.RoundTrip(r)
	if err == nil {
		a = answer{status: resp.StatusCode, header: resp.Header}
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
		_ = resp.Body.Close()
		if len(a.body) > maxBody || a.status >= 300 {
			// Of a reply that is too big nothing is believed, and one that is no success counts by its status alone if
			// the rest is missing. But a success that broke off is no answer.
			err = nil
		}
		if len(a.body) > maxBody {
			a.body = nil
		}
	}
	c.logged(ctx, k, a, start)
	return a, err
}

// logged writes the debug line of a request; an answer without a status is none.
func (c *Client) logged(ctx context.Context, k call, a answer, start time.Time) {
	if c.log == nil || !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "request to the key service",
		slog.String("method", k.method), slog.String("path", c.base.Path+k.path), slog.Int("status", a.status),
		slog.String("requestId", k.requestID(a.header)),
		slog.Duration("duration", c.now().Sub(start).Round(time.Microsecond)))
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}

// redirected says where a redirect leads, or why it is not followed: only a GET is, and only within the origin, for
// credentials go nowhere else.
func (c *Client) redirected(r *http.Request, a answer, k call, hops int) (*url.URL, *Error) {
	refused := &Error{Code: CodeUnavailable, Hint: hintAddress, RequestID: k.requestID(a.header)}
	location := a.header.Get("Location")
	next, err := r.URL.Parse(location)
	switch {
	case err != nil || location == "" || next.Host == "":
		refused.Message = c.origin + " redirects to nowhere"
	case originOf(next) != c.origin || next.User != nil:
		other := k.safe(originOf(next), 200)
		refused.Message = c.origin + " redirects to another origin, " + other + ". Nothing was sent there"
		if _, err := Origin(other); err == nil {
			refused.Hint = "If that is your key service, use its address: --server " + other
		}
	case r.Method != http.MethodGet:
		refused.Message = c.origin + " redirects to another path, which is not followed for a " + r.Method
	case hops >= maxRedirects:
		refused.Message = c.origin + " redirects too often"
	default:
		return next, nil
	}
	return nil, refused
}
