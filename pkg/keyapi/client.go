package keyapi

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// defaultTimeout is how long a call with its retries may take if the options say nothing.
const defaultTimeout = 30 * time.Second

// defaultUserAgent names a program that does not name itself.
const defaultUserAgent = "keyapi-go"

// ClientOptions say which key service a Client talks to, and how.
type ClientOptions struct {
	// Server is the address of the key service: https://host[:port][/path]. Plain http is taken for this machine only:
	// localhost, 127.0.0.0/8 and ::1.
	Server string
	// TokenPath is the path of the token endpoint below Server; "" is /token. Other services than ours have their own.
	TokenPath string
	// Session is sent as Bearer to the origin of Server and to no other; the zero Secret is none.
	Session Secret
	// UserAgent names the calling program in the audit trail.
	UserAgent string
	// CAFile is a PEM file of certificate authorities that are trusted beside the system's; "" is none.
	CAFile string
	// Timeout bounds one whole call with its retries; 0 is 30 s.
	Timeout time.Duration
	// Transport carries the requests; nil is one of the client's own: proxy from the environment, TLS 1.2 or later,
	// HTTP/2.
	Transport http.RoundTripper

	Now    func() time.Time                           // the clock; nil is time.Now
	Sleep  func(context.Context, time.Duration) error // waits, or gives the context's error; nil is a real one
	Random io.Reader                                  // spreads the retries; nil is crypto/rand.Reader

	// Log gets one debug line a request: method, path, status, request id, duration; never headers or bodies. nil is
	// none.
	Log *slog.Logger
}

// Client is the key API over HTTP. It may be used from several goroutines at once. Every error it gives is an *Error.
//
// Reads are repeated when the connection or the service fails; a change is repeated only if it carries an
// Idempotency-Key, and then with the same one; anything else is never repeated once it was sent. There are at most
// four tries, within the timeout.
//
// Errors of every call, beside its own: CodeUnreachable if nothing was sent, or a read was not answered;
// CodeOutcomeUnknown if a change was sent and it is not known whether it happened; CodeUnavailable if the service is
// out of order or is no key service; CodeRateLimited; CodeUnauthenticated if the session is missing or over.
type Client struct {
	base      *url.URL // address of the service, its path without a slash at the end
	origin    string
	tokenPath string
	session   atomic.Pointer[Secret]
	userAgent string
	timeout   time.Duration
	transport http.RoundTripper
	now       func() time.Time
	sleep     func(context.Context, time.Duration) error
	random    io.Reader
	log       *slog.Logger
}

var _ API = (*Client)(nil)

// NewClient makes a client and connects to nothing. Error: CodeUsage if the address is not one of a key service (see
// ClientOptions.Server), has a user name, a password, a query or a fragment, or if the CA file can't be used.
func NewClient(o ClientOptions) (*Client, error) {
	base, err := parseServer(o.Server)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, origin: originOf(base), tokenPath: o.TokenPath, userAgent: o.UserAgent, timeout: o.Timeout, transport: o.Transport,
		now: o.Now, sleep: o.Sleep, random: o.Random, log: o.Log,
	}
	c.SetSession(o.Session)
	if c.tokenPath == "" {
		c.tokenPath = "/token"
	}
	if c.userAgent == "" {
		c.userAgent = defaultUserAgent
	}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.random == nil {
		c.random = rand.Reader
	}
	if c.transport == nil {
		if c.transport, err = newTransport(o.CAFile); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Origin gives the origin of the service, as the function Origin writes it.
func (c *Client) Origin() string { return c.origin }

// SetSession makes s the session of the calls that follow; the zero Secret is none.
func (c *Client) SetSession(s Secret) { c.session.Store(&s) }

// sleep waits for d, or until the context ends, whose error it then gives.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
