package signin

import (
	"context"
	"strings"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// codeTries is how often a person is asked for a code: it may have changed while they typed.
const codeTries = 3

const codeTitle = "Code of your authenticator app (or a recovery code)"

// Code reads what a person typed for a code: six digits are the authenticator app's, anything else is a recovery code.
// Blanks count for nothing.
func Code(text string) (otp, recovery keyapi.Secret) {
	text = strings.Join(strings.Fields(text), "")
	if len(text) == 6 && strings.Trim(text, "0123456789") == "" {
		return keyapi.NewSecret(text), keyapi.Secret{}
	}
	return keyapi.Secret{}, keyapi.NewSecret(text)
}

// withCode asks for a code and hands it to send, again if send says CodeOTPInvalid. Errors: those of send and of the
// form.
func withCode(ctx context.Context, p Popup, send func(otp, recovery keyapi.Secret) error) error {
	title := codeTitle
	for try := 1; ; try++ {
		values, err := p.Ask(ctx, title, popup.Field{Title: "Code", Secret: true, Validate: popup.NotEmpty})
		if err != nil {
			return err
		}
		err = send(Code(values[0]))
		if keyapi.CodeOf(err) != keyapi.CodeOTPInvalid || try == codeTries {
			return err
		}
		title = "That code was not accepted. " + codeTitle
	}
}

// Fresh shows a service a fresh code where it wants one before it does something.
type Fresh struct {
	Popup Popup
	Seat  Seat
	// Show is keyapi.Client's Verify.
	Show func(ctx context.Context, otp, recovery keyapi.Secret) error
}

// Verify asks for a code and shows it. Errors: CodeOTPRequired where nobody can be asked, with a hint how to go on;
// CodeOTPInvalid if no code was right; CodeCancelled.
func (f Fresh) Verify(ctx context.Context) error {
	if !f.Popup.MayAsk() {
		return keyapi.Errorf(keyapi.CodeOTPRequired, "This needs a fresh code, and nobody can be asked for it here",
			"Sign in with one, then run the same command: apikey login --server "+f.Seat.Server+" --login-id "+
				f.Seat.Login+" --password-stdin --otp CODE. Pipelines use a session of their own: apikey session create --help")
	}
	return withCode(ctx, f.Popup, func(otp, recovery keyapi.Secret) error { return f.Show(ctx, otp, recovery) })
}

// Do runs fn, and once more after a fresh code if it says CodeOTPRequired. fn changes nothing in that case.
func (f Fresh) Do(ctx context.Context, fn func() error) error {
	err := fn()
	if keyapi.CodeOf(err) != keyapi.CodeOTPRequired {
		return err
	}
	if err := f.Verify(ctx); err != nil {
		return err
	}
	return fn()
}
