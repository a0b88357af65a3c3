package signin

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/failpoint"
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
	in.Login = keyapi.CanonicalLogin(in.Login) // what is kept here is found by it
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
	// From here on there is a session: an interrupt ends the wait for others, and comes not between it and its rest.
	rest := context.WithoutCancel(ctx)
	before := d.former(rest, in.Before) // may ask a person, so not under the lock
	var written error
	if err := d.underLock(ctx, seat, func() error {
		if err := d.keep(rest, seat, store, session); err != nil {
			return err
		}
		written = d.writeProfile(in, useFile)
		return nil
	}); err != nil {
		d.end(rest, service, session.Token)
		return Result{}, err
	}
	if written != nil {
		return Result{}, written
	}
	if !before.IsZero() && in.Before.Origin == service.Origin() {
		d.end(rest, service, before)
	}
	if in.Before.slot() != seat.slot() { // the address may be written another way
		if _, err := d.Forget(ctx, in.Before); err != nil {
			d.Log.Debug("the session before this one is still kept here", "error", err)
		}
	}
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
		fields = append(fields, popup.Field{Title: "Login", Validate: popup.NotEmpty})
	} else {
		title += " as " + in.Login
	}
	if in.Password.IsZero() {
		fields = append(fields, popup.Field{Title: "Password", Secret: true, Validate: popup.NotEmpty})
	}
	values, err := d.Popup.Ask(ctx, title, fields...)
	if err != nil {
		return err
	}
	if in.Login == "" {
		in.Login, values = keyapi.CanonicalLogin(values[0]), values[1:]
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
	case keyapi.CodeOutcomeUnknown: // signing in has no record to find out by, and needs none
		err = hinted(err, "You are not signed in here. Run the command again. A session that was made all the same is in: apikey session list")
	}
	return session, err
}

// keep brings a session to rest, under the lock of its account: the note of it, and then the end of what rests elsewhere.
func (d *Desk) keep(ctx context.Context, seat Seat, store secretstore.Store, session keyapi.Session) error {
	before, _ := d.Note(seat) // a damaged one tells nothing
	if err := d.put(ctx, seat, before, store, session.Token); err != nil {
		return err
	}
	after := Note{
		Store: store.Kind(), At: d.Now().UTC().Truncate(time.Second), ExpiresAt: session.ExpiresAt.UTC(),
		Stale: withoutKind(before.stores(), store.Kind()),
	}
	if err := d.writeNote(seat, after); err != nil {
		return err
	}
	d.removeStale(ctx, seat, after)
	return nil
}

// put puts a session into a store. Before it is there the note tells of it: whatever happens, no session is in a store of
// which nothing tells.
func (d *Desk) put(ctx context.Context, seat Seat, before Note, to secretstore.Store, session keyapi.Secret) error {
	if to.Kind() == before.Store {
		return to.Put(ctx, seat.slot(), session)
	}
	marked := before
	marked.Stale = withKind(before.Stale, to.Kind())
	if err := d.writeNote(seat, marked); err != nil {
		return err
	}
	failpoint.Hit("session-noted")
	err := to.Put(ctx, seat.slot(), session)
	if err != nil && to.Delete(ctx, seat.slot()) == nil && keyapi.CodeOf(err) != keyapi.CodeStoreTimeout {
		err = errors.Join(err, d.writeNote(seat, before))
	}
	failpoint.Hit("session-put")
	return err
}

// removeStale removes the former session from where the one that is noted does not rest. What a store does not let go
// of stays noted.
func (d *Desk) removeStale(ctx context.Context, seat Seat, n Note) {
	var left []secretstore.Kind
	for _, kind := range n.Stale {
		store := d.Keeper.Store(kind)
		if store == nil {
			continue
		}
		if err := store.Delete(ctx, seat.slot()); err != nil {
			d.Log.Debug("the session before this one is still kept here", "error", err)
			left = append(left, kind)
		}
	}
	if len(left) == len(n.Stale) {
		return
	}
	n.Stale = left
	if err := d.writeNote(seat, n); err != nil {
		d.Log.Debug("the note of the session keeps what is removed", "error", err)
	}
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

// former reads the session a profile had before; the zero Secret if there is none. What can't be read can't be ended, and
// ends on its own.
func (d *Desk) former(ctx context.Context, before Seat) keyapi.Secret {
	session, err := d.Session(ctx, before)
	if err != nil {
		d.Log.Debug("there is no session before this one that can be read", "error", err)
	}
	return session
}

// end ends a session at its service, if that can be done.
func (d *Desk) end(ctx context.Context, service Service, session keyapi.Secret) {
	service.SetSession(session)
	if err := service.SignOut(ctx); err != nil {
		d.Log.Debug("a session was not ended at the service", "error", err)
	}
}
