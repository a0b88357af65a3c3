package keyapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Token is an access token (RFC 6749 §1.4).
type Token struct {
	AccessToken Secret
	ExpiresAt   time.Time // by this machine's clock, counted from before the request (UTC)
}

// Token gets an access token for a key by the client credentials grant (RFC 6749 §4.4). It needs no
// session. Errors: CodeUnauthenticated for an unknown key or a wrong secret; with the right secret CodeKeyDisabled,
// CodeKeyExpired, CodeMFANotEnabled or CodeNotPermitted if the key is blocked.
func (c *Client) Token(ctx context.Context, accessKey string, secret Secret) (Token, error) {
	// §2.3.1 wants both halves form-encoded before they are put together.
	pair := url.QueryEscape(accessKey) + ":" + url.QueryEscape(secret.Reveal())
	k := c.read(http.MethodPost, c.tokenPath)
	k.bearer, k.basic = Secret{}, NewSecret(base64.StdEncoding.EncodeToString([]byte(pair)))
	k.contentType, k.body = typeForm, []byte("grant_type=client_credentials")
	k.secrets, k.presents, k.oauth = []Secret{secret}, true, true
	asked := c.now()
	var t Token
	err := c.do(ctx, k, func(body []byte) bool {
		var w struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int32  `json:"expires_in"`
		}
		if json.Unmarshal(body, &w) != nil || !strings.EqualFold(w.TokenType, "Bearer") {
			return false
		}
		t = Token{NewSecret(w.AccessToken), asked.Add(time.Duration(w.ExpiresIn) * time.Second).UTC()}
		return w.AccessToken != "" && w.ExpiresIn > 0
	})
	if err != nil {
		return Token{}, err
	}
	return t, nil
}

// Authenticate implements API: it gets an access token and throws it away.
func (c *Client) Authenticate(ctx context.Context, accessKey string, secret Secret) error {
	_, err := c.Token(ctx, accessKey, secret)
	return err
}
