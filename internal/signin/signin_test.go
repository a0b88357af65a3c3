package signin_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/internal/secretstore/storefake"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const server = "https://keys.example"

var (
	now  = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	ada  = signin.Seat{Server: server, Origin: server, Login: "ada"}
	ends = now.Add(30 * 24 * time.Hour)
)

// bench is a desk with a service, stores and a person around it at hand.
type bench struct {
	*signin.Desk
	t             *testing.T
	keyring, file *storefake.Store
	journal       []string
	notices       []string

	mayAsk  bool
	answers [][]string // of the forms, in turn
	titles  []string
	confirm error

	otp      string // the code the service wants, "" = none
	session  string // the session the calls show
	live     []string
	outFails error
	inFails  error  // how signing in ends, nil = as it should
	posted   func() // what happens once the service has given a session; nil = nothing
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, mayAsk: true}
	b.keyring, b.file = storefake.New(secretstore.KindKeyring, &b.journal), storefake.New(secretstore.KindFile, &b.journal)
	notice := func(text string) { b.notices = append(b.notices, text) }
	b.Desk = &signin.Desk{
		Keeper: keeping.Keeper{Choice: keeping.ChooseAuto, Keyring: b.keyring, File: b.file, Popup: b, Notice: notice},
		Popup:  b, Data: t.TempDir(), Config: t.TempDir(), Now: func() time.Time { return now }, Notice: notice,
		Log: slog.New(slog.DiscardHandler),
	}
	return b
}

func (b *bench) MayAsk() bool { return b.mayAsk }

func (b *bench) Confirm(context.Context, popup.Question) error {
	b.journal = append(b.journal, "confirm")
	return b.confirm
}

func (b *bench) Ask(_ context.Context, title string, fields ...popup.Field) ([]string, error) {
	b.journal = append(b.journal, "ask")
	b.titles = append(b.titles, title)
	if !b.mayAsk || len(b.answers) == 0 {
		return nil, keyapi.Errorf(keyapi.CodeCancelled, "Cancelled. Nothing was changed.", "")
	}
	values := b.answers[0]
	b.answers = b.answers[1:]
	if len(values) != len(fields) {
		b.t.Fatalf("%q asked for %d fields", title, len(fields))
	}
	return values, nil
}

func (b *bench) Origin() string             { return server }
func (b *bench) SetSession(s keyapi.Secret) { b.session = s.Reveal() }

func (b *bench) SignIn(_ context.Context, in keyapi.SignIn) (keyapi.Session, error) {
	b.journal = append(b.journal, "post")
	switch {
	case b.inFails != nil:
		return keyapi.Session{}, b.inFails
	case in.Password.Reveal() != "right":
		return keyapi.Session{}, keyapi.Errorf(keyapi.CodeUnauthenticated, "wrong", "")
	case b.otp != "" && in.OTP.IsZero() && in.RecoveryCode.IsZero():
		return keyapi.Session{}, keyapi.Errorf(keyapi.CodeOTPRequired, "code", "")
	case b.otp != "" && in.OTP.Reveal() != b.otp && in.RecoveryCode.Reveal() != "reco-very":
		return keyapi.Session{}, keyapi.Errorf(keyapi.CodeOTPInvalid, "code", "")
	}
	token := "aps_" + in.LoginID + string(rune('1'+len(b.live)))
	b.live = append(b.live, token)
	if b.posted != nil {
		b.posted()
	}
	return keyapi.Session{Token: keyapi.NewSecret(token), ExpiresAt: ends, MFAEnabled: b.otp != ""}, nil
}

func (b *bench) SignOut(context.Context) error {
	b.journal = append(b.journal, "end "+b.session)
	if b.outFails != nil {
		return b.outFails
	}
	i := slices.Index(b.live, b.session)
	if i < 0 {
		return keyapi.Errorf(keyapi.CodeUnauthenticated, "over", "")
	}
	b.live[i] = ""
	return nil
}

func (b *bench) request() signin.Request {
	return signin.Request{Profile: "keys", Server: server, Login: "ada", Password: keyapi.NewSecret("right")}
}

func (b *bench) signIn(in signin.Request) (signin.Result, error) {
	return b.Desk.SignIn(context.Background(), b, in)
}

func (b *bench) mustSignIn(in signin.Request) signin.Result {
	b.t.Helper()
	out, err := b.signIn(in)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) wantCode(err error, want keyapi.Code) {
	b.t.Helper()
	if keyapi.CodeOf(err) != want {
		b.t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, want)
	}
}

// untouched checks that nothing is left of signing in.
func (b *bench) untouched() {
	b.t.Helper()
	if len(b.keyring.Kept)+len(b.file.Kept) > 0 {
		b.t.Error("a session is kept")
	}
	for _, pattern := range []string{filepath.Join(b.Data, "accounts", "*", "*.json"), filepath.Join(b.Config, "*")} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			b.t.Errorf("left: %v", found)
		}
	}
	for _, token := range b.live {
		if token != "" {
			b.t.Error("a session lives on that nobody has")
		}
	}
}

func TestSignIn_TheOrder(t *testing.T) {
	b := newBench(t)
	b.answers = [][]string{{"ada", "right"}}
	out := b.mustSignIn(signin.Request{Profile: "keys", Server: server, CAFile: "/ca.pem"})
	if got := strings.Join(b.journal, ", "); got != "keyring probe, ask, post, keyring put" {
		t.Errorf("order: %s", got)
	}
	if want := (signin.Result{Login: "ada", ExpiresAt: ends, Store: secretstore.KindKeyring}); out != want {
		t.Errorf("got %+v", out)
	}
	config, err := os.ReadFile(filepath.Join(b.Config, "config.yaml"))
	want := "profiles:\n  keys:\n    server: https://keys.example\n    login: ada\n    ca-file: /ca.pem\ncurrent: keys\n"
	if err != nil || string(config) != want {
		t.Errorf("%v\n%s", err, config)
	}
	session, err := b.Session(context.Background(), ada)
	if err != nil || session.Reveal() != "aps_ada1" || b.session != "aps_ada1" {
		t.Errorf("%v", err)
	}
	note, err := b.Note(ada)
	if err != nil || !reflect.DeepEqual(note, signin.Note{Store: secretstore.KindKeyring, At: now, ExpiresAt: ends}) {
		t.Errorf("note %+v, %v", note, err)
	}
}

func TestSignIn_AsksOnlyForWhatIsMissing(t *testing.T) {
	b := newBench(t)
	b.answers = [][]string{{"right"}}
	in := b.request()
	in.Password = keyapi.Secret{}
	b.mustSignIn(in)
	if got := strings.Join(b.titles, "|"); got != "Sign in to https://keys.example as ada" {
		t.Errorf("asked %q", got)
	}
}

func TestSignIn_Code(t *testing.T) {
	for _, test := range []struct {
		name    string
		given   string
		answers []string
		code    keyapi.Code
		asked   int
	}{
		{"given", "123456", nil, "", 0},
		{"given with blanks", "123 456", nil, "", 0},
		{"asked", "", []string{"123456"}, "", 1},
		{"recovery code", "", []string{"reco-very"}, "", 1},
		{"wrong at first", "", []string{"000000", "123456"}, "", 2},
		{"wrong on the command line", "000000", []string{"123456"}, "", 1},
		{"wrong three times", "", []string{"000000", "000001", "000002", "123456"}, keyapi.CodeOTPInvalid, 3},
		{"cancelled", "", nil, keyapi.CodeCancelled, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.otp = "123456"
			for _, answer := range test.answers {
				b.answers = append(b.answers, []string{answer})
			}
			in := b.request()
			in.Code = test.given
			_, err := b.signIn(in)
			b.wantCode(err, test.code)
			if len(b.titles) != test.asked {
				t.Errorf("asked %q", b.titles)
			}
			if test.code != "" {
				b.untouched()
			}
		})
	}
}

func TestSignIn_WhereNobodyCanBeAsked(t *testing.T) {
	b := newBench(t)
	b.mayAsk = false
	_, err := b.signIn(signin.Request{Profile: "keys", Server: server, Login: "ada"})
	b.wantCode(err, keyapi.CodeUsage)
	_, err = b.signIn(signin.Request{Profile: "keys", Server: server, Password: keyapi.NewSecret("right")})
	b.wantCode(err, keyapi.CodeUsage)
	if len(b.journal) > 0 {
		t.Errorf("done before it was refused: %v", b.journal)
	}
	b.otp = "123456"
	_, err = b.signIn(b.request())
	b.wantCode(err, keyapi.CodeOTPRequired)
	b.untouched()
	in := b.request()
	in.Code = "123456"
	b.mustSignIn(in)
}

func TestSignIn_ThatFails_LeavesNothing(t *testing.T) {
	for name, break_ := range map[string]func(*bench, *signin.Request) keyapi.Code{
		"password": func(_ *bench, in *signin.Request) keyapi.Code {
			in.Password = keyapi.NewSecret("wrong")
			return keyapi.CodeUnauthenticated
		},
		"store not ready": func(b *bench, _ *signin.Request) keyapi.Code {
			b.keyring.Fails["probe"] = keyapi.Errorf(keyapi.CodeStoreLocked, "locked", "")
			return keyapi.CodeStoreLocked
		},
		"store fails late": func(b *bench, _ *signin.Request) keyapi.Code {
			b.keyring.Fails["put"] = keyapi.Errorf(keyapi.CodeStoreFailed, "failed", "")
			return keyapi.CodeStoreFailed
		},
		"store none": func(b *bench, _ *signin.Request) keyapi.Code {
			b.Keeper.Choice = keeping.ChooseNone
			return keyapi.CodeUsage
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			in := b.request()
			want := break_(b, &in)
			_, err := b.signIn(in)
			b.wantCode(err, want)
			b.untouched()
		})
	}
}

// TestSignIn_ThatIsNotAnswered_PromisesNothing: no record is kept of signing in, so the next run finds out nothing.
func TestSignIn_ThatIsNotAnswered_PromisesNothing(t *testing.T) {
	b := newBench(t)
	b.inFails = keyapi.Errorf(keyapi.CodeOutcomeUnknown, "no answer", "")
	_, err := b.signIn(b.request())
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	var e *keyapi.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "apikey session list") {
		t.Errorf("%v: hint %q", err, e.Hint)
	}
	b.untouched()
}

func TestSignIn_WithoutAKeyring_APersonChoosesTheFile_ForThisProfile(t *testing.T) {
	b := newBench(t)
	b.keyring.Fails["probe"] = keyapi.Errorf(keyapi.CodeStoreUnavailable, "none", "")
	b.mustSignIn(b.request())
	if got := strings.Join(b.journal, ", "); got != "keyring probe, confirm, file probe, post, file put" {
		t.Errorf("order: %s", got)
	}
	config, err := os.ReadFile(filepath.Join(b.Config, "config.yaml"))
	if err != nil || !strings.Contains(string(config), "  keys:\n    server: https://keys.example\n    login: ada\n    store: file\n") {
		t.Errorf("%v\n%s", err, config)
	}
}

func TestSignIn_Again_EndsTheSessionBefore(t *testing.T) {
	for _, login := range []string{"ada", "bob"} {
		b := newBench(t)
		b.mustSignIn(b.request())
		in := b.request()
		in.Login, in.Before = login, ada
		b.mustSignIn(in)
		if b.live[0] != "" || b.live[1] == "" || b.session != b.live[1] {
			t.Errorf("%s: live %q, the calls show %q", login, b.live, b.session)
		}
		if len(b.keyring.Kept) != 1 {
			t.Errorf("%s: %d sessions are kept", login, len(b.keyring.Kept))
		}
		seat := ada
		seat.Login = login
		if session, err := b.Session(context.Background(), seat); err != nil || session.Reveal() != b.live[1] {
			t.Errorf("%s: %v", login, err)
		}
	}
}

// TestSignIn_Again_ByAnotherAddressOfTheSameService_KeepsTheNewSession: the two have one slot.
func TestSignIn_Again_ByAnotherAddressOfTheSameService_KeepsTheNewSession(t *testing.T) {
	b := newBench(t)
	b.mustSignIn(b.request())
	in := b.request()
	in.Server, in.Before = server+"/", ada
	b.mustSignIn(in)
	if session, err := b.Session(context.Background(), ada); err != nil || session.Reveal() != b.live[1] || b.live[0] != "" {
		t.Errorf("%v; live: %q", err, b.live)
	}
}

// TestSignIn_CapitalsDoNotMatter: as for the service. What is kept of the account is found by its one name.
func TestSignIn_CapitalsDoNotMatter(t *testing.T) {
	b := newBench(t)
	for _, typed := range []string{"", "Ada "} {
		in := b.request()
		in.Login = typed
		if typed == "" {
			in.Password, b.answers = keyapi.Secret{}, [][]string{{" ADA", "right"}}
		}
		if out := b.mustSignIn(in); out.Login != "ada" {
			t.Errorf("signed in as %q", out.Login)
		}
		if _, err := b.Session(context.Background(), ada); err != nil {
			t.Error(err)
		}
	}
}

// killing is a store in whose Put the program is killed: the session is in it, and nothing more is done.
type killing struct{ *storefake.Store }

func (s killing) Put(ctx context.Context, slot secretstore.Slot, secret keyapi.Secret) error {
	_ = s.Store.Put(ctx, slot, secret)
	panic("killed")
}

// TestSignIn_ThatIsKilled_LeavesNoSessionOfWhichNothingTells: the next sign-in, a move and signing out find it.
func TestSignIn_ThatIsKilled_LeavesNoSessionOfWhichNothingTells(t *testing.T) {
	for name, after := range map[string]func(b *bench) error{
		"sign out": func(b *bench) error { _, err := b.SignOutOf(ada); return err },
		"sign in to another store": func(b *bench) error {
			b.Keeper.Choice = keeping.ChooseFile
			_, err := b.signIn(b.request())
			return err
		},
		"move": func(b *bench) error {
			r := signin.Rest{Desk: b.Desk, Seat: ada}
			_, err := r.Copy(context.Background(), b.file)
			_, clearErr := r.Clear(context.Background())
			return errors.Join(err, clearErr)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Keeper.Keyring = killing{b.keyring}
			func() {
				defer func() { _ = recover() }()
				_, _ = b.signIn(b.request())
			}()
			b.Keeper.Keyring = b.keyring
			if _, err := b.Session(context.Background(), ada); len(b.keyring.Kept) != 1 || keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
				t.Fatalf("kept %v, %v", b.keyring.Kept, err)
			}
			if err := after(b); err != nil || len(b.keyring.Kept) != 0 {
				t.Errorf("%v, kept %v", err, b.keyring.Kept)
			}
		})
	}
}

// lock holds the lock of ada's account, as another apikey that moves or makes something does.
func (b *bench) lock() (release func()) {
	b.t.Helper()
	dir := keeping.AccountDir(b.Data, ada.Origin, ada.Login)
	held := make(chan struct{})
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		err := keeping.UnderLock(context.Background(), dir, b.Log, func(bool) error {
			close(held)
			<-done
			return nil
		})
		if err != nil {
			b.t.Error(err)
		}
	}()
	<-held
	return func() { close(done); <-ended }
}

// TestSignIn_WaitsForWhoeverIsAtWorkOnTheAccount: a move would take the new session for the one it has copied, and erase
// it. Who does not wait any longer leaves nothing.
func TestSignIn_WaitsForWhoeverIsAtWorkOnTheAccount(t *testing.T) {
	b := newBench(t)
	release := b.lock()
	ctx, interrupt := context.WithCancel(context.Background())
	b.posted = interrupt
	if _, err := b.Desk.SignIn(ctx, b, b.request()); !errors.Is(err, context.Canceled) {
		t.Errorf("signed in under the hands of another: %v", err)
	}
	b.untouched()
	release()
	if _, err := b.Desk.SignIn(ctx, b, b.request()); err != nil { // free: the interrupt came too late
		t.Error(err)
	}
}

func TestForget_WaitsForWhoeverIsAtWorkOnTheAccount(t *testing.T) {
	b := newBench(t)
	b.mustSignIn(b.request())
	release := b.lock()
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	if _, err := b.Forget(ctx, ada); !errors.Is(err, context.Canceled) {
		t.Errorf("forgotten under the hands of another: %v", err)
	}
	if len(b.keyring.Kept) != 1 {
		t.Error("it is gone")
	}
	release()
	if changed, err := b.Forget(ctx, ada); err != nil || !changed || len(b.keyring.Kept) != 0 {
		t.Errorf("%v %v", changed, err)
	}
}

// TestSignIn_ToAnotherStore_LeavesNoCopyInTheOneBefore: a store that does not let go stays noted, and signing out empties it.
func TestSignIn_ToAnotherStore_LeavesNoCopyInTheOneBefore(t *testing.T) {
	for _, fails := range []bool{false, true} {
		b := newBench(t)
		b.mustSignIn(b.request())
		b.Keeper.Choice = keeping.ChooseFile
		if fails {
			b.keyring.Fails["delete"] = keyapi.Errorf(keyapi.CodeStoreLocked, "locked", "")
		}
		in := b.request()
		in.Before = ada
		b.mustSignIn(in)
		if got := len(b.keyring.Kept) == 1; got != fails || len(b.file.Kept) != 1 || b.live[0] != "" || b.live[1] == "" {
			t.Errorf("kept: %v and %v; live: %q", b.keyring.Kept, b.file.Kept, b.live)
		}
		delete(b.keyring.Fails, "delete")
		if _, err := b.SignOutOf(ada); err != nil || len(b.keyring.Kept)+len(b.file.Kept) != 0 {
			t.Errorf("%v; kept: %v and %v", err, b.keyring.Kept, b.file.Kept)
		}
	}
}

func TestSignOut(t *testing.T) {
	unreachable := keyapi.Errorf(keyapi.CodeUnreachable, "no answer", "")
	for _, test := range []struct {
		name    string
		prepare func(*bench)
		notices int
	}{
		{"plain", func(*bench) {}, 0},
		{"the service is away", func(b *bench) { b.outFails = unreachable }, 1},
		{"over already", func(b *bench) { b.live[0] = "" }, 0},
		{"lost by the store", func(b *bench) { clear(b.keyring.Kept) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.mustSignIn(b.request())
			test.prepare(b)
			changed, err := b.SignOutOf(ada)
			if err != nil || !changed || len(b.notices) != test.notices {
				t.Errorf("changed %v, %v, notices %q", changed, err, b.notices)
			}
			_, err = b.Session(context.Background(), ada)
			b.wantCode(err, keyapi.CodeUnauthenticated)
			if len(b.keyring.Kept) > 0 {
				t.Error("it is still kept")
			}
			if changed, err := b.SignOutOf(ada); err != nil || changed {
				t.Errorf("again: changed %v, %v", changed, err)
			}
		})
	}
}

// SignOutOf signs out of a seat at the bench's service.
func (b *bench) SignOutOf(s signin.Seat) (bool, error) {
	return b.Desk.SignOut(context.Background(), b, s)
}

func TestSignOut_FromAStoreThatCannotBeOpened_ChangesNothing(t *testing.T) {
	b := newBench(t)
	b.mustSignIn(b.request())
	b.keyring.Fails["get"] = keyapi.Errorf(keyapi.CodeStoreLocked, "locked", "")
	_, err := b.SignOutOf(ada)
	b.wantCode(err, keyapi.CodeStoreLocked)
	if len(b.keyring.Kept) != 1 || b.live[0] == "" {
		t.Error("it is half gone")
	}
}

func TestSession_IsBoundToOriginAndLogin(t *testing.T) {
	b := newBench(t)
	b.mustSignIn(b.request())
	b.journal = nil
	for _, other := range []signin.Seat{
		{Server: "https://other.example", Origin: "https://other.example", Login: "ada"},
		{Server: server, Origin: server, Login: "bob"},
		{Server: server, Origin: server},
	} {
		_, err := b.Session(context.Background(), other)
		b.wantCode(err, keyapi.CodeUnauthenticated)
	}
	if len(b.journal) > 0 {
		t.Errorf("a store was opened to find that there is nothing: %v", b.journal)
	}
}

func TestGiven_OnlyForAServerThatWasNamed(t *testing.T) {
	session := keyapi.NewSecret("aps_ci")
	got, err := signin.Given(ada, session, true)(context.Background())
	if err != nil || got.Reveal() != "aps_ci" {
		t.Errorf("%v", err)
	}
	got, err = signin.Given(ada, session, false)(context.Background())
	if keyapi.CodeOf(err) != keyapi.CodeUnauthenticated || !got.IsZero() {
		t.Errorf("%v", err)
	}
}

func TestFresh(t *testing.T) {
	wanted := keyapi.Errorf(keyapi.CodeOTPRequired, "code", "")
	invalid := keyapi.Errorf(keyapi.CodeOTPInvalid, "code", "")
	for _, test := range []struct {
		name    string
		mayAsk  bool
		answers []string
		code    keyapi.Code
		runs    int
	}{
		{"right", true, []string{"123456"}, "", 2},
		{"right at last", true, []string{"1", "2", "123456"}, "", 2},
		{"never right", true, []string{"1", "2", "3", "123456"}, keyapi.CodeOTPInvalid, 1},
		{"cancelled", true, nil, keyapi.CodeCancelled, 1},
		{"nobody there", false, nil, keyapi.CodeOTPRequired, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.mayAsk = test.mayAsk
			for _, answer := range test.answers {
				b.answers = append(b.answers, []string{answer})
			}
			verified, runs := false, 0
			fresh := signin.Fresh{Popup: b, Seat: ada, Show: func(_ context.Context, otp, _ keyapi.Secret) error {
				if otp.Reveal() != "123456" {
					return invalid
				}
				verified = true
				return nil
			}}
			err := fresh.Do(context.Background(), func() error {
				runs++
				if !verified {
					return wanted
				}
				return nil
			})
			b.wantCode(err, test.code)
			if runs != test.runs {
				t.Errorf("%d runs", runs)
			}
		})
	}
}

func TestProfileFor(t *testing.T) {
	dir := t.TempDir()
	for name, address := range map[string]string{"sandbox": "https://Sandbox.Example:443/api", "keys-example": "https://elsewhere.example"} {
		if err := profile.Write(dir, name, profile.Value{Name: "server", Text: address}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		named, server, want string
		code                keyapi.Code
	}{
		{"", "https://new.example", "new-example", ""},
		{"", "https://NEW.example:8443", "new-example", ""},
		{"", "https://sandbox.example", "sandbox", ""},
		{"", "https://keys.example", "keys-example-2", ""},
		{"", "http://127.0.0.1:8750", "127-0-0-1", ""},
		{"", "http://[::1]:8750", "1", ""},
		{"", "https://a-very-long-name-of-a-host.department.company.example", "a-very-long-name-of-a-host-de", ""},
		{"", "https://local", "local-2", ""},
		{"mine", "https://new.example", "mine", ""},
		{"mine", "https://sandbox.example", "mine", ""},
		{"sandbox", "https://sandbox.example/other", "sandbox", ""},
		{"sandbox", "https://new.example", "", keyapi.CodeUsage},
		{"local", "https://new.example", "", keyapi.CodeUsage},
		{"", "http://new.example", "", keyapi.CodeUsage},
		{"", "new.example", "", keyapi.CodeUsage},
	} {
		got, err := signin.ProfileFor(dir, test.named, test.server)
		if got != test.want || keyapi.CodeOf(err) != test.code {
			t.Errorf("%q %s: %q, %v", test.named, test.server, got, err)
		}
		if test.code == "" && !profile.ValidName(got) {
			t.Errorf("%q is not the name of a profile", got)
		}
	}
}
