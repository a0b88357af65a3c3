package keyapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Account is what a service says of the account the client is signed in as.
type Account struct {
	Login             string
	Email             string      // "" if it has none
	Permitted         bool        // whether it may have an API key
	MFAEnabled        bool        // whether multi-factor authentication is on
	MFARequired       bool        // whether the service wants it to be
	RecoveryCodesLeft int         // recovery codes not used yet
	CreatedAt         time.Time   // UTC
	Session           SessionInfo // the session the question was asked with
}

// accountJSON is the form of an Account on the wire: every field is always there, an absent value is null.
type accountJSON struct {
	Schema            int         `json:"schema"`
	Login             string      `json:"login"`
	Email             *string     `json:"email"`
	Permitted         bool        `json:"permitted"`
	MFAEnabled        bool        `json:"mfaEnabled"`
	MFARequired       bool        `json:"mfaRequired"`
	RecoveryCodesLeft int         `json:"recoveryCodesLeft"`
	CreatedAt         time.Time   `json:"createdAt"`
	Session           SessionInfo `json:"session"`
}

// MarshalJSON gives the account object of the API.
func (a Account) MarshalJSON() ([]byte, error) {
	return json.Marshal(accountJSON{
		Schema: Schema, Login: a.Login, Email: textOrNull(a.Email), Permitted: a.Permitted, MFAEnabled: a.MFAEnabled,
		MFARequired: a.MFARequired, RecoveryCodesLeft: a.RecoveryCodesLeft, CreatedAt: a.CreatedAt.UTC(),
		Session: a.Session,
	})
}

// UnmarshalJSON reads the account object of the API. Unknown fields are ignored.
func (a *Account) UnmarshalJSON(data []byte) error {
	var w accountJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*a = Account{
		Login: w.Login, Email: textOrEmpty(w.Email), Permitted: w.Permitted, MFAEnabled: w.MFAEnabled,
		MFARequired: w.MFARequired, RecoveryCodesLeft: w.RecoveryCodesLeft, CreatedAt: w.CreatedAt.UTC(), Session: w.Session,
	}
	return nil
}

// Account gives the account the client is signed in as: GET /v1/account.
func (c *Client) Account(ctx context.Context) (Account, error) {
	var a Account
	err := c.do(ctx, c.read(http.MethodGet, "/v1/account"), func(body []byte) bool {
		return json.Unmarshal(body, &a) == nil && a.Login != ""
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// Enrolment is what an authenticator app needs to know. Both hold the same secret.
type Enrolment struct {
	Secret Secret // base32, to be typed in
	URI    Secret // otpauth://…, to be shown as a QR code
}

// BeginMFA draws the secret of an authenticator app: POST /v1/account/mfa. Nothing is on before ConfirmMFA. Errors:
// CodeMFAAlreadyEnabled, CodeOTPRequired.
func (c *Client) BeginMFA(ctx context.Context) (Enrolment, error) {
	var e Enrolment
	err := c.do(ctx, c.change(http.MethodPost, "/v1/account/mfa"), func(body []byte) bool {
		var w struct {
			Secret     string `json:"secret"`
			OTPAuthURI string `json:"otpauthUri"`
		}
		if json.Unmarshal(body, &w) != nil {
			return false
		}
		e = Enrolment{NewSecret(w.Secret), NewSecret(w.OTPAuthURI)}
		return w.Secret != "" && w.OTPAuthURI != ""
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// codeJSON is the body of the calls that show a code.
type codeJSON struct {
	Code string `json:"code"`
}

// ConfirmMFA turns multi-factor authentication on with the first code of the authenticator app, and gives the recovery
// codes: POST /v1/account/mfa/confirm. Errors: CodeOTPInvalid, CodeMFAAlreadyEnabled.
func (c *Client) ConfirmMFA(ctx context.Context, code Secret) (recoveryCodes []Secret, err error) {
	k := c.change(http.MethodPost, "/v1/account/mfa/confirm").sending(codeJSON{code.Reveal()}, code)
	return c.recoveryCodes(ctx, k)
}

// NewRecoveryCodes replaces the recovery codes: POST /v1/account/mfa/codes. The old ones are void. Errors:
// CodeOTPRequired without a fresh code (see Verify), CodeMFANotEnabled.
func (c *Client) NewRecoveryCodes(ctx context.Context) ([]Secret, error) {
	return c.recoveryCodes(ctx, c.change(http.MethodPost, "/v1/account/mfa/codes"))
}

func (c *Client) recoveryCodes(ctx context.Context, k call) ([]Secret, error) {
	var codes []Secret
	err := c.do(ctx, k, func(body []byte) bool {
		var w struct {
			RecoveryCodes []string `json:"recoveryCodes"`
		}
		if json.Unmarshal(body, &w) != nil {
			return false
		}
		for _, code := range w.RecoveryCodes {
			codes = append(codes, NewSecret(code))
		}
		return len(codes) > 0
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// DisableMFA turns multi-factor authentication off: POST /v1/account/mfa/disable. code is that of the authenticator app
// or a recovery code. Errors: CodeUnauthenticated for a wrong password, CodeOTPInvalid, CodeMFANotEnabled,
// CodeRateLimited.
func (c *Client) DisableMFA(ctx context.Context, password, code Secret) error {
	k := c.change(http.MethodPost, "/v1/account/mfa/disable").sending(struct {
		Password string `json:"password"`
		codeJSON
	}{password.Reveal(), codeJSON{code.Reveal()}}, password, code)
	return c.do(ctx, k, nil)
}
