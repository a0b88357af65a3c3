package keyapi

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"time"
)

const (
	maxTries     = 4
	firstBackOff = 100 * time.Millisecond
	maxBackOff   = 2 * time.Second
)

// doubt is how little is known of whether a change happened.
type doubt int

const (
	certain    doubt = iota // it did not
	failing                 // the service said that it failed: that may have been after it did it
	unanswered              // it was sent and there is no answer
)

// failure is a try that did not succeed.
type failure struct {
	err   *Error
	again bool  // another try may be made
	doubt doubt // stays, whatever a later try says, unless that speaks for the tries before it, too
}

// closing are the codes a service gives only after it has looked whether it has done this very request before (§4,
// order of checks). Any other refusal of a repetition says nothing about the tries before it.
var closing = []Code{
	CodeNoKey, CodeKeyExists, CodeKeyExpired, CodeVersionConflict, CodeMFANotEnabled, CodeSuperseded, CodeNotExecuted,
}

// do makes a call: up to four tries within the timeout. decode reads the body of a success and tells whether it is
// what the API promises; nil stands for a success without a body.
func (c *Client) do(ctx context.Context, k call, decode func(body []byte) bool) error {
	if err := k.unsendable(); err != nil {
		return err
	}
	k.userAgent = headerText(k.userAgent)
	end := c.now().Add(c.timeout)
	if limit, ok := ctx.Deadline(); ok && limit.Before(end) {
		end = limit
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	worst := certain
	for try := 1; ; try++ {
		f := c.try(ctx, k, decode)
		if f == nil {
			return nil
		}
		worst = max(worst, f.doubt)
		if !f.again || try == maxTries {
			return c.settled(f.err, worst)
		}
		wait := max(f.err.RetryAfter, c.backOff(try))
		if c.now().Add(wait).After(end) {
			return c.settled(f.err, worst)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return c.settled(c.lost(k, err, false).err, worst)
		}
	}
}

// settled gives the error of a call whose last try ended with err and whose tries leave a doubt.
func (c *Client) settled(err *Error, worst doubt) error {
	switch {
	case worst == certain, err.Code == CodeOutcomeUnknown, slices.Contains(closing, err.Code):
		return err
	case worst == failing && (err.Code == CodeUnavailable || err.Code == CodeInternal):
		return err // it says just that
	}
	return &Error{
		Code:      CodeOutcomeUnknown,
		Message:   "An earlier try may have reached " + c.origin + ": it is not known whether anything was changed",
		RequestID: err.RequestID, RetryAfter: err.RetryAfter, Err: err,
	}
}

// try makes one try. nil is success.
func (c *Client) try(ctx context.Context, k call, decode func([]byte) bool) *failure {
	if err := ctx.Err(); err != nil {
		return c.lost(k, err, false)
	}
	var trace sendTrace
	a, err := c.exchange(trace.follow(ctx), k)
	var stop stopped
	switch {
	case errors.As(err, &stop):
		return &failure{err: stop.why}
	case err != nil:
		sent := trace.maybeSent(err)
		if ended := ctx.Err(); ended != nil {
			err = ended // the transport may say it in words of its own
		}
		return c.lost(k, err, sent)
	case a.status >= 300:
		return c.refused(k, a)
	case decode == nil && a.status == http.StatusNoContent, decode != nil && a.is(typeJSON) && decode(a.body):
		return nil
	default:
		return c.unexpected(k, a)
	}
}

// lost is a try without an answer.
func (c *Client) lost(k call, cause error, maybeSent bool) *failure {
	x := explain(cause, c.origin)
	e := &Error{Code: CodeUnreachable, Message: x.message, Hint: x.hint, Err: x.cause}
	sent := maybeSent && !x.unsent
	if sent && k.changes {
		e.Code, e.Hint = CodeOutcomeUnknown, ""
		e.Message += ", after the request was sent: it is not known whether anything was changed"
	}
	f := &failure{err: e, again: !x.permanent && (!sent || k.repeatable)}
	if sent && k.changes {
		f.doubt = unanswered
	}
	return f
}

// refused is an answer that is no success.
func (c *Client) refused(k call, a answer) *failure {
	e, known := k.problem(a, c.origin, c.now())
	f := &failure{err: e}
	if k.changes && a.status >= http.StatusInternalServerError {
		f.doubt = failing
	}
	switch a.status {
	case http.StatusTooManyRequests:
		f.again = k.repeatable && !k.oauth && a.header.Get("Retry-After") != ""
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		if k.changes && !known { // what stands before the service does not know either
			e.Code, e.Hint, f.doubt = CodeOutcomeUnknown, "", unanswered
		}
		f.again = k.repeatable
	case http.StatusServiceUnavailable:
		f.again = k.repeatable
	}
	return f
}

// unexpected is a success that is not what the API promises.
func (c *Client) unexpected(k call, a answer) *failure {
	e := &Error{
		Code: CodeUnavailable, Message: c.origin + " answered, but not as a key service does", Hint: hintAddress,
		RequestID: k.requestID(a.header),
	}
	if k.changes {
		e.Code, e.Hint = CodeOutcomeUnknown, ""
		e.Message += ": it is not known whether anything was changed"
	}
	return &failure{err: e} // a try after it would be answered the same way
}

// backOff draws how long to wait after a try: evenly from nothing to 100 ms, doubled with every try up to 2 s, so that
// clients that failed together do not come back together.
func (c *Client) backOff(try int) time.Duration {
	limit := min(firstBackOff<<(try-1), maxBackOff)
	var raw [8]byte
	if _, err := io.ReadFull(c.random, raw[:]); err != nil {
		return limit
	}
	return time.Duration(float64(limit) * (float64(binary.BigEndian.Uint64(raw[:])>>11) / (math.MaxUint64 >> 11)))
}
