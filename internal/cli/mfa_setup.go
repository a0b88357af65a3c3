package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// setupTries is how often a person may type the first code.
const setupTries = 3

func mfaSetupCommand(env *Env) *cobra.Command {
	var begin bool
	var code string
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Turn it on with an authenticator app",
		Long: "Turns multi-factor authentication on: shows a QR code for your authenticator\n" +
			"app, asks for the six digits the app then shows, and prints ten recovery\n" +
			"codes, once. Without a terminal it goes in two steps: --begin prints what the\n" +
			"app needs to know, --code ends it.",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.account(func(ctx context.Context, a signedIn, _ []string) error {
			switch {
			case begin && code != "":
				return keyapi.Errorf(keyapi.CodeUsage, "--begin and --code are two steps", "Run the one, then the other.")
			case begin:
				return a.beginMFA(ctx)
			case code != "":
				return a.confirmMFA(ctx, code)
			default:
				return a.setUpMFA(ctx)
			}
		}),
	}
	cmd.Flags().BoolVar(&begin, "begin", false, "print the secret for the authenticator app, and no more")
	cmd.Flags().StringVar(&code, "code", "", "end what --begin began, with the `digits` the app shows")
	complete(cmd, "code", cobra.NoFileCompletions)
	return cmd
}

// enrol draws the secret for the authenticator app.
func (a signedIn) enrol(ctx context.Context) (e keyapi.Enrolment, err error) {
	err = a.withFreshCode(ctx, func() error {
		e, err = a.Client.BeginMFA(ctx)
		return err
	})
	return e, err
}

func (a signedIn) beginMFA(ctx context.Context) error {
	e, err := a.enrol(ctx)
	if err != nil {
		return err
	}
	a.notice("It is not on yet. Give the app the secret, then run: apikey mfa setup --code DIGITS")
	return a.out.Enrolment(e)
}

func (a signedIn) confirmMFA(ctx context.Context, text string) error {
	code, _ := signin.Code(text)
	if code.IsZero() {
		return keyapi.Errorf(keyapi.CodeUsage, "The code is not six digits", "Give the six digits your authenticator app shows.")
	}
	codes, err := a.Client.ConfirmMFA(ctx, code)
	if err != nil {
		return a.ended(err)
	}
	return a.recoveryCodes(codes)
}

// setUpMFA does both steps with a person.
func (a signedIn) setUpMFA(ctx context.Context) error {
	if !a.popup.MayAsk() {
		return keyapi.Errorf(keyapi.CodeUsage, "Nobody can be asked for the code here",
			"Go in two steps: apikey mfa setup --begin -o json, then apikey mfa setup --code DIGITS")
	}
	e, err := a.enrol(ctx)
	if err != nil {
		return err
	}
	if err := a.showEnrolment(e); err != nil {
		return err
	}
	title := "" // the picture stands above, and a terminal has few lines
	for try := 1; ; try++ {
		values, err := a.popup.Ask(ctx, title, popup.Field{Title: "The six digits your app shows now", Validate: sixDigits})
		if err != nil {
			return err
		}
		err = a.confirmMFA(ctx, values[0])
		if keyapi.CodeOf(err) != keyapi.CodeOTPInvalid || try == setupTries {
			return err
		}
		title = "That code was not accepted. Try the next one"
	}
}

// showEnrolment shows a person what the authenticator app needs to know. It is part of the question, so it goes where
// questions go; a screen reader is spared the picture. The picture comes last: it and the question below it are as high
// as a terminal of 24 lines.
func (a signedIn) showEnrolment(e keyapi.Enrolment) error {
	var out strings.Builder
	out.WriteString("Type this secret into your authenticator app:\n\n    " + render.Groups(e.Secret) + "\n\n")
	if !a.settings.Accessible && !a.env.IO.Dumb {
		out.WriteString("Or scan this with it:\n\n")
		render.QR(&out, render.Scannable(e.URI), a.env.IO.ErrColor)
	}
	_, err := fmt.Fprint(a.env.IO.Err, out.String())
	return err
}

func sixDigits(text string) error {
	if otp, _ := signin.Code(text); otp.IsZero() {
		return errors.New("must be six digits")
	}
	return nil
}
