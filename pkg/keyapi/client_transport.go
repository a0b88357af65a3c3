package keyapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// connectTimeout bounds each of the two steps of a connection, so that an address that swallows packets leaves time
// for another try.
const connectTimeout = 10 * time.Second

// newTransport makes the client's own transport.
func newTransport(caFile string) (http.RoundTripper, error) {
	roots, err := loadRoots(caFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true, // a transport with a dialer or a TLS configuration of its own does not try it otherwise
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // the replies are small
	}, nil
}

// loadRoots gives the system's certificate authorities and those of a file, or nil, which is the system's, without one.
func loadRoots(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	const hint = "Give a PEM file of certificate authorities."
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &Error{Code: CodeUsage, Message: "The CA file can't be read", Hint: hint, Err: err}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any: those of the file are all there are
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, Errorf(CodeUsage, "The CA file holds no certificate: "+caFile, hint)
	}
	return roots, nil
}

// proxyError says what the proxy answered instead of connecting.
type proxyError string

func (e proxyError) Error() string { return string(e) }

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return proxyError("the proxy answered " + statusText(r.StatusCode))
	}
	return nil
}

// sendTrace follows how far a request got. A transport that follows no trace leaves looked false.
type sendTrace struct {
	looked    atomic.Bool // the transport looked for a connection
	connected atomic.Bool // it had one: from here on the request may have reached the service
}

// follow makes requests with the context it gives tell the trace. That a connection was there counts as sent, although
// nothing may have been written yet: the writing goes on beside the call that is cancelled.
func (t *sendTrace) follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.looked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	})
}

// maybeSent tells whether the service may have got the request that failed with err.
func (t *sendTrace) maybeSent(err error) bool {
	if t.connected.Load() {
		return true
	}
	var op *net.OpError
	return !t.looked.Load() && (!errors.As(err, &op) || op.Op != "dial")
}
