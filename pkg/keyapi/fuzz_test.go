package keyapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// typed checks that an error has a code and a message of one line.
func typed(t *testing.T, err error) {
	t.Helper()
	var known *keyapi.Error
	if !errors.As(err, &known) || known.Code == "" || known.Message == "" || strings.ContainsAny(known.Message, "\r\n\x1b") {
		t.Fatalf("%#v is no error of this API", err)
	}
}

func FuzzKeyJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"status":"active","accessKey":"AK0123456789ABCDEFGH","expiresAt":"2027-11-23T06:44:00Z","blockedBy":[]}`,
		`{"previous":{"accessKey":"x","endsAt":"9999-12-31T23:59:59+23:59"},"revision":9223372036854775807}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var key, again keyapi.Key
		if json.Unmarshal(data, &key) != nil {
			return
		}
		text, err := json.Marshal(key)
		if err != nil {
			return // a year beyond what RFC 3339 has
		}
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, text)
		}
		if second, err := json.Marshal(again); err != nil || !bytes.Equal(text, second) {
			t.Errorf("%s\nread and written again is\n%s", text, second)
		}
	})
}

// anyReply is a service that gives one reply to whatever it is asked.
type anyReply struct {
	status              int
	contentType, header string
	body                []byte
}

func (r anyReply) RoundTrip(*http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {r.contentType}, "X-Request-Id": {r.header}, "Retry-After": {r.header}, "Etag": {r.header}, "Location": {r.header}}
	return &http.Response{StatusCode: r.status, Header: h, Body: io.NopCloser(bytes.NewReader(r.body))}, nil
}

// FuzzClientReply: whatever a service answers, the client gives a result whose secret is whole, or an error of this API.
func FuzzClientReply(f *testing.F) {
	f.Add(200, "application/json", "1", []byte(`{"status":"active","accessKey":"AK0123456789ABCDEFGH","accessSecret":"aks_"}`))
	f.Add(409, "application/problem+json", "", []byte(`{"code":"key-exists","detail":"\u001b[2J","actions":["delete","x"]}`))
	f.Add(412, "text/html", "soon", []byte(`<html>`))
	f.Add(307, "", "https://elsewhere.example/", []byte(nil))
	f.Add(429, "application/problem+json", "86400", []byte(`{"code":"store-locked"}`))
	f.Fuzz(func(t *testing.T, status int, contentType, header string, body []byte) {
		if status < 200 || status > 599 {
			return // what the transport itself refuses
		}
		client, err := keyapi.NewClient(keyapi.ClientOptions{
			Server: "http://127.0.0.1:1", Session: keyapi.NewSecret("aps_session"), Transport: anyReply{status, contentType, header, body},
			Now: time.Now, Random: strings.NewReader(""), Timeout: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		key, err := keyapi.ParseIdempotencyKey("ik_0123456789ABCDEFGHIJKL")
		if err != nil {
			t.Fatal(err)
		}
		result, err := client.Generate(ctx, keyapi.Change{IdempotencyKey: key})
		if err != nil {
			typed(t, err)
		} else if _, err := keyapi.ParseAccessSecret(result.AccessSecret.Reveal()); err != nil {
			t.Errorf("a damaged secret passes for one: %v", err)
		}
		if _, err := client.Key(ctx); err != nil {
			typed(t, err)
		}
		if _, err := client.Events(ctx, ""); err != nil {
			typed(t, err)
		}
	})
}
