package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestUnknownPathAndMethod_AreProblems(t *testing.T) {
	s := open(t)
	for _, path := range []string{
		"/", "/v1", "/v1/keys", "/v1/key/", "//v1/key", "/v1/../v1/key", "/v1/sessions/a/b", "/openapi.json", "/docs",
	} {
		got := s.get(http.StatusNotFound, keyapi.CodeInvalidRequest, path, "")
		if got.header.Get("Content-Type") != "application/problem+json" || got.header.Get("Location") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	for path, allow := range map[string]string{
		"/v1/key": "DELETE, GET, HEAD, POST", "/v1/key/disable": "POST", "/v1/sessions/current": "DELETE",
		"/healthz": "GET, HEAD",
	} {
		got := s.want(http.StatusMethodNotAllowed, keyapi.CodeInvalidRequest, http.MethodPatch, path, "")
		if got.header.Get("Allow") != allow {
			t.Errorf("%s: Allow is %q, want %q", path, got.header.Get("Allow"), allow)
		}
	}
}

func TestBody_TooLarge_IsRefused(t *testing.T) {
	s := open(t)
	large := `{"loginId":"ada","password":"` + strings.Repeat("x", 16<<10) + `"}`
	for _, path := range []string{"/v1/sessions", "/v1/key/disable", "/v1/key/regenerate"} {
		s.post(http.StatusRequestEntityTooLarge, keyapi.CodeInvalidRequest, path, large)
	}
	// Without a length in advance too.
	r, err := http.NewRequest(http.MethodPost, s.url+"/v1/sessions", io.NopCloser(strings.NewReader(large)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %s", resp.Status)
	}
	fits := `{"loginId":"ada","password":"x","more":"` + strings.Repeat("x", 16<<10-42) + `"}`
	if len(fits) != 16<<10 {
		t.Fatalf("%d bytes", len(fits))
	}
	s.post(http.StatusUnauthorized, keyapi.CodeUnauthenticated, "/v1/sessions", fits)
}

func TestBody_OfAnotherType_IsRefused(t *testing.T) {
	s := open(t)
	body := `{"loginId":"ada","password":"` + password + `"}`
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "application/cbor", "application/problem+json", "json", ";",
	} {
		s.post(http.StatusUnsupportedMediaType, keyapi.CodeInvalidRequest, "/v1/sessions", body, "Content-Type", kind)
	}
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON"} {
		s.post(http.StatusCreated, "", "/v1/sessions", body, "Content-Type", kind)
	}
	// What takes no body does not mind one: clients send {} or nothing.
	s.generate()
	s.post(http.StatusOK, "", "/v1/key/disable", "", "Content-Type", "text/plain")
	s.post(http.StatusCreated, "", "/v1/sessions", body, "Accept", "text/html")
}

func TestRequestID_IsOurs(t *testing.T) {
	s := open(t)
	form, seen := regexp.MustCompile(`^[0-9a-f]{32}$`), map[string]bool{}
	for range 20 {
		id := s.send(http.MethodGet, "/healthz", "", "X-Request-Id", "mine").header.Get("X-Request-Id")
		if !form.MatchString(id) || seen[id] {
			t.Errorf("request id %q, seen %v", id, seen[id])
		}
		seen[id] = true
	}
}

func TestHead_HasTheHeadersOfGet(t *testing.T) {
	s := open(t)
	got := s.want(http.StatusOK, "", http.MethodHead, "/v1/key", "")
	if got.text != "" || got.header.Get("ETag") != `"0"` {
		t.Errorf("%v %q", got.header, got.text)
	}
}

// observed notes what the metrics are told.
type observed struct {
	mu   sync.Mutex
	seen []string
}

func (o *observed) Observe(route, method string, status int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, fmt.Sprintf("%s %s %d %v", method, route, status, took < 0))
}

func TestMetricsAndLog_KnowTheRouteAndNoPath(t *testing.T) {
	metrics := &observed{}
	s := serve(t, false, func(o *httpapi.Options) { o.Metrics = metrics })
	s.signIn()
	s.remove(http.StatusNotFound, keyapi.CodeInvalidRequest, "/v1/sessions/somebody-pasted-a-secret", "")
	s.get(http.StatusNotFound, keyapi.CodeInvalidRequest, "/another-pasted-secret?and=here", "")
	s.want(http.StatusMethodNotAllowed, keyapi.CodeInvalidRequest, "PASTED", "/v1/key", "")
	want := []string{
		"POST /v1/sessions 201 false", "DELETE /v1/sessions/{id} 404 false", "GET  404 false", "  405 false",
	}
	metrics.mu.Lock()
	defer metrics.mu.Unlock()
	if !slices.Equal(metrics.seen, want) {
		t.Errorf("got %q", metrics.seen)
	}
	log := s.log.String()
	for _, pasted := range []string{"pasted", "PASTED", "here"} {
		if strings.Contains(log, pasted) {
			t.Errorf("the log has %q", pasted)
		}
	}
	if !strings.Contains(log, "route=/v1/sessions/{id}") {
		t.Errorf("no route in the log: %s", log)
	}
}

func TestPanic_IsAnInternalProblem_WithTheStackInTheLog(t *testing.T) {
	s := serve(t, false, func(o *httpapi.Options) {
		o.Routes = func(mux *http.ServeMux) {
			mux.HandleFunc("POST /panic", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				panic(errors.New("the cause of the panic"))
			})
			mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("half of "))
				panic("too late")
			})
		}
	})
	transport := s.client.Transport.(*checked)
	s.client.Transport = transport.next // these routes are in no document
	got := s.post(http.StatusInternalServerError, keyapi.CodeInternal, "/panic", `{"a":"body with a secret"}`)
	log := s.log.String()
	if strings.Contains(got.text, "cause of the panic") || !strings.Contains(got.text, got.header.Get("X-Request-Id")) {
		t.Error(got.text)
	}
	if !strings.Contains(log, "the cause of the panic") || !strings.Contains(log, "middleware_test.go") ||
		!strings.Contains(log, got.header.Get("X-Request-Id")) || strings.Contains(log, "body with a secret") {
		t.Error(log)
	}
	resp, err := s.client.Get(s.url + "/late")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("half a reply was taken for the whole")
	}
}

// What goes wrong inside is told to the log, with what the operator can do, and not to the client.
func TestFault_OnlyTheLogKnowsIt(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		fault  error
		status int
		code   keyapi.Code
	}{
		{errors.New("what happened inside"), http.StatusInternalServerError, keyapi.CodeInternal},
		{
			keyapi.Errorf(keyapi.CodeInternal, "what happened inside", "see to it"),
			http.StatusInternalServerError, keyapi.CodeInternal,
		},
		{
			keyapi.Errorf(keyapi.CodeUnavailable, "what happened inside", "see to it"),
			http.StatusServiceUnavailable, keyapi.CodeUnavailable,
		},
		{
			keyapi.Errorf(keyapi.CodeStoreFailed, "what happened inside", "a code that is none of a service"),
			http.StatusInternalServerError, keyapi.CodeInternal,
		},
	} {
		for _, r := range routes {
			s.db.fault.Store(&row.fault)
			got := s.send(r.method, r.path, "")
			s.db.fault.Store(nil)
			log := s.log.String()
			if got.status != row.status || got.string("code") != string(row.code) {
				t.Errorf("%s %s: %d %s", r.method, r.path, got.status, got.text)
			}
			if strings.Contains(got.text, "inside") || strings.Contains(got.text, "see to it") || got.header.Get("ETag") != "" {
				t.Errorf("%s %s: %v %s", r.method, r.path, got.header, got.text)
			}
			if !strings.Contains(log, "what happened inside") || !strings.Contains(log, got.header.Get("X-Request-Id")) {
				t.Fatalf("%s %s: the log does not know of it", r.method, r.path)
			}
			if got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "1" {
				t.Errorf("%s %s: %v", r.method, r.path, got.header)
			}
		}
	}
}

func TestHealth_AndReadiness(t *testing.T) {
	var fault error
	s := serve(t, false, func(o *httpapi.Options) { o.Ready = func(context.Context) error { return fault } })
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := s.get(http.StatusOK, "", path, ""); got.string("status") != "ok" {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	fault = errors.New("the database is away")
	got := s.get(http.StatusServiceUnavailable, keyapi.CodeUnavailable, "/readyz", "")
	if strings.Contains(got.text, "away") || got.header.Get("Retry-After") == "" ||
		!strings.Contains(s.log.String(), "away") {
		t.Errorf("%v %s", got.header, got.text)
	}
	s.get(http.StatusOK, "", "/healthz", "")
	always := serve(t, false, nil)
	always.get(http.StatusOK, "", "/readyz", "")
}

// The address of the client is for the program around to find out; without it, it is the other end of the connection.
func TestClientAddress_IsInTheTrail(t *testing.T) {
	s := serve(t, false, func(o *httpapi.Options) {
		o.ClientAddress = func(r *http.Request) string { return r.Header.Get("X-Test-Address") }
	})
	s.signIn()
	s.post(http.StatusCreated, "", "/v1/key", "", append(s.withIdempotencyKey(), "X-Test-Address", "192.0.2.7")...)
	if got := s.get(http.StatusOK, "", "/v1/key/events", ""); !strings.Contains(got.text, `"from":"192.0.2.7"`) {
		t.Error(got.text)
	}
}
