package httpapi

import (
	"context"
	"net/http"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type recoveryCodesJSON struct {
	RecoveryCodes []string `json:"recoveryCodes" nullable:"false" minItems:"10" maxItems:"10"`
}

type recoveryCodes struct{ Body recoveryCodesJSON }

func newRecoveryCodes(codes []keyapi.Secret) *recoveryCodes {
	out := &recoveryCodes{recoveryCodesJSON{make([]string, len(codes))}}
	for i, code := range codes {
		out.Body.RecoveryCodes[i] = code.Reveal()
	}
	return out
}

func (s *server) mfaRoutes() {
	s.beginMFARoute()
	type confirmJSON struct {
		Code string `json:"code" minLength:"1" maxLength:"64" writeOnly:"true" example:"123456"`
	}
	type confirm struct{ Body confirmJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/account/mfa/confirm", id: "confirmMFA", tag: tagMFA, who: person(),
		success: http.StatusOK, summary: "Turn multi-factor authentication on", gives: "The recovery codes.", body: true,
		invalid:     http.StatusUnprocessableEntity,
		description: "The code proves that the authenticator has the secret; it is spent by it.",
		codes: []keyapi.Code{
			keyapi.CodeOTPRequired, keyapi.CodeOTPInvalid, keyapi.CodeMFAAlreadyEnabled, keyapi.CodeRateLimited,
		},
	}, func(ctx context.Context, in *confirm) (*recoveryCodes, error) {
		known := requestOf(ctx)
		codes, err := s.Accounts.ConfirmMFA(ctx, known.principal, keyapi.NewSecret(in.Body.Code), known.origin)
		if err != nil {
			return nil, err
		}
		return newRecoveryCodes(codes), nil
	})
	register(s, operation{
		method: http.MethodPost, path: "/v1/account/mfa/codes", id: "newRecoveryCodes", tag: tagMFA, who: person(),
		success: http.StatusOK, summary: "Make new recovery codes", gives: "The new codes; the old ones are void.",
		codes: []keyapi.Code{keyapi.CodeOTPRequired, keyapi.CodeMFANotEnabled},
	}, func(ctx context.Context, _ *none) (*recoveryCodes, error) {
		known := requestOf(ctx)
		codes, err := s.Accounts.NewRecoveryCodes(ctx, known.principal, known.origin)
		if err != nil {
			return nil, err
		}
		return newRecoveryCodes(codes), nil
	})
	type disableJSON struct {
		Password string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
		Code     string `json:"code" minLength:"1" maxLength:"64" writeOnly:"true" example:"123456"`
	}
	type disable struct{ Body disableJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/account/mfa/disable", id: "disableMFA", tag: tagMFA, who: person(),
		success: http.StatusNoContent, summary: "Turn multi-factor authentication off", gives: "It is off.", body: true,
		description: "Where the service requires it the key is blocked until it is on again. Pipelines' sessions end.",
		codes: []keyapi.Code{
			keyapi.CodeOTPRequired, keyapi.CodeOTPInvalid, keyapi.CodeMFANotEnabled, keyapi.CodeRateLimited,
		},
	}, func(ctx context.Context, in *disable) (*none, error) {
		known := requestOf(ctx)
		return nil, s.Accounts.DisableMFA(ctx, known.principal, keyapi.NewSecret(in.Body.Password),
			keyapi.NewSecret(in.Body.Code), known.origin)
	})
}

func (s *server) beginMFARoute() {
	type seedJSON struct {
		Secret string `json:"secret" pattern:"^[A-Z2-7]+$"`
		URI    string `json:"otpauthUri"`
	}
	type output struct{ Body seedJSON }
	register(s, operation{
		method: http.MethodPost, path: "/v1/account/mfa", id: "beginMFA", tag: tagMFA, who: person(), success: http.StatusOK,
		summary: "Begin to set up an authenticator", gives: "The secret for the authenticator.",
		description: "Nothing is on until a code is confirmed. A second call replaces the secret.",
		codes:       []keyapi.Code{keyapi.CodeMFAAlreadyEnabled},
	}, func(ctx context.Context, _ *none) (*output, error) {
		secret, uri, err := s.Accounts.BeginMFA(ctx, requestOf(ctx).principal)
		if err != nil {
			return nil, err
		}
		return &output{seedJSON{secret.Reveal(), uri.Reveal()}}, nil
	})
}
