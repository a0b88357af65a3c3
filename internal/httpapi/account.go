package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// accountJSON is the account of the session.
type accountJSON struct {
	Schema            int         `json:"schema" enum:"1"`
	Login             string      `json:"login" example:"ada"`
	Email             *string     `json:"email" example:"ada@example.org"`
	Permitted         bool        `json:"permitted"`
	MFAEnabled        bool        `json:"mfaEnabled"`
	MFARequired       bool        `json:"mfaRequired"`
	RecoveryCodesLeft int         `json:"recoveryCodesLeft" minimum:"0" maximum:"10" example:"10"`
	CreatedAt         time.Time   `json:"createdAt" example:"2026-11-23T06:44:00Z"`
	Session           sessionJSON `json:"session"`
}

func (s *server) accountRoutes() {
	type output struct{ Body accountJSON }
	register(s, operation{
		method: http.MethodGet, path: "/v1/account", id: "getAccount", tag: tagAccount, who: anyOf("status"),
		success: http.StatusOK, summary: "Who is signed in", gives: "The account, and the session of this request.",
	}, func(ctx context.Context, _ *none) (*output, error) {
		p := requestOf(ctx).principal
		a, left, err := s.Accounts.Account(ctx, p)
		if err != nil {
			return nil, err
		}
		return &output{accountJSON{
			Schema: keyapi.Schema, Login: a.Login, Email: orNull(a.Email), Permitted: a.Permitted, MFAEnabled: a.MFAEnabled,
			MFARequired: s.MFARequired, RecoveryCodesLeft: left, CreatedAt: a.CreatedAt.UTC(),
			Session: newSessionJSON(p.Session, p.Session.ID),
		}}, nil
	})
}
