package keyapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// SignIn is what a person shows to sign in.
type SignIn struct {
	LoginID  string
	Password Secret
	// OTP is the code of the authenticator app, RecoveryCode one of those it is replaced by. At most one of them; none
	// where multi-factor authentication is off.
	OTP, RecoveryCode Secret
}

// Session is a session that was just made.
type Session struct {
	Token      Secret
	ExpiresAt  time.Time // its latest end (UTC)
	MFAEnabled bool      // whether the account has multi-factor authentication on
}

// SignIn makes a session: POST /v1/sessions. The client goes on with the session it has; see SetSession. Errors:
// CodeUnauthenticated for an unknown login or a wrong password, CodeOTPRequired if there must be a code, CodeOTPInvalid
// if it is wrong or was used, CodeRateLimited.
func (c *Client) SignIn(ctx context.Context, in SignIn) (Session, error) {
	k := c.change(http.MethodPost, "/v1/sessions").sending(struct {
		LoginID      string `json:"loginId"`
		Password     string `json:"password"`
		OTP          string `json:"otp,omitempty"`
		RecoveryCode string `json:"recoveryCode,omitempty"`
	}{in.LoginID, in.Password.Reveal(), in.OTP.Reveal(), in.RecoveryCode.Reveal()}, in.Password, in.OTP, in.RecoveryCode)
	k.bearer, k.presents = Secret{}, true
	var s Session
	err := c.do(ctx, k, func(body []byte) bool {
		var w struct {
			Token      string    `json:"token"`
			ExpiresAt  time.Time `json:"expiresAt"`
			MFAEnabled bool      `json:"mfaEnabled"`
		}
		if json.Unmarshal(body, &w) != nil {
			return false
		}
		s = Session{NewSecret(w.Token), w.ExpiresAt.UTC(), w.MFAEnabled}
		return w.Token != "" && !w.ExpiresAt.IsZero()
	})
	if err != nil {
		return Session{}, err
	}
	return s, nil
}

// SignOut ends the client's session: DELETE /v1/sessions/current.
func (c *Client) SignOut(ctx context.Context) error {
	return c.do(ctx, c.change(http.MethodDelete, "/v1/sessions/current"), nil)
}

// Verify shows a fresh code, by which the session may do for a while what needs one: POST
// /v1/sessions/current/verify. Give the code of the authenticator app or a recovery code. It gives the end of that
// while (UTC). Errors: CodeOTPInvalid, CodeRateLimited.
func (c *Client) Verify(ctx context.Context, otp, recoveryCode Secret) (until time.Time, err error) {
	k := c.change(http.MethodPost, "/v1/sessions/current/verify").sending(struct {
		OTP          string `json:"otp,omitempty"`
		RecoveryCode string `json:"recoveryCode,omitempty"`
	}{otp.Reveal(), recoveryCode.Reveal()}, otp, recoveryCode)
	err = c.do(ctx, k, func(body []byte) bool {
		var w struct {
			VerifiedUntil time.Time `json:"verifiedUntil"`
		}
		if json.Unmarshal(body, &w) != nil {
			return false
		}
		until = w.VerifiedUntil.UTC()
		return !until.IsZero()
	})
	if err != nil {
		return time.Time{}, err
	}
	return until, nil
}

// The kinds of a session.
const (
	SessionPerson   = "person"
	SessionPipeline = "pipeline"
)

// SessionInfo is what a service says of a session, without its token.
type SessionInfo struct {
	ID         string
	Kind       string    // SessionPerson or SessionPipeline
	Name       string    // of a pipeline session
	Allow      []string  // what a pipeline session may do; nil for a person's, which may do everything
	CreatedAt  time.Time // UTC, as the others
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero if it was never used
	From       string    // network address it was last used from; "" if that is not known
	UserAgent  string    // program that used it last; "" if it did not say
	Current    bool      // it is the session the question was asked with
}

// sessionJSON is the form of a SessionInfo on the wire: every field is always there, an absent value is null. Only the
// reply that makes a pipeline session has a token.
type sessionJSON struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Name       *string    `json:"name"`
	Allow      []string   `json:"allow"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	From       *string    `json:"from"`
	UserAgent  *string    `json:"userAgent"`
	Current    bool       `json:"current"`
}

// MarshalJSON gives the session object of the API.
func (s SessionInfo) MarshalJSON() ([]byte, error) {
	return json.Marshal(sessionJSON{
		ID: s.ID, Kind: s.Kind, Name: textOrNull(s.Name), Allow: s.Allow,
		CreatedAt: s.CreatedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(), LastUsedAt: timeOrNull(s.LastUsedAt),
		From: textOrNull(s.From), UserAgent: textOrNull(s.UserAgent), Current: s.Current,
	})
}

// UnmarshalJSON reads the session object of the API. Unknown fields are ignored.
func (s *SessionInfo) UnmarshalJSON(data []byte) error {
	var w sessionJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*s = SessionInfo{
		ID: w.ID, Kind: w.Kind, Name: textOrEmpty(w.Name), Allow: w.Allow,
		CreatedAt: w.CreatedAt.UTC(), ExpiresAt: w.ExpiresAt.UTC(), LastUsedAt: timeOrZero(w.LastUsedAt),
		From: textOrEmpty(w.From), UserAgent: textOrEmpty(w.UserAgent), Current: w.Current,
	}
	return nil
}

// Sessions gives the sessions of the account, people's and pipelines': GET /v1/sessions.
func (c *Client) Sessions(ctx context.Context) ([]SessionInfo, error) {
	var w listJSON[SessionInfo]
	if err := c.do(ctx, c.read(http.MethodGet, "/v1/sessions"), w.decode); err != nil {
		return nil, err
	}
	return w.Items, nil
}

// CreatePipelineSession makes a session for a program that runs without a person, and gives its token: POST
// /v1/sessions/pipeline. allow names what it may do beside reading the status: generate, disable, activate, regenerate,
// delete, history. ttl is its life in whole seconds, at most a year. Errors: CodeOTPRequired without a fresh code (see
// Verify), CodeInvalidRequest for a name, an action or a life that is none.
func (c *Client) CreatePipelineSession(
	ctx context.Context, name string, allow []string, ttl time.Duration,
) (SessionInfo, Secret, error) {
	if ttl < time.Second || ttl%time.Second != 0 {
		return SessionInfo{}, Secret{}, Errorf(
			CodeInvalidRequest, "The life of a session must be whole seconds, at least one", "Give it as 24h, for example.")
	}
	if allow == nil {
		allow = []string{}
	}
	k := c.change(http.MethodPost, "/v1/sessions/pipeline").sending(struct {
		Name       string   `json:"name"`
		Allow      []string `json:"allow"`
		TTLSeconds int64    `json:"ttlSeconds"`
	}{name, allow, int64(ttl / time.Second)})
	var info SessionInfo
	var token Secret
	err := c.do(ctx, k, func(body []byte) bool {
		var w struct {
			Token string `json:"token"`
		}
		if json.Unmarshal(body, &info) != nil || json.Unmarshal(body, &w) != nil {
			return false
		}
		token = NewSecret(w.Token)
		return info.ID != "" && w.Token != ""
	})
	if err != nil {
		return SessionInfo{}, Secret{}, err
	}
	return info, token, nil
}

// RevokeSession ends a session: DELETE /v1/sessions/{id}. Error: CodeInvalidRequest if there is none with this id.
func (c *Client) RevokeSession(ctx context.Context, id string) error {
	if id == "" || strings.Trim(id, base62+"-_") != "" {
		// Anything else could make another path of it.
		return Errorf(CodeInvalidRequest, "This is not the id of a session", "See them with: apikey session list")
	}
	return c.do(ctx, c.change(http.MethodDelete, "/v1/sessions/"+id), nil)
}
