package keyapi

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"
)

// Reached is what can be seen of a service without a session.
type Reached struct {
	Status int           // HTTP status of its answer
	Dated  bool          // it said what time it is
	Ahead  time.Duration // how far its clock is before the client's, to the second; negative if it is behind
	Proxy  string        // scheme and host of the proxy in between; "" = none
	TLS    string        // version of TLS; "" = plain http
	Until  time.Time     // first end of a certificate in the chain that is trusted; zero without TLS
}

// Reach asks once whether the service answers: a HEAD of its /healthz, without credentials. Any answer will do, that of
// another service too. Error: CodeUnreachable, with what is wrong with the connection.
func (c *Client) Reach(ctx context.Context) (Reached, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	k := call{method: http.MethodHead, path: "/healthz", userAgent: headerText(c.userAgent), repeatable: true}
	r, err := c.request(ctx, k)
	if err != nil {
		return Reached{}, Errorf(CodeUsage, "The address of the key service is not well-formed", hintAddress)
	}
	var seen Reached
	if own, ok := c.transport.(*http.Transport); ok && own.Proxy != nil {
		if proxy, err := own.Proxy(r); err == nil && proxy != nil {
			seen.Proxy = proxy.Scheme + "://" + proxy.Host // without the password that may be in it
		}
	}
	began := c.now()
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		c.logged(ctx, k, answer{}, began)
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		return seen, c.lost(k, err, false).err
	}
	_ = resp.Body.Close()
	answered := c.now()
	c.logged(ctx, k, answer{status: resp.StatusCode, header: resp.Header}, began)
	seen.Status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// The service said it at some time between the question and the answer, and left the fraction of the second out.
		middle := began.Add(answered.Sub(began) / 2)
		seen.Dated, seen.Ahead = true, date.Add(time.Second/2).Sub(middle).Round(time.Second)
	}
	if resp.TLS != nil {
		seen.TLS, seen.Until = tls.VersionName(resp.TLS.Version), chainEnd(resp.TLS)
	}
	return seen, nil
}

// chainEnd gives the first end of a certificate in the trusted chain. Of several chains the one that lasts longest counts.
func chainEnd(state *tls.ConnectionState) (end time.Time) {
	for _, chain := range state.VerifiedChains {
		var first time.Time
		for _, certificate := range chain {
			if first.IsZero() || certificate.NotAfter.Before(first) {
				first = certificate.NotAfter
			}
		}
		if first.After(end) {
			end = first
		}
	}
	return end
}
