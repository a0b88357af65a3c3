package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/apikey-cli/apikey/internal/httpapi"
)

// openDocument reads docs/openapi.yaml.
func openDocument(t testing.TB) routers.Router {
	t.Helper()
	parsed, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	routes, err := gorillamux.NewRouter(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// checked is a transport that holds every exchange against the document.
type checked struct {
	t        testing.TB
	next     http.RoundTripper
	document routers.Router
}

func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c.check(r, sent, resp, text)
	return resp, nil
}

func (c *checked) check(r *http.Request, sent []byte, resp *http.Response, text []byte) {
	if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Cache-Control") == "" {
		c.t.Errorf("%s %s: headers %v", r.Method, r.URL.Path, resp.Header)
	}
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if r.Method == http.MethodHead { // RFC 9110, section 9.3.2: as GET, without the body
		return
	}
	route, parameters, err := c.document.FindRoute(r)
	if err != nil {
		if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusMethodNotAllowed {
			c.t.Errorf("%s %s is not in the document and was answered %d", r.Method, r.URL.Path, resp.StatusCode)
		}
		return
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
	}
	request := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options}
	if resp.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil {
			c.t.Errorf("%s %s was accepted, but is not what the document says: %v", r.Method, r.URL.Path, err)
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: resp.StatusCode, Header: resp.Header, Options: options,
	}
	response.SetBodyBytes(text)
	if err := openapi3filter.ValidateResponse(context.Background(), response); err != nil {
		c.t.Errorf("%s %s: the reply is not what the document says: %v\n%s", r.Method, r.URL.Path, err, text)
	}
}

func TestDocument_IsValidAndComplete(t *testing.T) {
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	for path, item := range parsed.Paths.Map() {
		for method, o := range item.Operations() {
			if o.OperationID == "" || o.Summary == "" || len(o.Tags) != 1 || o.Security == nil {
				t.Errorf("%s %s: %+v", method, path, o)
			}
			if strings.HasPrefix(path, "/v1/") && o.OperationID != "signIn" && len(*o.Security) != 1 {
				t.Errorf("%s %s needs no session", method, path)
			}
		}
	}
}

// The document is the same whenever it is made: nothing of it hangs on the order of a map.
func TestDocument_IsTheSameEveryTime(t *testing.T) {
	first, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := httpapi.OpenAPI()
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("it differs (%v)", err)
		}
	}
	kept, err := os.ReadFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil || !bytes.Equal(first, kept) {
		t.Errorf("docs/openapi.yaml is stale (%v): run go generate ./...", err)
	}
}
