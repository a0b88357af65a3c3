package accounts_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestSignIn_GivesASession(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	from := accounts.Origin{Address: "192.0.2.1", UserAgent: strings.Repeat("ü", 150)}
	token, session, account, err := w.SignIn(ctx, accounts.SignIn{LoginID: " Ada\n", Password: secret(password)}, from)
	w.must(err)
	if _, err := keyapi.ParseSessionToken(token.Reveal()); err != nil {
		t.Error(err)
	}
	if account.Login != "ada" || session.Login != "ada" || session.Name != "" || session.Allow != nil || session.From != from.Address ||
		session.UserAgent != strings.Repeat("ü", 100) {
		t.Errorf("account %+v, session %+v", account, session)
	}
	if !session.CreatedAt.Equal(w.now()) || !session.ExpiresAt.Equal(w.now().AddDate(0, 0, 30)) || !session.VerifiedAt.Equal(w.now()) {
		t.Errorf("session %+v", session)
	}
	p := w.principal(token)
	if p.Login != "ada" || p.Session.ID != session.ID || p.Pipeline() || !p.Verified || p.Actor() != "ada" || p.Account.Login != "ada" {
		t.Errorf("principal %+v", p)
	}
	again, _ := w.signIn("ada", "")
	if again.Reveal() == token.Reveal() {
		t.Error("two sessions have the same token")
	}
}

// TestSignIn_NobodyLearnsWhichLoginsThereAre: an unknown login is the same answer and the same work as a wrong password.
func TestSignIn_NobodyLearnsWhichLoginsThereAre(t *testing.T) {
	w := newWorld(t)
	w.add("ada", "locked")
	w.must(w.Lock(ctx, "locked"))
	w.must(w.Add(ctx, accounts.NewAccount{Login: "new"})) // no password yet
	var texts []string
	for i, try := range []struct{ login, password string }{
		{"ada", "a wrong password"}, {"nobody", password}, {"nobody", ""}, {"", password}, {"No Such\x00Login!", password}, {"ada", ""},
		{"new", password}, {"new", ""}, {"locked", "a wrong password"}, {"ada", strings.Repeat("x", 5000)},
	} {
		before := w.hashes.Load()
		err := w.try(try.login, try.password, "123456", accounts.Origin{Address: "192.0.2." + string(rune('0'+i))})
		w.want(err, keyapi.CodeUnauthenticated)
		texts = append(texts, err.Error())
		if n := w.hashes.Load() - before; n != 1 {
			t.Errorf("%q: %d hashings, want 1", try.login, n)
		}
	}
	for _, text := range texts {
		if text != "The login or the password is not right" {
			t.Errorf("it says %q", text)
		}
	}
}

func TestSignIn_Locked_IsToldWithTheRightPasswordOnly(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	w.must(w.Lock(ctx, "ada"))
	err := w.try("ada", password, "", home)
	w.want(err, keyapi.CodeUnauthenticated)
	var e *keyapi.Error
	if !errors.As(err, &e) || e.Message != "The account is locked" || e.Hint != "Ask ops@example.org." {
		t.Errorf("it says %q, %q", e.Message, e.Hint)
	}
	w.must(w.Unlock(ctx, "ada"))
	w.want(w.try("ada", password, "", home), "")
}

func TestSignIn_WithMFA(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.want(w.try("ada", "a wrong password", w.code(ada.seed), home), keyapi.CodeUnauthenticated)
	w.want(w.try("ada", "a wrong password", "", home), keyapi.CodeUnauthenticated) // no word of a code
	w.want(w.try("ada", password, "", home), keyapi.CodeOTPRequired)
	for _, wrong := range []string{w.wrongCode(ada.seed), "12345", "1234567", "abcdef", "-"} {
		w.want(w.try("ada", password, wrong, away), map[bool]keyapi.Code{true: keyapi.CodeOTPRequired, false: keyapi.CodeOTPInvalid}[wrong == "-"])
	}
	text := w.code(ada.seed)
	w.want(w.try("ada", password, text[:3]+" "+text[3:], home), "")
	w.want(w.try("ada", password, text, home), keyapi.CodeOTPInvalid) // it is spent
}

func TestSignIn_CodesOfTheStepsAround(t *testing.T) {
	for offset, want := range map[time.Duration]keyapi.Code{
		-60: keyapi.CodeOTPInvalid, -30: "", 0: "", 30: "", 60: keyapi.CodeOTPInvalid,
	} {
		w := newWorld(t)
		ada := w.enroll("ada")
		w.wait(time.Hour)
		at := w.now()
		w.wait(offset * time.Second)
		text := w.code(ada.seed)
		w.wait(at.Sub(w.now()))
		w.want(w.try("ada", password, text, home), want)
	}
}

// TestSignIn_OlderCodes: a code of a step before the newest that was spent does not count, whether it was used or not.
func TestSignIn_OlderCodes(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.wait(time.Hour)
	first := w.code(ada.seed)
	w.wait(30 * time.Second)
	w.want(w.try("ada", password, w.code(ada.seed), home), "")
	for range 8 { // nobody guesses who gives a code that was right: it does not count as a failure
		w.want(w.try("ada", password, first, home), keyapi.CodeOTPInvalid)
	}
	w.wait(30 * time.Second)
	w.want(w.try("ada", password, w.code(ada.seed), home), "")
}

func TestSignIn_FiftyWithTheSameCode_OneGetsIn(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	text, services := w.code(ada.seed), []*accounts.Service{w.Service, w.replica()}
	var in atomic.Int64
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			_, err := services[n%2].Verify(ctx, ada.Principal, secret(text), keyapi.Secret{})
			switch keyapi.CodeOf(err) {
			case "":
				in.Add(1)
			case keyapi.CodeOTPInvalid:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 {
		t.Errorf("%d got in", in.Load())
	}
}

func TestSignIn_RecoveryCode_IsTypedAnyhowAndUsedOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	use := func(code string) error {
		_, _, _, err := w.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password), RecoveryCode: secret(code)}, home)
		return err
	}
	for i, how := range []func(string) string{
		func(s string) string { return s },
		strings.ToUpper,
		func(s string) string { return strings.ReplaceAll(s, "-", "") },
		func(s string) string { return " " + strings.ReplaceAll(s, "-", " - ") + "\n" },
		func(s string) string { return strings.NewReplacer("0", "o", "1", "l").Replace(s) },
		func(s string) string { return strings.NewReplacer("0", "O", "1", "I").Replace(s) },
	} {
		typed := how(ada.recovery[i].Reveal())
		w.want(use(typed), "")
		w.want(use(typed), keyapi.CodeOTPInvalid)
		_, left, err := w.Account(ctx, ada.Principal)
		w.must(err)
		if left != 10-i-1 {
			t.Errorf("%d codes are left after %d", left, i+1)
		}
	}
	w.wantEvent("ada", keyapi.ActionRecoveryCodeUse, "ada", home)
	if n := len(w.told(notice.RecoveryCodeUsed)); n != 6 {
		t.Errorf("%d notices, want 6", n)
	}
}

func TestSignIn_RecoveryCodeOfAnotherAccount_IsNone(t *testing.T) {
	w := newWorld(t)
	w.enroll("ada")
	bob := w.enroll("bob")
	_, _, _, err := w.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password), RecoveryCode: bob.recovery[0]}, home)
	w.want(err, keyapi.CodeOTPInvalid)
}

func TestSignIn_RemovesWhatIsOver(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	old, _ := w.signIn("ada", "")
	w.want(w.try("nobody", password, "", away), keyapi.CodeUnauthenticated)
	w.wait(31 * 24 * time.Hour)
	w.signIn("ada", "")
	_, err := w.Authenticate(ctx, old)
	w.want(err, keyapi.CodeUnauthenticated)
	w.must(w.db.Close())
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "keys.db"))
	w.must(err)
	defer func() { _ = db.Close() }()
	var sessions, attempts int
	w.must(db.QueryRow("SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM attempts)").Scan(&sessions, &attempts))
	if sessions != 1 || attempts != 0 {
		t.Errorf("%d sessions and %d counts of failures are stored", sessions, attempts)
	}
}

// TestSignIn_PasswordSetMeanwhile: who gave the old password while the new one was set does not get in.
func TestSignIn_PasswordSetMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	other := w.replica()
	w.CheapHashing(func() {
		if err := other.SetPassword(ctx, "ada", secret("another long password")); err != nil {
			t.Error(err)
		}
	})
	w.want(w.try("ada", password, "", home), keyapi.CodeUnauthenticated)
	w.want(w.try("ada", "another long password", "", home), keyapi.CodeUnauthenticated) // it is set once more: another hash
	w.Service = w.replica()
	w.want(w.try("ada", "another long password", "", home), "")
}

func TestVerify_CountsForFifteenMinutes(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.wait(15 * time.Minute)
	p := w.principal(ada.token)
	if p.Verified {
		t.Fatal("it is still verified")
	}
	w.want(p.RequireVerified(), keyapi.CodeOTPRequired)
	_, err := w.Verify(ctx, p, keyapi.Secret{}, keyapi.Secret{})
	w.want(err, keyapi.CodeOTPRequired)
	_, err = w.Verify(ctx, p, secret(w.wrongCode(ada.seed)), keyapi.Secret{})
	w.want(err, keyapi.CodeOTPInvalid)
	until, err := w.Verify(ctx, p, secret(w.code(ada.seed)), keyapi.Secret{})
	w.must(err)
	if !until.Equal(w.now().Add(15 * time.Minute)) {
		t.Errorf("until %v", until)
	}
	for _, step := range []struct {
		wait time.Duration
		want bool
	}{{0, true}, {15*time.Minute - time.Microsecond, true}, {time.Microsecond, false}} {
		w.wait(step.wait)
		if got := w.principal(ada.token).Verified; got != step.want {
			t.Errorf("%v before the end: verified %v", until.Sub(w.now()), got)
		}
	}
	_, err = w.Verify(ctx, p, keyapi.Secret{}, ada.recovery[3])
	w.must(err)
	if !w.principal(ada.token).Verified {
		t.Error("a recovery code does not verify")
	}
}

func TestVerify_WithoutMFA_AsksForThePasswordInstead(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, p := w.signIn("ada", "")
	w.want(p.RequireVerified(), "")
	_, err := w.Verify(ctx, p, secret("123456"), keyapi.Secret{})
	w.want(err, keyapi.CodeMFANotEnabled)
	w.wait(15 * time.Minute)
	p = w.principal(token)
	w.want(p.RequireVerified(), keyapi.CodeUnauthenticated)
	_, _, err = w.BeginMFA(ctx, p)
	w.want(err, keyapi.CodeUnauthenticated)
}
