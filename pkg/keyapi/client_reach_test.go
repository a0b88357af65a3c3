package keyapi_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestReach: what is seen of a service, and that nobody's credentials go there for it.
func TestReach(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, int(time.Second/2), time.UTC) // a Date has no fractions
	for _, test := range []struct {
		name   string
		date   string // of the service
		status int
		dated  bool
		ahead  time.Duration
	}{
		{"the same time", "Tue, 24 Nov 2026 12:00:00 GMT", 200, true, 0},
		{"ahead", "Tue, 24 Nov 2026 12:02:00 GMT", 200, true, 2 * time.Minute},
		{"behind", "Tue, 24 Nov 2026 11:00:00 GMT", 200, true, -time.Hour},
		{"it says no time", "", 404, false, 0},
		{"it says something else", "noon", 503, false, 0},
		{"a redirect is an answer", "", 302, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests := 0
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if r.Method != http.MethodHead || r.URL.Path != "/keys/healthz" || r.Header.Get("Authorization") != "" {
					t.Errorf("asked: %s %s %v", r.Method, r.URL, r.Header)
				}
				w.Header()["Date"] = nil
				if test.date != "" {
					w.Header().Set("Date", test.date)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			if err := os.WriteFile(ca, text, 0o600); err != nil {
				t.Fatal(err)
			}
			client, err := keyapi.NewClient(keyapi.ClientOptions{
				Server: server.URL + "/keys", CAFile: ca, Session: keyapi.NewSecret("aps_0"), Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.Reach(t.Context())
			if err != nil || requests != 1 {
				t.Fatalf("%v after %d requests", err, requests)
			}
			want := keyapi.Reached{
				Status: test.status, Dated: test.dated, Ahead: test.ahead, TLS: "TLS 1.3", Until: server.Certificate().NotAfter,
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestReach_WhatCannotBeReached(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	for name, address := range map[string]string{
		"nobody knows its certificate": server.URL, "nobody is there": "https://127.0.0.1:1",
	} {
		client, err := keyapi.NewClient(keyapi.ClientOptions{Server: address})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Reach(t.Context()); keyapi.CodeOf(err) != keyapi.CodeUnreachable {
			t.Errorf("%s: %v", name, err)
		}
	}
	server.Close()
}
