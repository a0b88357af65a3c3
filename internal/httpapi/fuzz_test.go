package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fuzzed are the routes that read something of the request.
var fuzzed = []struct{ method, path string }{
	{http.MethodGet, "/v1/key"},
	{http.MethodPost, "/v1/key"},
	{http.MethodPost, "/v1/key/disable"},
	{http.MethodPost, "/v1/key/regenerate"},
	{http.MethodPost, "/v1/key/recover"},
	{http.MethodDelete, "/v1/key"},
	{http.MethodGet, "/v1/key/events"},
	{http.MethodPost, "/v1/sessions"},
	{http.MethodPost, "/v1/sessions/current/verify"},
	{http.MethodPost, "/v1/sessions/pipeline"},
	{http.MethodPost, "/v1/account/mfa/confirm"},
	{http.MethodPost, "/v1/account/mfa/disable"},
	{http.MethodPost, "/token"},
	{http.MethodPost, "/introspect"},
	{http.MethodPost, "/revoke"},
}

// FuzzRequest: whatever is in the headers, the query and the body of a request, the answer is of the form the document
// promises: never a 500, always JSON, and a problem has its code.
func FuzzRequest(f *testing.F) {
	s := open(f)
	f.Add(byte(3), "", "", "ik_0123456789ABCDEFGHIJKL", `"1"`, "application/json", []byte(`{"graceSeconds":86400}`))
	f.Add(byte(1), "", "", "ik_0123456789ABCDEFGHIJKL", `W/"1", *`, "", []byte(nil))
	f.Add(byte(2), "", "", "", `"-9223372036854775809"`, "", []byte(nil))
	f.Add(byte(6), "cursor=9223372036854775808&cursor=x", "", "", "", "", []byte(nil))
	f.Add(byte(7), "", "", "", "", "application/json; charset=utf-16", []byte(`{"loginId":"ada","password":"\ud800","otp":"1"}`))
	f.Add(byte(8), "", "", "", "", "application/json", []byte(`{"otp":"000000","recoveryCode":"x"}`))
	f.Add(byte(9), "", "", "", "", "application/json", []byte(`{"name":"ci","allow":["status","status"],"ttlSeconds":1e99}`))
	f.Add(byte(12), "", "Basic QUs6YWtzXw==", "", "", "application/x-www-form-urlencoded", []byte("grant_type=client_credentials&grant_type=x"))
	f.Add(byte(12), "grant_type=client_credentials", "Basic \xff", "", "", "application/x-www-form-urlencoded", []byte("client_id=AK0&client_secret=%zz"))
	f.Add(byte(13), "", "basic Og==", "", "", "multipart/form-data; boundary=x", []byte("--x\r\n\r\ntoken=a.b.c\r\n--x--"))
	f.Fuzz(func(t *testing.T, route byte, query, authorization, idempotencyKey, ifMatch, contentType string, body []byte) {
		to := fuzzed[int(route)%len(fuzzed)]
		r := httptest.NewRequest(to.method, to.path, bytes.NewReader(body))
		r.URL.RawQuery = query
		if authorization == "" {
			authorization = "Bearer " + s.session
		}
		for name, value := range map[string]string{
			"Authorization": authorization, "Idempotency-Key": idempotencyKey, "If-Match": ifMatch, "Content-Type": contentType,
		} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %s: %d %s\n%s", to.method, to.path, w.Code, w.Body, s.log)
		}
		var answer map[string]any
		if w.Body.Len() > 0 && json.Unmarshal(w.Body.Bytes(), &answer) != nil {
			t.Fatalf("%s %s: %d %q is no JSON object", to.method, to.path, w.Code, w.Body)
		}
		kind := "code"
		if !strings.HasPrefix(to.path, "/v1/") {
			kind = "error"
		}
		if code, _ := answer[kind].(string); w.Code >= http.StatusBadRequest && code == "" {
			t.Errorf("%s %s: %d %s has no %s", to.method, to.path, w.Code, w.Body, kind)
		}
	})
}
