package keyapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// onLine is a log that calls fn with every line.
func onLine(fn func()) *slog.Logger { return slog.New(lineHandler{slog.DiscardHandler, fn}) }

type lineHandler struct {
	slog.Handler
	fn func()
}

func (h lineHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (h lineHandler) Handle(context.Context, slog.Record) error { h.fn(); return nil }
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h lineHandler) WithGroup(string) slog.Handler             { return h }
func nothingListens(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Nothing listens: nothing was sent, whatever the call, and every call may be tried again.
func TestClient_NobodyThere_NothingWasSent(t *testing.T) {
	for _, call := range calls() {
		c, clock := client(t, "http://"+nothingListens(t))
		e := wantCode(t, call.name, call.run(context.Background(), c), keyapi.CodeUnreachable)
		if !strings.Contains(e.Hint, "Nothing was changed") || len(clock.waits) != 3 {
			t.Errorf("%s: hint %q, waits %v", call.name, e.Hint, clock.waits)
		}
	}
}

// The connection is there and ends without an answer: a change may have happened.
func TestClient_SentAndNotAnswered_IsUnknownForAChange(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		s := unstarted(func(_ int, w http.ResponseWriter, _ *http.Request) { hangUp(w) })
		s.EnableHTTP2 = h2
		s.StartTLS()
		t.Cleanup(s.Close)
		ca := caFile(t, s.Certificate())
		for _, call := range calls() {
			c, _ := client(t, s.URL, func(o *keyapi.ClientOptions) { o.CAFile = ca })
			want := keyapi.CodeUnreachable
			if call.changes {
				want = keyapi.CodeOutcomeUnknown
			}
			before := len(s.requests())
			_ = wantCode(t, fmt.Sprintf("%s, HTTP/2 %v", call.name, h2), call.run(context.Background(), c), want)
			tries := 1
			if call.repeatable {
				tries = 4
			}
			if n := len(s.requests()) - before; n != tries {
				t.Errorf("%s: %d requests, want %d", call.name, n, tries)
			}
		}
	}
}

// A transport that tells nobody how far it got may have sent the request.
func TestClient_TransportThatTellsNothing_MayHaveSent(t *testing.T) {
	for what, test := range map[string]struct {
		err          error
		read, change keyapi.Code
	}{
		"anything":            {errors.New(canary), keyapi.CodeUnreachable, keyapi.CodeOutcomeUnknown},
		"reading":             {&net.OpError{Op: "read", Err: errors.New("reset")}, keyapi.CodeUnreachable, keyapi.CodeOutcomeUnknown},
		"dialling":            {&net.OpError{Op: "dial", Err: errors.New("refused")}, keyapi.CodeUnreachable, keyapi.CodeUnreachable},
		"the certificate":     {&tls.CertificateVerificationError{Err: errors.New(canary)}, keyapi.CodeUnreachable, keyapi.CodeUnreachable},
		"finding the host":    {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "keys.example", IsNotFound: true}}, keyapi.CodeUnreachable, keyapi.CodeUnreachable},
		"not trusting it":     {x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, keyapi.CodeUnreachable, keyapi.CodeUnreachable},
		"another's own error": {keyapi.Errorf(keyapi.CodeInternal, canary, ""), keyapi.CodeUnreachable, keyapi.CodeOutcomeUnknown},
	} {
		for _, call := range []aCall{named("Key"), named("Disable without key")} {
			c, _ := client(t, "https://keys.example", func(o *keyapi.ClientOptions) {
				o.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, test.err })
			})
			want := test.read
			if call.changes {
				want = test.change
			}
			if e := wantCode(t, what+" "+call.name, call.run(context.Background(), c), want); strings.Contains(e.Error(), canary) {
				t.Errorf("%s: says what it must not: %v", what, e)
			}
		}
	}
}

func TestClient_Cancelled_SaysWhetherItWasSent(t *testing.T) {
	for name, want := range map[string]keyapi.Code{
		"Key": keyapi.CodeUnreachable, "Generate": keyapi.CodeOutcomeUnknown, "Delete without key": keyapi.CodeOutcomeUnknown,
		"SignIn": keyapi.CodeOutcomeUnknown, "Authenticate": keyapi.CodeUnreachable,
	} {
		call := named(name)
		ctx, cancel := context.WithCancel(context.Background())
		s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		c, _ := client(t, s.URL)
		err := call.run(ctx, c)
		if _ = wantCode(t, name, err, want); !errors.Is(err, context.Canceled) || len(s.requests()) != 1 {
			t.Errorf("%s: %v after %d requests", name, err, len(s.requests()))
		}
		err = call.run(ctx, c) // it is over before anything is sent
		if _ = wantCode(t, name, err, keyapi.CodeUnreachable); !errors.Is(err, context.Canceled) || len(s.requests()) != 1 {
			t.Errorf("%s, again: %v after %d requests", name, err, len(s.requests()))
		}
	}
}

func TestClient_NoAnswerInTime_IsToldByTheTimeout(t *testing.T) {
	for name, want := range map[string]keyapi.Code{"Key": keyapi.CodeUnreachable, "Generate": keyapi.CodeOutcomeUnknown} {
		silent := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, errors.New("gave up") }
		c, _ := client(t, "https://keys.example", func(o *keyapi.ClientOptions) {
			o.Timeout, o.Transport = 100*time.Millisecond, roundTripper(silent)
		})
		err := named(name).run(context.Background(), c)
		if _ = wantCode(t, name, err, want); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "in time") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// caFile writes certificates as a PEM file.
func caFile(t testing.TB, certificates ...*x509.Certificate) string {
	t.Helper()
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestClient_Certificates(t *testing.T) {
	secure := func(change func(*httptest.Server)) *service {
		s := unstarted(always(200, "application/json", keyBody))
		s.EnableHTTP2 = true
		change(s.Server)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	expired, err := testkit.Certificate(time.Now().AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	good := secure(func(*httptest.Server) {})
	bad := secure(func(s *httptest.Server) { s.TLS = &tls.Config{Certificates: []tls.Certificate{expired}} })
	old := secure(func(s *httptest.Server) {
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	}) //nolint:gosec // what is refused
	plain := serve(t, always(200, "application/json", keyBody))
	ca := caFile(t, good.Certificate(), expired.Leaf)
	for name, test := range map[string]struct{ server, ca, message, hint string }{
		"trusted":           {good.URL, ca, "", ""},
		"unknown authority": {good.URL, "", "authority this machine does not know", "--ca-file"},
		"another host":      {strings.Replace(good.URL, "127.0.0.1", "localhost", 1), ca, "for another host", "address"},
		"expired":           {bad.URL, ca, "has expired", "clock"},
		"no TLS":            {strings.Replace(plain.URL, "http:", "https:", 1), ca, "does not speak TLS", "http://"},
		"old TLS":           {old.URL, ca, "failed", "Nothing was changed"},
	} {
		for _, call := range []aCall{named("Key"), named("Delete without key")} {
			c, clock := client(t, test.server, func(o *keyapi.ClientOptions) { o.CAFile = test.ca })
			err := call.run(context.Background(), c)
			if test.message == "" {
				if name == "trusted" && call.name == "Key" && err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			e := wantCode(t, name, err, keyapi.CodeUnreachable)
			if !strings.Contains(e.Message, test.message) || !strings.Contains(e.Hint, test.hint) || len(clock.waits) != 0 && name != "old TLS" {
				t.Errorf("%s: %v; %s; waits %v", name, e, e.Hint, clock.waits)
			}
		}
	}
	if n := len(plain.requests()) + len(bad.requests()) + len(old.requests()); n != 0 {
		t.Errorf("%d requests were sent over connections that are not to be trusted", n)
	}
}

// proxied makes this test a child that calls a service through the proxy of its environment: net/http reads it once.
const proxied = "APIKEY_KEYAPI_TEST_PROXIED"

func TestClient_Proxy_OfTheEnvironmentIsUsed(t *testing.T) {
	if server := os.Getenv(proxied); server != "" {
		c, _ := client(t, server)
		e := wantCode(t, "through the proxy", named("Generate").run(context.Background(), c), keyapi.CodeUnreachable)
		t.Logf("told: %v; %s", e, e.Hint)
		return
	}
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		http.Error(w, canary, http.StatusForbidden)
	}))
	defer proxy.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		strings.Replace(proxy.URL, "http://", "http://ada:"+canary+"@", 1): "the proxy answered 403 Forbidden",
		"http://ada:" + canary + "@" + nothingListens(t):                   "The proxy can't be reached",
	} {
		cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), proxied+"=https://keys.example", "HTTPS_PROXY="+address, "NO_PROXY=", "https_proxy=", "no_proxy=")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || strings.Contains(string(out), canary) {
			t.Errorf("want %q, got %v: %s", want, err, out)
		}
	}
	if len(asked) != 1 || asked[0] != "CONNECT keys.example:443" {
		t.Errorf("the proxy was asked %v", asked)
	}
}

func TestClient_Redirect_ToAnotherOrigin_SendsNothingThere(t *testing.T) {
	other := serve(t, always(200, "application/json", keyBody))
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, call := range calls() {
			s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", other.URL+r.URL.Path)
				w.WriteHeader(status)
			})
			c, _ := client(t, s.URL)
			e := wantCode(t, call.name, call.run(context.Background(), c), keyapi.CodeUnavailable)
			if !strings.Contains(e.Message, other.URL) || !strings.HasSuffix(e.Hint, "--server "+other.URL) || len(s.requests()) != 1 {
				t.Errorf("%s, %d: %v; %s", call.name, status, e, e.Hint)
			}
		}
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("the other origin got %d requests", n)
	}
}

func TestClient_Redirect_WithinTheOrigin_IsFollowedByReads(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/new/") {
			w.Header().Set("Location", "/new"+r.URL.RequestURI())
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		call := named("Events")
		reply(w, call.status, "application/json", call.ok)
	})
	c, _ := client(t, s.URL)
	if err := named("Events").run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	got := s.requests()
	if len(got) != 2 || got[1].line != "GET /new/v1/key/events?cursor=1%262" || got[1].header.Get("Authorization") != "Bearer "+session {
		t.Errorf("got %v", got)
	}
	for _, name := range []string{"Generate", "Delete", "SignIn", "Authenticate"} {
		before := len(s.requests())
		_ = wantCode(t, name, named(name).run(context.Background(), c), keyapi.CodeUnavailable)
		if n := len(s.requests()) - before; n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestClient_Redirect_ThatLeadsNowhere(t *testing.T) {
	for location, want := range map[string]string{
		"": "nowhere", ":": "nowhere", "mailto:ada@keys.example": "nowhere", "/v1/key": "too often",
		"https://ada:pw@keys.example/": "another origin, https://keys.example.",
	} {
		s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
		})
		c, _ := client(t, s.URL)
		_, err := c.Key(context.Background())
		if e := wantCode(t, location, err, keyapi.CodeUnavailable); !strings.Contains(e.Message, want) {
			t.Errorf("%q: %v", location, e)
		}
	}
}
