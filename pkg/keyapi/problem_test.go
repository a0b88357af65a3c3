package keyapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestProblem_CodesOfTheService is the table of codes and statuses of the contract (§5).
func TestProblem_CodesOfTheService(t *testing.T) {
	for code, codeStatuses := range map[keyapi.Code][]int{
		keyapi.CodeInvalidRequest: {400, 422, 404, 405, 413, 415}, keyapi.CodeUnauthenticated: {401}, keyapi.CodeOTPRequired: {401},
		keyapi.CodeOTPInvalid: {401}, keyapi.CodeNotPermitted: {403}, keyapi.CodeMFANotEnabled: {403}, keyapi.CodeNoKey: {404},
		keyapi.CodeNotExecuted: {404}, keyapi.CodeMFAAlreadyEnabled: {409}, keyapi.CodeKeyExists: {409}, keyapi.CodeKeyExpired: {409},
		keyapi.CodeVersionConflict: {412}, keyapi.CodeSuperseded: {410}, keyapi.CodeRateLimited: {429}, keyapi.CodeUnavailable: {503},
		keyapi.CodeIdempotencyMismatch: {422}, keyapi.CodeInternal: {500},
	} {
		for _, status := range codeStatuses {
			s := serve(t, always(status, "application/problem+json; charset=utf-8", `{"type":"about:blank","title":"T","status":409,`+
				`"detail":"It is so.","code":"`+string(code)+`","requestId":"other","actions":["delete","fly","delete","disable"],"hint":"Do that."}`))
			c, _ := client(t, s.URL)
			e := wantCode(t, string(code), named("Disable without key").run(context.Background(), c), code)
			want := []keyapi.Action{keyapi.ActionDelete, keyapi.ActionDisable}
			if e.Message != "It is so" || e.Hint != "Do that." || e.RequestID != "req-1" || !slices.Equal(e.Actions, want) || e.Err != nil {
				t.Errorf("%s: %+v", code, e)
			}
		}
	}
}

// What carries no code of the API counts by its status.
func TestProblem_NoneOfTheAPI_CountsByItsStatus(t *testing.T) {
	type codes struct{ read, change keyapi.Code }
	same := func(c keyapi.Code) codes { return codes{c, c} }
	for status, want := range map[int]codes{
		300: same(keyapi.CodeUnavailable), 304: same(keyapi.CodeUnavailable), 400: same(keyapi.CodeUnavailable),
		401: same(keyapi.CodeUnauthenticated), 403: same(keyapi.CodeNotPermitted), 404: same(keyapi.CodeUnavailable), 405: same(keyapi.CodeUnavailable),
		407: same(keyapi.CodeUnavailable), 409: same(keyapi.CodeUnavailable), 410: same(keyapi.CodeUnavailable), 412: same(keyapi.CodeUnavailable),
		413: same(keyapi.CodeInvalidRequest), 418: same(keyapi.CodeUnavailable), 422: same(keyapi.CodeInvalidRequest), 429: same(keyapi.CodeRateLimited),
		500: same(keyapi.CodeUnavailable), 501: same(keyapi.CodeUnavailable), 503: same(keyapi.CodeUnavailable), 599: same(keyapi.CodeUnavailable),
		502: {keyapi.CodeUnavailable, keyapi.CodeOutcomeUnknown}, 504: {keyapi.CodeUnavailable, keyapi.CodeOutcomeUnknown},
	} {
		for mediaType, body := range map[string]string{
			"text/html": "<html>" + canary, "application/json": `{"code":"no-key","detail":"` + canary + `"}`, "": "",
			"application/problem+json":        `{"code":"no-key"` + canary,
			"application/problem+json;x":      `{"code":"no-key"}`,
			"application/problem+json; x=y":   `{"code":"store-locked"}`,
			"application/problem+json; x=y2":  `{"code":"outcome-unknown"}`,
			"application/problem+json; x=y3":  `["no-key"]`,
			"application/problem+json; x=y4":  `{"code":7}`,
			"application/problem+json; x=y5":  `null`,
			"application/problem+json; x=y6":  `{"code":"future-code"}`,
			"application/problem+json; x=big": `{"code":"no-key","detail":"` + strings.Repeat("a", 1<<20) + `"}`,
		} {
			c, _ := client(t, "https://keys.example", inMemory(func(w http.ResponseWriter, _ *http.Request) { reply(w, status, mediaType, body) }))
			for _, call := range []aCall{named("Key"), named("Disable without key")} {
				code := want.read
				if call.changes {
					code = want.change
				}
				e := wantCode(t, mediaType+" "+body[:min(len(body), 40)], call.run(context.Background(), c), code)
				if e.Message == "" || strings.Contains(e.Error(), canary) || len(e.Error()) > 200 || len(e.Actions) != 0 {
					t.Errorf("%d %s: %v", status, mediaType, e)
				}
				if status == 404 && !strings.Contains(e.Message, "is not a key service") {
					t.Errorf("says %v", e)
				}
			}
		}
	}
}

// A code of a later version leaves the sentence and the hint that explain it.
func TestProblem_UnknownCode_KeepsItsWords(t *testing.T) {
	s := serve(t, always(403, "application/problem+json", `{"code":"on-holiday","detail":"Not on a Sunday.","hint":"Come tomorrow.","requestId":"r2"}`))
	c, _ := client(t, s.URL)
	_, err := c.Key(context.Background())
	if e := wantCode(t, "key", err, keyapi.CodeNotPermitted); e.Message != "Not on a Sunday" || e.Hint != "Come tomorrow." || e.RequestID != "req-1" {
		t.Errorf("got %+v", e)
	}
}

// Texts of a service end up on a terminal: no control characters, one line, not endless.
func TestProblem_Texts_AreFitForATerminal(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "has blanks in it")
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"code":"key-exists","detail":"\u001b[31mRed\r\n\tline\u202e `+strings.Repeat("ü", 1000)+`","hint":"`+strings.Repeat("a b", 1000)+`","requestId":"\u001b[1m"}`)
	})
	c, _ := client(t, s.URL)
	_, err := c.Key(context.Background())
	e := wantCode(t, "key", err, keyapi.CodeKeyExists)
	if !strings.HasPrefix(e.Message, "[31mRed line ü") || len(e.Message) > 410 || len(e.Hint) > 410 || e.RequestID != "" || !utf8.ValidString(e.Message) {
		t.Errorf("got %q, %q, %q", e.Message, e.Hint, e.RequestID)
	}
}

func TestProblem_OfTheTokenEndpoint(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   keyapi.Code
	}{
		"wrong":          {401, `{"error":"invalid_client","error_description":"It is so."}`, keyapi.CodeUnauthenticated},
		"wrong, 400":     {400, `{"error":"invalid_client","error_description":"It is so."}`, keyapi.CodeUnauthenticated},
		"disabled":       {400, `{"error":"unauthorized_client","error_description":"It is so.","code":"key-disabled"}`, keyapi.CodeKeyDisabled},
		"expired":        {400, `{"error":"unauthorized_client","error_description":"It is so.","code":"key-expired"}`, keyapi.CodeKeyExpired},
		"no MFA":         {400, `{"error":"unauthorized_client","error_description":"It is so.","code":"mfa-not-enabled"}`, keyapi.CodeMFANotEnabled},
		"not permitted":  {400, `{"error":"unauthorized_client","error_description":"It is so.","code":"not-permitted"}`, keyapi.CodeNotPermitted},
		"without a code": {400, `{"error":"unauthorized_client","error_description":"It is so."}`, keyapi.CodeNotPermitted},
		"malformed":      {400, `{"error":"invalid_request","error_description":"It is so."}`, keyapi.CodeInvalidRequest},
		"grant type":     {400, `{"error":"unsupported_grant_type","error_description":"It is so."}`, keyapi.CodeInvalidRequest},
		"limited":        {429, `{"error":"slow_down","error_description":"It is so.","code":"rate-limited"}`, keyapi.CodeRateLimited},
		"another error":  {403, `{"error":"other","error_description":"It is so."}`, keyapi.CodeNotPermitted},
	} {
		s := serve(t, always(test.status, "application/json", test.body))
		c, _ := client(t, s.URL)
		e := wantCode(t, name, c.Authenticate(context.Background(), "AK1", hidden), test.want)
		if e.Message != "It is so" || e.Hint != "" || len(s.requests()) != 1 {
			t.Errorf("%s: %+v after %d requests", name, e, len(s.requests()))
		}
	}
	s := serve(t, always(401, "text/plain", "no"))
	c, _ := client(t, s.URL)
	if e := wantCode(t, "bare", c.Authenticate(context.Background(), "AK1", hidden), keyapi.CodeUnauthenticated); e.Hint != "" {
		t.Errorf("tells to sign in: %+v", e)
	}
}

// A success that is not what the API promises is none: a portal answers 200 to everything.
func TestClient_SuccessThatIsNone(t *testing.T) {
	for _, call := range calls() {
		want := keyapi.CodeUnavailable
		if call.changes {
			want = keyapi.CodeOutcomeUnknown
		}
		for _, answer := range []struct{ mediaType, body string }{
			{"text/html", "<html>" + canary}, {"text/html", call.ok}, {"application/json", ""}, {"application/json", "{}"}, {"application/json", "[]"},
			{"application/json", "null"}, {"application/json", `"` + canary + `"`}, {"", call.ok + " "}, {"application/json", call.ok + "x"},
			{"application/json", strings.Repeat(" ", 1<<20) + call.ok + " "},
		} {
			s := serve(t, always(200, answer.mediaType, answer.body))
			c, clock := client(t, s.URL)
			e := wantCode(t, call.name+" "+answer.mediaType, call.run(context.Background(), c), want)
			if strings.Contains(e.Error(), canary) || e.RequestID != "req-1" || len(s.requests()) != 1 || len(clock.waits) != 0 {
				t.Errorf("%s: %+v after %d requests", call.name, e, len(s.requests()))
			}
		}
	}
}

// An action that must make a secret and gives none is not done for the caller.
func TestClient_SecretMissing_IsNoSuccess(t *testing.T) {
	s := serve(t, always(200, "application/json", resultBody))
	c, _ := client(t, s.URL)
	for name, want := range map[string]keyapi.Code{
		"Generate": keyapi.CodeOutcomeUnknown, "Regenerate": keyapi.CodeOutcomeUnknown, "Recover": keyapi.CodeUnavailable,
	} {
		_ = wantCode(t, name, named(name).run(context.Background(), c), want)
	}
}

// Whatever a server answers: a key, or an *Error that is fit to be shown.
func FuzzClient_AnyAnswer(f *testing.F) {
	f.Add(200, "application/json", "", []byte(keyBody))
	f.Add(409, "application/problem+json", "3", []byte(`{"code":"key-exists","detail":"It is so.","hint":"x","requestId":"r","actions":["delete"]}`))
	f.Add(401, "application/json", "Mon, 23 Nov 2026 06:44:07 GMT", []byte(`{"error":"invalid_client","error_description":"no"}`))
	f.Add(503, "text/html; charset", "-1", []byte("<html>\x1b\xff"))
	f.Add(301, "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, mediaType, retryAfter string, body []byte) {
		answer := roundTripper(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Content-Type": {mediaType}, "Retry-After": {retryAfter}, "X-Request-Id": {retryAfter}, "Location": {mediaType}}
			return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
		})
		c, _ := client(t, "https://keys.example", func(o *keyapi.ClientOptions) { o.Transport = answer })
		for _, call := range []aCall{named("Key"), named("Generate"), named("Authenticate")} {
			err := call.run(context.Background(), c)
			if err == nil {
				continue
			}
			e := wantCode(t, call.name, err, keyapi.CodeOf(err))
			for _, text := range []string{e.Message, e.Hint, e.RequestID} {
				if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 1000 || !utf8.ValidString(text) {
					t.Errorf("not fit to be shown: %q", text)
				}
			}
			if e.Code == "" || e.Message == "" || e.RetryAfter < 0 {
				t.Errorf("got %+v", e)
			}
		}
	})
}
