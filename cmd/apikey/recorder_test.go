//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// The kinds of what must not be found where it does not belong.
const (
	kindPassword    = "password"
	kindCode        = "code"
	kindRecovery    = "recovery code"
	kindSeed        = "seed"
	kindSession     = "session"
	kindSecret      = "access secret"
	kindToken       = "access token"
	kindIdempotency = "idempotency key"
)

// requestFields and replyFields are the names under which secrets travel.
var (
	requestFields = map[string]string{
		"password": kindPassword, "otp": kindCode, "code": kindCode, "recoveryCode": kindRecovery,
	}
	replyFields = map[string]string{
		"token": kindSession, "secret": kindSeed, "otpauthUri": kindSeed, "recoveryCodes": kindRecovery,
		"accessSecret": kindSecret, "access_token": kindToken,
	}
)

// recorder stands before a service as a proxy and notes every secret that goes through: what was sent is the truth.
type recorder struct {
	server, ca string
	mu         sync.Mutex
	seen       map[string]string // secret → kind
}

// recording puts a recorder before a service.
func recording(t *testing.T, k *keyService) *recorder {
	t.Helper()
	dir := t.TempDir()
	cert, key, err := testkit.WriteCertificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	behind, err := testkit.TrustingClient(filepath.Join(k.dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(k.server)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{ca: cert, seen: map[string]string{}}
	proxy := &httputil.ReverseProxy{
		Transport: behind.Transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(address)
			p.Out.Header.Del("Accept-Encoding")
			r.request(p.Out)
		},
		ModifyResponse: r.reply,
	}
	front := httptest.NewUnstartedServer(proxy)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	r.server = front.URL
	return r
}

func (r *recorder) note(kind, secret string) {
	if secret == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[secret] = kind
	if kind == kindSeed { // raw, as a database would hold it
		if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil {
			r.seen[string(raw)] = kind
		}
	}
}

func (r *recorder) request(q *http.Request) {
	r.note(kindIdempotency, q.Header.Get("Idempotency-Key"))
	if _, password, ok := q.BasicAuth(); ok {
		r.note(kindSecret, password)
		r.note(kindSecret, strings.TrimPrefix(q.Header.Get("Authorization"), "Basic "))
	} else if bearer, ok := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer "); ok {
		r.note(kindSession, bearer)
	}
	if q.Body != nil {
		body, _ := io.ReadAll(q.Body)
		q.Body = io.NopCloser(bytes.NewReader(body))
		r.fields(body, requestFields)
	}
}

func (r *recorder) reply(a *http.Response) error {
	body, err := io.ReadAll(a.Body)
	a.Body = io.NopCloser(bytes.NewReader(body))
	r.fields(body, replyFields)
	return err
}

func (r *recorder) fields(body []byte, names map[string]string) {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return
	}
	for name, kind := range names {
		switch value := object[name].(type) {
		case string:
			r.note(kind, value)
		case []any:
			for _, one := range value {
				text, _ := one.(string)
				r.note(kind, text)
			}
		}
	}
}

// secrets gives what went through, with what apikey secret -o basic makes of it.
func (r *recorder) secrets(accessKeys []string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	for secret, kind := range r.seen {
		all[secret] = kind
		for _, accessKey := range accessKeys {
			if kind == kindSecret {
				all[base64.StdEncoding.EncodeToString([]byte(accessKey+":"+secret))] = kind
			}
		}
	}
	return all
}
