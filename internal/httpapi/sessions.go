package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// sessionJSON is a session; its token is no part of it.
type sessionJSON struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind" enum:"person,pipeline" example:"pipeline"`
	Name       *string    `json:"name" example:"ci"`
	Allow      []string   `json:"allow"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-11-23T06:44:00Z"`
	ExpiresAt  time.Time  `json:"expiresAt" example:"2026-12-23T06:44:00Z"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	From       *string    `json:"from" example:"192.0.2.7"`
	UserAgent  *string    `json:"userAgent" example:"apikey/1.0"`
	Current    bool       `json:"current"`
}

// pipelineJSON is a pipeline's session that was made just now.
type pipelineJSON struct {
	sessionJSON
	Token string `json:"token" example:"aps_000000000000000000000000000000000000000000000000"`
}

// TransformSchema adds the session object.
func (pipelineJSON) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	return extending[sessionJSON](r, s)
}

type sessionsJSON struct {
	Schema     int           `json:"schema" enum:"1"`
	Items      []sessionJSON `json:"items" nullable:"false"`
	NextCursor *string       `json:"nextCursor"`
}

func newSessionJSON(v store.Session, current string) sessionJSON {
	j := sessionJSON{
		ID: v.ID, Kind: "person", Name: orNull(v.Name), Allow: v.Allow, CreatedAt: v.CreatedAt.UTC(),
		ExpiresAt: v.ExpiresAt.UTC(), LastUsedAt: timeOrNull(v.SeenAt), From: orNull(v.From),
		UserAgent: orNull(v.UserAgent), Current: v.ID == current,
	}
	if v.Name != "" {
		j.Kind = "pipeline"
	}
	return j
}

// signInJSON is what a person signs in with.
type signInJSON struct {
	LoginID      string `json:"loginId" minLength:"1" maxLength:"256" example:"ada"`
	Password     string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
	OTP          string `json:"otp,omitempty" maxLength:"64" writeOnly:"true" example:"123456"`
	RecoveryCode string `json:"recoveryCode,omitempty" maxLength:"64" writeOnly:"true"`
}

type signedInJSON struct {
	Token      string    `json:"token" example:"aps_000000000000000000000000000000000000000000000000"`
	ExpiresAt  time.Time `json:"expiresAt" example:"2026-12-23T06:44:00Z"`
	MFAEnabled bool      `json:"mfaEnabled"`
}

func (s *server) sessionRoutes() {
	s.signInRoute()
	s.verifyRoute()
	s.pipelineRoute()
	for _, list := range []struct {
		path, id, summary, gives string
		pipelinesOnly            bool
	}{
		{"/v1/sessions", "listSessions", "All sessions of the account", "People's sessions and pipelines'.", false},
		{"/v1/sessions/pipeline", "listPipelineSessions", "The pipelines' sessions", "Pipelines' sessions.", true},
	} {
		type output struct{ Body sessionsJSON }
		register(s, operation{
			method: http.MethodGet, path: list.path, id: list.id, tag: tagSessions, who: person(), success: http.StatusOK,
			summary: list.summary, gives: list.gives,
		}, func(ctx context.Context, _ *none) (*output, error) {
			p := requestOf(ctx).principal
			found, err := s.Accounts.Sessions(ctx, p, list.pipelinesOnly)
			if err != nil {
				return nil, err
			}
			body := sessionsJSON{Schema: keyapi.Schema, Items: make([]sessionJSON, len(found))}
			for i, v := range found {
				body.Items[i] = newSessionJSON(v, p.Session.ID)
			}
			return &output{body}, nil
		})
	}
	register(s, operation{
		method: http.MethodDelete, path: "/v1/sessions/current", id: "signOut", tag: tagSessions, who: person(),
		success: http.StatusNoContent, summary: "Sign out", gives: "The session of this request has ended.",
	}, func(ctx context.Context, _ *none) (*none, error) {
		return nil, s.Accounts.SignOut(ctx, requestOf(ctx).principal)
	})
	type byID struct {
		ID string `path:"id" maxLength:"64" doc:"The id of a session."`
	}
	register(s, operation{
		method: http.MethodDelete, path: "/v1/sessions/{id}", id: "revokeSession", tag: tagSessions, who: person(),
		success: http.StatusNoContent, summary: "End a session", gives: "It has ended.", invalid: http.StatusNotFound,
	}, func(ctx context.Context, in *byID) (*none, error) {
		return nil, s.Accounts.RevokeSession(ctx, requestOf(ctx).principal, in.ID)
	})
}

func (s *server) signInRoute() {
	type input struct{ Body signInJSON }
	type output struct{ Body signedInJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/sessions", id: "signIn", tag: tagSessions, success: http.StatusCreated,
		summary: "Sign in", gives: "A session: 30 days, 7 without use.", body: true,
		description: "With multi-factor authentication on, a request without a code is answered `otp-required` when the " +
			"password is right: repeat it with one.",
		codes: []keyapi.Code{
			keyapi.CodeUnauthenticated, keyapi.CodeOTPRequired, keyapi.CodeOTPInvalid, keyapi.CodeRateLimited,
		},
	}, func(ctx context.Context, in *input) (*output, error) {
		token, session, account, err := s.Accounts.SignIn(ctx, accounts.SignIn{
			LoginID: in.Body.LoginID, Password: keyapi.NewSecret(in.Body.Password), OTP: keyapi.NewSecret(in.Body.OTP),
			RecoveryCode: keyapi.NewSecret(in.Body.RecoveryCode),
		}, requestOf(ctx).origin)
		if err != nil {
			return nil, err
		}
		return &output{signedInJSON{token.Reveal(), session.ExpiresAt.UTC(), account.MFAEnabled}}, nil
	})
}

func (s *server) verifyRoute() {
	type verifyJSON struct {
		OTP          string `json:"otp,omitempty" maxLength:"64" writeOnly:"true" example:"123456"`
		RecoveryCode string `json:"recoveryCode,omitempty" maxLength:"64" writeOnly:"true"`
	}
	type verifiedJSON struct {
		VerifiedUntil time.Time `json:"verifiedUntil" example:"2026-11-23T06:59:00Z"`
	}
	type input struct{ Body verifyJSON }
	type output struct{ Body verifiedJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/sessions/current/verify", id: "verifySession", tag: tagSessions, who: person(),
		success: http.StatusOK, summary: "Give a fresh one-time code", gives: "What needs a fresh code is open until then.",
		description: "What is answered `otp-required` needs a code within the last 15 minutes.", body: true,
		codes: []keyapi.Code{
			keyapi.CodeOTPRequired, keyapi.CodeOTPInvalid, keyapi.CodeMFANotEnabled, keyapi.CodeRateLimited,
		},
	}, func(ctx context.Context, in *input) (*output, error) {
		until, err := s.Accounts.Verify(ctx, requestOf(ctx).principal, keyapi.NewSecret(in.Body.OTP),
			keyapi.NewSecret(in.Body.RecoveryCode))
		if err != nil {
			return nil, err
		}
		return &output{verifiedJSON{until.UTC().Truncate(time.Second)}}, nil
	})
}

func (s *server) pipelineRoute() {
	type pipelineRequestJSON struct {
		Name       string   `json:"name" minLength:"1" maxLength:"256" example:"ci"`
		Allow      []string `json:"allow" nullable:"false"`
		TTLSeconds int64    `json:"ttlSeconds" minimum:"1" maximum:"31622400" example:"7776000"`
	}
	type input struct{ Body pipelineRequestJSON }
	type output struct{ Body pipelineJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/sessions/pipeline", id: "createPipelineSession", tag: tagSessions, who: person(),
		success: http.StatusCreated, summary: "Make a session for a pipeline", gives: "The session and its token.",
		description: "It can do nothing but what it is allowed of the key. It ends when the password changes, when " +
			"multi-factor authentication goes off and when the account is locked.",
		codes: []keyapi.Code{keyapi.CodeOTPRequired}, body: true, invalid: http.StatusUnprocessableEntity,
	}, func(ctx context.Context, in *input) (*output, error) {
		known := requestOf(ctx)
		token, session, err := s.Accounts.CreatePipelineSession(ctx, known.principal, in.Body.Name, in.Body.Allow,
			time.Duration(in.Body.TTLSeconds)*time.Second, known.origin)
		if err != nil {
			return nil, err
		}
		return &output{pipelineJSON{newSessionJSON(session, known.principal.Session.ID), token.Reveal()}}, nil
	})
}
