package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// TestGo_OAuth2: golang.org/x/oauth2, which finds out by itself how to send the credential, and as each way.
func TestGo_OAuth2(t *testing.T) {
	s := start(t)
	for name, style := range map[string]oauth2.AuthStyle{
		"found out": oauth2.AuthStyleAutoDetect, "header": oauth2.AuthStyleInHeader, "form": oauth2.AuthStyleInParams,
	} {
		config := clientcredentials.Config{ClientID: s.key.id, ClientSecret: s.key.secret, TokenURL: s.url + "/token", AuthStyle: style}
		token, err := config.Token(context.Background())
		if err != nil || !token.Valid() || token.TokenType != "Bearer" || strings.Count(token.AccessToken, ".") != 2 {
			t.Errorf("%s: %v, %v", name, token, err)
		}
		config.ClientSecret = s.resource.secret
		_, err = config.Token(context.Background())
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" || refused.Response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s, wrong secret: %v", name, err)
		}
	}
	s.disable()
	config := clientcredentials.Config{ClientID: s.key.id, ClientSecret: s.key.secret, TokenURL: s.url + "/token"}
	_, err := config.Token(context.Background())
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "unauthorized_client" || refused.ErrorDescription != "The API key is disabled" {
		t.Errorf("disabled: %v", err)
	}
}

// TestGo_OIDC_Offline: github.com/coreos/go-oidc/v3 checks a token by the key set alone, as docs/guides say.
func TestGo_OIDC_Offline(t *testing.T) {
	s, ctx := start(t), context.Background()
	keys := oidc.NewRemoteKeySet(ctx, s.url+"/jwks.json")
	token := s.token()
	payload, err := keys.VerifySignature(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		ClientID string `json:"client_id"`
	}
	if err := json.Unmarshal(payload, &said); err != nil || said.ClientID != s.key.id {
		t.Errorf("%s: %v", payload, err)
	}
	verifier := oidc.NewVerifier(s.url, keys, &oidc.Config{ClientID: s.url, SupportedSigningAlgs: []string{oidc.EdDSA}})
	checked, err := verifier.Verify(ctx, token)
	if err != nil || checked.Subject != "ada" || checked.Expiry.IsZero() {
		t.Errorf("%+v, %v", checked, err)
	}
	if _, err := verifier.Verify(ctx, token[:len(token)-4]+"AAAA"); err == nil {
		t.Error("a signature that is none")
	}
	other := oidc.NewVerifier(s.url, keys, &oidc.Config{ClientID: "https://api.example.com", SupportedSigningAlgs: []string{oidc.EdDSA}})
	if _, err := other.Verify(ctx, token); err == nil {
		t.Error("for another audience")
	}

	// What the guide says first: who checks offline does not learn that a key was disabled.
	s.disable()
	if _, err := verifier.Verify(ctx, token); err != nil {
		t.Errorf("after disable: %v", err)
	}
}
