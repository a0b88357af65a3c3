package diagnosis

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const (
	// clockOff is how far the clocks may be apart: codes of an authenticator app change every 30 seconds (RFC 6238).
	clockOff = 30 * time.Second
	// certificateSoon is when the end of a certificate is worth a word: those that renew themselves have done it by then.
	certificateSoon = 14 * duration.Day
	// sessionSoon is the same for the session of a pipeline, which nobody renews.
	sessionSoon = 7 * duration.Day
	// keySoon is the same for a key.
	keySoon = 30 * duration.Day
	// codesFew is how many recovery codes are few.
	codesFew = 2
)

// service opens the service and, if it is a remote one, looks whether it answers.
func service(ctx context.Context, x *examination) Finding {
	if x.unsettled != nil {
		return skipped(x.absent(ctx))
	}
	if err := x.connect(ctx); err != nil {
		return failure(err)
	}
	if !x.remote() {
		return well("embedded, this machine only")
	}
	reached, err := x.reach(ctx)
	address := x.settings.Server + x.settings.TokenURL
	switch {
	case err != nil:
		return failure(err)
	case reached.Status >= http.StatusInternalServerError:
		return failed(fmt.Sprintf("%s answers, but is out of order: HTTP %d", address, reached.Status),
			"Try again later, or ask whoever runs it.")
	default:
		return well(address + " answers")
	}
}

// overNetwork gives what was seen of a remote service, or why nothing was.
func (x *examination) overNetwork(ctx context.Context) (keyapi.Reached, string) {
	if why := x.absent(ctx); why != "" {
		return keyapi.Reached{}, why
	}
	if !x.remote() {
		return keyapi.Reached{}, "the embedded service needs no network"
	}
	return x.reached.value, ""
}

// certificate tells how long the service's certificates last. Those that are not to be trusted have failed the call.
func certificate(ctx context.Context, x *examination) Finding {
	reached, why := x.overNetwork(ctx)
	if why != "" {
		return skipped(why)
	}
	if reached.TLS == "" {
		return skipped("plain http: the service is on this machine")
	}
	left := reached.Until.Sub(x.Now())
	detail := fmt.Sprintf("%s, certificates valid until %s (%s)", reached.TLS, x.day(reached.Until), days(left))
	if left < certificateSoon {
		return warned(detail, "Whoever runs the service must renew its certificate.")
	}
	return well(detail)
}

// clock compares this machine's clock with the service's.
func clock(ctx context.Context, x *examination) Finding {
	reached, why := x.overNetwork(ctx)
	switch {
	case why != "":
		return skipped(why)
	case !reached.Dated:
		return skipped("the service does not say what time it is")
	case reached.Ahead.Abs() <= clockOff:
		return well("within " + clockOff.String() + " of the service's")
	}
	way := "behind"
	if reached.Ahead < 0 {
		way = "ahead of"
	}
	hint := "Set the clock by the network, in the settings of your system."
	if x.GOOS() == "linux" {
		hint = "Set the clock by the network: timedatectl set-ntp true"
	}
	return warned(fmt.Sprintf("this machine's clock is %v %s the service's: codes of an authenticator app on it are "+
		"refused", reached.Ahead.Abs(), way), hint)
}

// session tells where the session is, until when it lasts, and whether the service accepts it.
func session(ctx context.Context, x *examination) Finding {
	switch {
	case x.unsettled != nil || x.connect(ctx) != nil:
		return skipped(x.absent(ctx))
	case x.settings.Kind() == profile.KindEmbedded:
		return skipped("the embedded service has no sign-in")
	case x.settings.Kind() == profile.KindOAuth2:
		return skipped("the service has no key API: nobody signs in to it here")
	}
	note, err := x.Notes()
	if err != nil {
		return failure(err)
	}
	where := "kept in the " + note.From
	if note.ExpiresAt.IsZero() {
		where = "given by " + note.From
	}
	if why := x.absent(ctx); why != "" && note.From != "" {
		return skipped(where + "; whether it is accepted was " + why)
	}
	account, err := x.accountOf(ctx) // without a session it says so, and how to sign in
	if keyapi.CodeOf(err) == keyapi.CodeNotPermitted {
		return warned(where+", accepted, but may not look at the account",
			"Make the pipeline a session that may: apikey session create --allow status")
	}
	if err != nil {
		return failure(err)
	}
	left := account.Session.ExpiresAt.Sub(x.Now())
	detail := fmt.Sprintf("%s, accepted for %s until %s", where, account.Login, x.day(account.Session.ExpiresAt))
	if account.Session.Kind == keyapi.SessionPipeline && left < sessionSoon {
		return warned(detail, "Make the pipeline a new one: apikey session create")
	}
	return well(detail)
}

// mfa tells whether multi-factor authentication is on where it must be.
func mfa(ctx context.Context, x *examination) Finding {
	if x.unsettled == nil && x.settings.Kind() != profile.KindService {
		return skipped("the service has none that is managed here")
	}
	if why := x.unknown(ctx); why != "" {
		return skipped(why)
	}
	account, _ := x.accountOf(ctx) // unknown has seen that there is one
	switch {
	case !account.MFAEnabled && account.MFARequired:
		return failed("off, and the service requires it: the key does not work", "apikey mfa setup")
	case !account.MFAEnabled:
		return well("off; the service does not require it")
	case account.RecoveryCodesLeft <= codesFew:
		return warned(fmt.Sprintf("on, with %d recovery codes left", account.RecoveryCodesLeft), "apikey mfa codes")
	default:
		return well(fmt.Sprintf("on, with %d recovery codes left", account.RecoveryCodesLeft))
	}
}

// days writes how long something lasts yet, in days that have begun, as the status does.
func days(left time.Duration) string {
	switch n := (left + duration.Day - 1) / duration.Day; {
	case left <= 0:
		return "over"
	case left < duration.Day:
		return "less than a day left"
	case n == 1:
		return "1 day left"
	default:
		return fmt.Sprintf("%d days left", n)
	}
}
