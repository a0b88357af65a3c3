package keyapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// A service that gives back whatever it got, wherever it can: no error and no log line shows a secret.
func TestClient_SecretsGivenBackByTheService_AreNotShown(t *testing.T) {
	for _, call := range calls() {
		for _, status := range []int{200, 201, 302, 400, 401, 404, 409, 429, 500, 502, 503} {
			for _, mediaType := range []string{"application/problem+json", "application/json", "text/html"} {
				echo := func(w http.ResponseWriter, r *http.Request) {
					body := new(bytes.Buffer)
					if r.Body != nil {
						_, _ = body.ReadFrom(r.Body)
					}
					_, password, _ := r.BasicAuth()
					got := strings.NewReplacer(`"`, "'", "\n", " ").Replace(fmt.Sprint(r.Header, body, password))
					w.Header().Set("X-Request-Id", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
					w.Header().Set("Location", "https://"+canary+".example/"+session)
					replyBare(w, status, mediaType, fmt.Sprintf(
						`{"code":"no-key","detail":%q,"hint":%q,"requestId":%q,"error":"invalid_request","error_description":%q,"status":%q,"expiresAt":%q,"createdAt":%q}`,
						got, got, got, got, got, got, got))
				}
				var lines bytes.Buffer
				c, _ := client(t, "https://keys.example", inMemory(echo), func(o *keyapi.ClientOptions) {
					o.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
				})
				err := call.run(context.Background(), c)
				var e *keyapi.Error
				if !errors.As(err, &e) {
					if err != nil || status > 299 {
						t.Fatalf("%s, %d: %v", call.name, status, err)
					}
					continue
				}
				if !strings.Contains(lines.String(), fmt.Sprintf("status=%d", status)) {
					t.Fatalf("%s: nothing was logged: %s", call.name, &lines)
				}
				shown := fmt.Sprintf("%v %+v %#v %s", err, *e, *e, &lines)
				for _, secret := range []string{session, ik.Reveal(), base64.StdEncoding.EncodeToString([]byte("AK0000000000000000A1:" + canary))} {
					if strings.Contains(shown, secret) {
						t.Errorf("%s, %d, %s: shows %s: %s", call.name, status, mediaType, secret, shown)
					}
				}
				if strings.Contains(shown, canary) {
					t.Errorf("%s, %d, %s: shows a secret: %s", call.name, status, mediaType, shown)
				}
			}
		}
	}
}

// replyBare answers without a request id of its own.
func replyBare(w http.ResponseWriter, status int, mediaType, body string) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// What is not HTTP is told without being quoted.
func TestClient_GarbageOnTheWire_IsNotQuoted(t *testing.T) {
	for _, wire := range []string{
		canary + "\r\n\r\n", "HTTP/1.1 " + canary + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n",
	} {
		for name, want := range map[string]keyapi.Code{"Key": keyapi.CodeUnreachable, "Disable without key": keyapi.CodeOutcomeUnknown} {
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				_, _ = conn.Write([]byte(wire))
				_ = conn.Close()
			})
			c, _ := client(t, s.URL)
			if e := wantCode(t, wire, named(name).run(context.Background(), c), want); strings.Contains(fmt.Sprintf("%+v %v", e, e), canary) {
				t.Errorf("%q is quoted: %v", wire, e)
			}
		}
	}
}

// One line a request, with what it says in the options and nothing else.
func TestClient_Log_IsOneLineARequest(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			hangUp(w)
			return
		}
		reply(w, 200, "application/json", named("Events").ok)
	})
	var lines bytes.Buffer
	c, _ := client(t, s.URL+"/base", func(o *keyapi.ClientOptions) {
		o.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	})
	if _, err := c.Events(context.Background(), "7"); err != nil {
		t.Fatal(err)
	}
	want := `level=DEBUG msg="request to the key service" method=GET path=/base/v1/key/events status=0 requestId="" duration=0s
level=DEBUG msg="request to the key service" method=GET path=/base/v1/key/events status=200 requestId=req-1 duration=0s
`
	if lines.String() != want {
		t.Errorf("got  %s\nwant %s", &lines, want)
	}
}
