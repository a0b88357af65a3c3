package render

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/mdp/qrterminal/v3"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// MFA is the state of an account's multi-factor authentication.
type MFA struct {
	Enabled, Required bool
	RecoveryCodesLeft int
}

type mfaJSON struct {
	Schema            int  `json:"schema"`
	MFAEnabled        bool `json:"mfaEnabled"`
	MFARequired       bool `json:"mfaRequired"`
	RecoveryCodesLeft int  `json:"recoveryCodesLeft"`
}

// MFA writes the state of an account's multi-factor authentication.
func (p *Printer) MFA(m MFA) error {
	return p.record("Multi-factor authentication", [][]string{
		{"MFA", mfaState(m.Enabled, m.Required)}, {"Required by the service", yesNo(m.Required)},
		{"Recovery codes left", strconv.Itoa(m.RecoveryCodesLeft)},
	}, mfaJSON{keyapi.Schema, m.Enabled, m.Required, m.RecoveryCodesLeft})
}

type enrolmentJSON struct {
	Schema     int    `json:"schema"`
	Secret     string `json:"secret"`
	OTPAuthURI string `json:"otpauthUri"`
}

// Enrolment writes what an authenticator app needs to know.
func (p *Printer) Enrolment(e keyapi.Enrolment) error {
	if p.JSON {
		return p.Object(enrolmentJSON{keyapi.Schema, e.Secret.Reveal(), e.URI.Reveal()})
	}
	return p.lines([][]string{{"Secret", e.Secret.Reveal()}, {"Otpauth URI", e.URI.Reveal()}})
}

type recoveryCodesJSON struct {
	Schema        int      `json:"schema"`
	RecoveryCodes []string `json:"recoveryCodes"`
}

// RecoveryCodes writes recovery codes, one a line.
func (p *Printer) RecoveryCodes(codes []keyapi.Secret) error {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = code.Reveal()
	}
	if p.JSON {
		return p.Object(recoveryCodesJSON{keyapi.Schema, texts})
	}
	_, err := fmt.Fprintln(p.Out, strings.Join(texts, "\n"))
	return err
}

// groupSize is how many characters are read out at once.
const groupSize = 4

// Groups gives a secret for typing: in groups of four.
func Groups(s keyapi.Secret) string {
	var out strings.Builder
	for i, r := range s.Reveal() {
		if i > 0 && i%groupSize == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// authenticatorDefaults are what an app takes for given where a URI does not say it (Key URI Format).
var authenticatorDefaults = map[string]string{"algorithm": "SHA1", "digits": "6", "period": "30"}

// Scannable gives an otpauth URI without what goes without saying: its QR code is smaller by several lines.
func Scannable(uri keyapi.Secret) keyapi.Secret {
	u, err := url.Parse(uri.Reveal())
	if err != nil {
		return uri
	}
	query := u.Query()
	for name, value := range authenticatorDefaults {
		if strings.EqualFold(query.Get(name), value) {
			query.Del(name)
		}
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // apps show a plus as one
	return keyapi.NewSecret(u.String())
}

// quietZone is the margin of a QR code in modules. The standard wants four; cameras take two, and a terminal has few
// lines.
const quietZone = 2

// QR draws a text as a QR code of half blocks, two rows of it a line. With colour it is white on black whatever the
// terminal's own are: some cameras take no picture that is inverted.
func QR(w io.Writer, text keyapi.Secret, color bool) {
	var picture strings.Builder
	qrterminal.GenerateWithConfig(text.Reveal(), qrterminal.Config{
		Level: qrterminal.L, Writer: &picture, HalfBlocks: true, QuietZone: quietZone,
		BlackChar: qrterminal.BLACK_BLACK, WhiteChar: qrterminal.WHITE_WHITE,
		BlackWhiteChar: qrterminal.BLACK_WHITE, WhiteBlackChar: qrterminal.WHITE_BLACK,
	})
	for _, line := range strings.Split(strings.TrimRight(picture.String(), "\n"), "\n") {
		if color {
			line = "\x1b[97;40m" + line + "\x1b[0m" // ECMA-48 SGR: bright white on black
		}
		_, _ = fmt.Fprintln(w, line)
	}
}
