package keyapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
)

// hintUnreachable is for calls of which nothing was sent.
const hintUnreachable = "Nothing was changed. Check the address and your connection, then try again."

// hintProxy is for calls that did not get past the proxy.
const hintProxy = "Nothing was changed. Check the proxy in HTTPS_PROXY, or name the service in NO_PROXY."

// explained is what a failed connection means in words.
type explained struct {
	message, hint string
	cause         error // without the texts of the other side
	permanent     bool  // another try would end the same way
	unsent        bool  // it ended before anything was sent, whatever the trace says
}

// explain finds the words for an error of the transport. The error itself may quote what the other side sent, so only
// causes of a known kind are passed on.
func explain(err error, origin string) explained {
	if e, ok := explainTLS(err, origin); ok {
		return e
	}
	var (
		dns   *net.DNSError
		op    *net.OpError
		proxy proxyError
	)
	failed := explained{message: "The connection to " + origin + " failed", hint: hintUnreachable}
	switch {
	case errors.Is(err, context.Canceled):
		failed.message, failed.cause, failed.permanent = "The call to "+origin+" was cancelled", context.Canceled, true
	case errors.Is(err, context.DeadlineExceeded):
		failed.message, failed.cause, failed.permanent = origin+" did not answer in time", context.DeadlineExceeded, true
	case errors.As(err, &proxy):
		failed.cause, failed.permanent, failed.hint = proxy, true, hintProxy
	case errors.As(err, &op) && op.Op == "proxyconnect":
		failed.message, failed.cause, failed.hint = "The proxy can't be reached", op, hintProxy
	case errors.As(err, &dns):
		failed.message, failed.cause, failed.permanent = "The host of "+origin+" was not found", dns, dns.IsNotFound
	case errors.As(err, &op):
		failed.cause = op
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		failed.cause = io.ErrUnexpectedEOF
	}
	return failed
}

// explainTLS finds the words for a connection that is not to be trusted.
func explainTLS(err error, origin string) (explained, bool) {
	const unsafe = "Nothing was sent. "
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	e := explained{permanent: true, unsent: true}
	switch {
	case errors.As(err, &unknown):
		e.message = "The certificate of " + origin + " is signed by an authority this machine does not know"
		e.hint = unsafe + "If it is your organisation's own, give its certificate with --ca-file."
	case errors.As(err, &host):
		e.message = "The certificate of " + origin + " is for another host"
		e.hint = unsafe + "Check the address."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.message = "The certificate of " + origin + " has expired or is not valid yet"
		e.hint = unsafe + "Check the clock of this machine; otherwise whoever runs the service must renew it."
	case errors.As(err, &invalid), errors.As(err, &verify):
		e.message = "The certificate of " + origin + " is not to be trusted"
		e.hint = unsafe + "Ask whoever runs the service."
	case errors.As(err, &record):
		e.unsent = false // it may come later, too: the trace knows
		e.message = origin + " does not speak TLS"
		e.hint = unsafe + "Check the port. A service on this machine may want http:// instead."
	default:
		return e, false
	}
	return e, true
}
