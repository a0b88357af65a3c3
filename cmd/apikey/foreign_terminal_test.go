//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// tokenEndpoint is somebody else's service: all it has is the client credentials grant (RFC 6749 §4.4), as HTTP Basic
// with both halves form-encoded (§2.3.1).
func tokenEndpoint(t *testing.T, clientID, clientSecret string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		user, password, _ := r.BasicAuth()
		id, _ := url.QueryUnescape(user)
		secret, _ := url.QueryUnescape(password)
		if r.URL.Path != "/oauth2/token" || r.FormValue("grant_type") != "client_credentials" || id != clientID || secret != clientSecret {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"opaque-1","token_type":"bearer","expires_in":3600}`))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/oauth2/token"
}

func TestForeignKey_FormOnATerminal_AndStatus(t *testing.T) {
	const clientID, clientSecret = "web/4711", "it's a secret: ü&="
	path := testkit.Build(t, program)
	for _, mode := range []string{"--accessible=false", "--accessible"} {
		t.Run(mode, func(t *testing.T) {
			p := newPerson(t, path, "APIKEY_PROFILE=registry")
			p.does("profile", "add", "registry", "--token-url", tokenEndpoint(t, clientID, clientSecret))
			term := p.start("import", mode)
			steps := []struct{ shown, typed string }{
				{"Access Key", clientID}, {"Access Secret", clientSecret}, {"Created", "2999-01-01"}, {"in the future", ""},
			}
			for _, step := range steps {
				term.WaitFor(step.shown)
				if mode == "--accessible" || step.typed == "" {
					term.Send(step.typed)
				} else {
					term.WaitFor("┃ " + step.shown)
					term.Send(step.typed)
				}
				if step.typed != "" {
					term.Send(keyEnter)
				}
			}
			if mode != "--accessible" {
				term.Send(strings.Repeat("\x7f", len("2999-01-01")))
			}
			term.Send(p.today() + keyEnter)
			if status := term.Wait(); status != 0 {
				t.Fatalf("exit status %d\n%s", status, term.Screen())
			}
			if strings.Contains(term.Raw(), clientSecret) {
				t.Error("the secret was shown while it was typed")
			}
			screen := p.does("status").Screen()
			for _, want := range []string{"Active", clientID, " days left)", "kept in a private file", "managed on its page"} {
				if !strings.Contains(screen, want) {
					t.Errorf("the status does not say %q:\n%s", want, screen)
				}
			}
			if strings.Contains(screen, "●") || strings.Contains(screen, "apikey disable") {
				t.Errorf("the status offers what only the page can do:\n%s", screen)
			}
			if got := p.does("token").Screen(); !strings.Contains(got, "opaque-1") {
				t.Errorf("token: %s", got)
			}
			if got := p.does("exec", "--", "sh", "-c", `printf %s "$APIKEY_ACCESS_SECRET"`).Screen(); !strings.Contains(got, clientSecret) {
				t.Errorf("exec: %s", got)
			}
			for _, args := range [][]string{{"disable"}, {"delete"}, {"regenerate"}, {"activate"}} { // no pop-up before the refusal
				term := p.start(args...)
				if status := term.Wait(); status != 2 || !strings.Contains(term.Screen(), "has no key API") {
					t.Errorf("apikey %v: exit status %d\n%s", args, status, term.Screen())
				}
			}
			p.round(clientID)
		})
	}
}

// today is the day of the machine the program runs on.
func (p person) today() string {
	p.t.Helper()
	return strings.TrimSpace(p.command("date -u +%Y-%m-%d").Screen())
}

// round prints the pair as assignments, which a shell and import read as they were.
func (p person) round(clientID string) {
	p.t.Helper()
	const script = `"$APIKEY" secret -o env > "$HOME/.env" && . "$HOME/.env" && printf '<%s>' "$APIKEY_ACCESS_KEY" &&
		"$APIKEY" import --created 2026-01-02 --expires 2999-01-01 --jq .changed < "$HOME/.env" && "$APIKEY" check --live`
	if got := p.command(script).Screen(); !strings.Contains(got, "<"+clientID+">") || !strings.Contains(got, "usable: "+clientID) {
		p.t.Errorf("there and back: %s", got)
	}
}

// command runs a line in a shell, for which $APIKEY is the program.
func (p person) command(line string) *testkit.Terminal {
	p.t.Helper()
	term := testkit.StartTerminal(p.t, testkit.TerminalOptions{Env: append(p.env, "APIKEY="+p.path)}, "/bin/sh", "-c", line)
	if status := term.Wait(); status != 0 {
		p.t.Fatalf("%s: exit status %d\n%s", line, status, term.Screen())
	}
	return term
}
