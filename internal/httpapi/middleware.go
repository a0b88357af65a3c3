package httpapi

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 16 << 10

// maxUserAgent is how much of a User-Agent goes into the audit trail.
const maxUserAgent = 256

// request is what is known of the request in hand.
type request struct {
	id        string
	origin    accounts.Origin
	principal accounts.Principal // the zero Principal where the route needs no session
}

// contextKey is the key a request's context has its request under.
type contextKey struct{}

// requestOf gives what is known of the request of a context.
func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(contextKey{}).(*request)
	if r == nil {
		return &request{}
	}
	return r
}

// quiet are the routes that are asked all the time: that they were answered is for those who look for it. The metrics
// count them, and what went wrong is told as of any other.
var quiet = map[string]bool{"/healthz": true, "/readyz": true, "/introspect": true}

// levelOf gives the level of a request's log line.
func levelOf(route string, status int) slog.Level {
	if quiet[route] && (status < http.StatusBadRequest || route != "/introspect") {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// ServeHTTP names the request, answers it, and tells the log and the metrics. Neither learns more of it than its route:
// a path may hold what somebody pasted there by mistake. The address is in the log alone.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	known := &request{
		id: s.newRequestID(), origin: accounts.Origin{Address: s.ClientAddress(r), UserAgent: printable(r.UserAgent())},
	}
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, known))
	h := w.Header()
	h["Cache-Control"], h["X-Content-Type-Options"], h["X-Request-Id"] = noStore, noSniff, []string{known.id}
	counted := &counted{ResponseWriter: w}
	s.recovered(counted, r)

	route := r.Pattern[strings.Index(r.Pattern, " ")+1:] // without the method, if there is one
	method, took := methods[r.Method], s.Now().Sub(began)
	s.Requests.LogAttrs(r.Context(), levelOf(route, counted.status), "request", slog.String("requestId", known.id),
		slog.String("method", method), slog.String("route", route), slog.Int("status", counted.status),
		slog.Duration("took", took), slog.String("address", known.origin.Address))
	if s.Metrics != nil {
		s.Metrics.Observe(route, method, counted.status, took)
	}
}

// Headers of every reply: written often, and read only.
var noStore, noSniff = []string{"no-store"}, []string{"nosniff"} //nolint:gochecknoglobals // values

// newRequestID draws the name of a request: 128 random bits. One the client sends is not taken: in the log it
// would be the client's text.
func (s *server) newRequestID() string {
	var raw [16]byte
	if _, err := io.ReadFull(s.Random, raw[:]); err != nil {
		return "unnamed"
	}
	return hex.EncodeToString(raw[:])
}

// methods are those that the log and the metrics know; any other text is the client's.
var methods = map[string]string{
	http.MethodGet: http.MethodGet, http.MethodHead: http.MethodHead, http.MethodPost: http.MethodPost,
	http.MethodPut: http.MethodPut, http.MethodPatch: http.MethodPatch, http.MethodDelete: http.MethodDelete,
	http.MethodOptions: http.MethodOptions,
}

// printable gives what the audit trail keeps of a text from the client: its first bytes, those that cannot be printed
// replaced.
func printable(text string) string {
	text = text[:min(len(text), maxUserAgent)]
	out := []byte(text)
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return string(out)
}

// counted remembers the status of the reply.
type counted struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (c *counted) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write passes on; without a status before it, it is 200.
func (c *counted) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	return c.ResponseWriter.Write(b)
}

// recovered answers a request whose handler panics with 500, and logs the stack. Bodies are no part of it.
func (s *server) recovered(w *counted, r *http.Request) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) || r.Context().Err() != nil {
			panic(http.ErrAbortHandler) // the client is gone
		}
		s.Log.ErrorContext(r.Context(), "panic", "requestId", requestOf(r.Context()).id, "value", value,
			"stack", string(debug.Stack()))
		if w.status != 0 { // too late to say anything else: the client must not take what it has for the whole
			panic(http.ErrAbortHandler)
		}
		w.Header().Del("ETag")
		internalProblem(r.Context()).write(w)
	}()
	s.limited(w, r)
}

// limited reads the body and refuses one that is too large.
func (s *server) limited(w *counted, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		s.routed(w, r)
		return
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, maxBody), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(w, r, keyapi.Errorf(keyapi.CodeInvalidRequest, "The body of the request is too large",
			"It may have 16 KiB."), http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		s.refuse(w, r, keyapi.Errorf(keyapi.CodeInvalidRequest, "The body of the request could not be read", ""),
			http.StatusBadRequest)
		return
	}
	held := &heldBody{text: body}
	held.Reset(body)
	r.Body, r.ContentLength = held, int64(len(body))
	s.routed(w, r)
}

// heldBody is a body that was read.
type heldBody struct {
	bytes.Reader
	text []byte
}

// Close implements io.Closer.
func (*heldBody) Close() error { return nil }

// Held gives the whole body, for who would read all of it again. It is not to be changed.
func (b *heldBody) Held() []byte { return b.text }

// readAll reads a body, into no more memory than it says it needs.
func readAll(from io.Reader, length int64) ([]byte, error) {
	if length < 0 || length > maxBody {
		return io.ReadAll(from)
	}
	body := make([]byte, length)
	_, err := io.ReadFull(from, body)
	return body, err
}

// routed hands the request to its route. Where there is none the mux has an answer for people; ours is a problem. A
// path that is not clean is no route: a redirect to the clean one would lose the credentials on the way.
func (s *server) routed(w *counted, r *http.Request) {
	status := http.StatusNotFound
	if path.Clean(r.URL.Path) == r.URL.Path {
		answer := &answer{ResponseWriter: w, request: r}
		s.mux.ServeHTTP(answer, r)
		if status = answer.dropped; status == 0 {
			return
		}
	}
	message := "There is nothing under this path"
	if status == http.StatusMethodNotAllowed {
		message = "This method does not go with this path"
	}
	w.Header().Set("Cache-Control", "no-store") // the mux takes it away with its answer
	s.refuse(w, r, keyapi.Errorf(keyapi.CodeInvalidRequest, message, ""), status)
}

// answer is a reply that is dropped if it is the mux's own: then no route has matched. Its headers stay: Allow is one.
type answer struct {
	http.ResponseWriter
	request *http.Request
	dropped int // the status of the mux's own reply
}

// WriteHeader passes the status of a route on.
func (a *answer) WriteHeader(status int) {
	if a.request.Pattern == "" {
		a.dropped = status
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write passes the body of a route on.
func (a *answer) Write(b []byte) (int, error) {
	if a.dropped != 0 {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}
