package signin

import (
	"context"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Request is what the user said about signing in. What is missing is asked.
type Request struct {
	Profile  string // the profile to write; see ProfileFor
	Server   string
	CAFile   string
	Login    string
	Password keyapi.Secret
	Code     string // of the authenticator app, or a recovery code
	Before   Seat   // whom the profile was signed in as before; its session is ended
}

// Result is what signing in came to.
type Result struct {
	Login      string
	ExpiresAt  time.Time
	MFAEnabled bool
	Store      secretstore.Kind // where the session rests
}

// SignIn signs in and makes the profile current. Errors: CodeUsage if the session could be kept nowhere or something is
// missing that nobody can be asked for; CodeUnauthenticated, CodeOTPRequired, CodeOTPInvalid and CodeRateLimited of the
// service; the codes of the store and of the connection; CodeCancelled.
func (d *Desk) SignIn(ctx context.Context, service Service, in Request) (Result, error) {
	seat := Seat{Server: in.Server, Origin: service.Origin(), Login: in.Login}
	if err := d.answerable(in); err != nil {
		return Result{}, err
	}
	store, useFile, err := d.ready(ctx, seat)
	if err != nil {
		return Result{}, err
	}
	if err := d.ask(ctx, &in); err != nil {
		return Result{}, err
	}
	seat.Login = in.Login
	session, err := d.post(ctx, service, in)
	if err != nil {
		return Result{}, err
	}
	// From here on there is a session: an interrupt must not come between it and its rest.
	ctx = context.WithoutCancel(ctx)
	before := d.formerly(ctx, in.Before)
	if err := d.keep(ctx, seat, store, session); err != nil {
		service.SetSession(session.Token)
		if endErr := service.SignOut(ctx); endErr != nil {
			d.Log.Debug("the session that could not be kept was not ended", "error", endErr)
		}
		return Result{}, err
	}
	if err := d.writeProfile(in, useFile); err != nil {
		return Result{}, err
	}
	d.endFormer(ctx, service, in.Before, seat, before)
	service.SetSession(session.Token)
	return Result{Login: in.Login, ExpiresAt: session.ExpiresAt, MFAEnabled: session.MFAEnabled, Store: store.Kind()}, nil
}

// answerable finds out before anything is done whether what is missing can be asked for.
func (d *Desk) answerable(in Request) error {
	if in.Login != "" && !in.Password.IsZero() || d.Popup.MayAsk() {
		return nil
	}
	what := "password"
	if in.Login == "" {
		what = "login"
	}
	return keyapi.Errorf(keyapi.CodeUsage, "Nobody can be asked for the "+what+" here",
		"Pipe the password in: apikey login --server "+in.Server+" --login-id NAME --password-stdin")
}

// ready makes the place of the session ready. useFile tells that a person chose the private file for this profile.
func (d *Desk) ready(ctx context.Context, seat Seat) (store secretstore.Store, useFile bool, err error) {
	if d.Keeper.Choice == keeping.ChooseNone {
		return nil, false, keyapi.Errorf(keyapi.CodeUsage, "With the store \"none\" the session would be kept nowhere",
			"Choose another store with APIKEY_STORE. A pipeline takes its session from APIKEY_SESSION instead.")
	}
	keeper := d.Keeper
	keeper.RememberFile = func() error { useFile = true; return nil } // the profile is written last
	store, err = keeper.Ready(ctx, seat.Origin, seat.Login)
	return store, useFile, err
}

// ask asks a person for what is missing.
func (d *Desk) ask(ctx context.Context, in *Request) error {
	if !in.Password.IsZero() && in.Login != "" {
		return nil
	}
	title := "Sign in to " + in.Server
	var fields []popup.Field
	if in.Login == "" {
		fields = append(fields, popup.Field{Title: "Login", Validate: notEmpty})
	} else {
		title += " as " + in.Login
	}
	if in.Password.IsZero() {
		fields = append(fields, popup.Field{Title: "Password", Secret: true, Validate: notEmpty})
	}
	values, err := d.Popup.Ask(ctx, title, fields...)
	if err != nil {
		return err
	}
	if in.Login == "" {
		in.Login, values = strings.TrimSpace(values[0]), values[1:]
	}
	if in.Password.IsZero() {
		in.Password = keyapi.NewSecret(values[0])
	}
	return nil
}

// post asks the service for a session, with a code if it wants one.
func (d *Desk) post(ctx context.Context, service Service, in Request) (keyapi.Session, error) {
	show := keyapi.SignIn{LoginID: in.Login, Password: in.Password}
	show.OTP, show.RecoveryCode = Code(in.Code)
	session, err := service.SignIn(ctx, show)
	code := keyapi.CodeOf(err)
	if (code == keyapi.CodeOTPRequired || code == keyapi.CodeOTPInvalid) && d.Popup.MayAsk() {
		err = withCode(ctx, d.Popup, func(otp, recovery keyapi.Secret) (err error) {
			show.OTP, show.RecoveryCode = otp, recovery
			session, err = service.SignIn(ctx, show)
			return err
		})
		code = keyapi.CodeOf(err)
	}
	switch code {
	case keyapi.CodeUnauthenticated:
		err = hinted(err, "Check the login and the password, then run the command again.")
	case keyapi.CodeOTPRequired:
		err = hinted(err, "Add the code your authenticator app shows, or a recovery code: --otp CODE")
	}
	return session, err
}

// keep brings a session to rest, the note of it last.
func (d *Desk) keep(ctx context.Context, seat Seat, store secretstore.Store, session keyapi.Session) error {
	if err := store.Put(ctx, seat.slot(), session.Token); err != nil {
		return err
	}
	before, _ := d.Note(seat) // a damaged one tells nothing
	return d.writeNote(seat, Note{
		Store: store.Kind(), At: d.Now().UTC().Truncate(time.Second), ExpiresAt: session.ExpiresAt.UTC(),
		Stale: withoutKind(before.Stale, store.Kind()),
	})
}

func (d *Desk) writeProfile(in Request, useFile bool) error {
	values := []profile.Value{{Name: "server", Text: in.Server}, {Name: "login", Text: in.Login}, {Name: "ca-file", Text: in.CAFile}}
	if useFile {
		values = append(values, profile.Value{Name: "store", Text: "file"})
	}
	err := profile.Write(d.Config, in.Profile, values...)
	if err == nil {
		err = profile.SetCurrent(d.Config, in.Profile)
	}
	if err != nil {
		return &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "You are signed in, but the configuration could not be written", Err: err,
			Hint: "Mend it, then run the same command again.",
		}
	}
	return nil
}

// former is a session that another one takes the place of.
type former struct {
	session keyapi.Secret
	note    Note
}

// formerly reads the session a profile had before. What can't be read can't be ended, and ends on its own.
func (d *Desk) formerly(ctx context.Context, before Seat) former {
	note, err := d.Note(before)
	if err != nil || before.Login == "" || note.Store == "" {
		return former{}
	}
	session, err := d.Session(ctx, before)
	if err != nil {
		d.Log.Debug("the session before this one could not be read", "error", err)
	}
	return former{session, note}
}

// endFormer ends the session a profile had before, at the service and here.
func (d *Desk) endFormer(ctx context.Context, service Service, before, now Seat, f former) {
	if f.note.Store == "" {
		return
	}
	if !f.session.IsZero() && before.Origin == service.Origin() {
		service.SetSession(f.session)
		if err := service.SignOut(ctx); err != nil {
			d.Log.Debug("the session before this one was not ended at the service", "error", err)
		}
	}
	note, err := d.Note(now)
	switch store := d.Keeper.Store(f.note.Store); {
	case before != now:
		_, err = d.Forget(ctx, before)
	case err == nil && store != nil && f.note.Store != note.Store: // else the new session lies in its slot
		err = store.Delete(ctx, before.slot())
	}
	if err != nil {
		d.Log.Debug("the session before this one is still kept here", "error", err)
	}
}
