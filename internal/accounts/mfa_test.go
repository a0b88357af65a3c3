package accounts_test

import (
	"encoding/base32"
	"net/url"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestStepOf_RFC6238 has the vectors of RFC 6238, appendix B: those have eight digits, of which ours are the last six.
func TestStepOf_RFC6238(t *testing.T) {
	seed := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for _, off := range []int64{-30, 0, 30} {
			step, found := accounts.StepOf(code, seed, time.Unix(at+off, 0))
			if !found || step != at/30 {
				t.Errorf("%d%+d: %d, %v, want step %d", at, off, step, found, at/30)
			}
		}
		for _, off := range []int64{-60, 60} {
			if step, found := accounts.StepOf(code, seed, time.Unix(at+off, 0)); found && at+off >= 0 {
				t.Errorf("%d%+d: found in step %d", at, off, step)
			}
		}
	}
}

func TestMFA_IsSetUp(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	before := w.giveKey("ada")
	token, p := w.signIn("ada", "")
	seed, uri, err := w.BeginMFA(ctx, p)
	w.must(err)
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed.Reveal())
	if err != nil || len(raw) != 20 {
		t.Errorf("the seed has %d bytes, %v", len(raw), err)
	}
	u, err := url.Parse(uri.Reveal())
	w.must(err)
	q := u.Query()
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Example Service:ada" || q.Get("secret") != seed.Reveal() ||
		q.Get("issuer") != "Example Service" || q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
		t.Errorf("the address is %s", uri.Reveal())
	}
	if w.account("ada").MFAEnabled {
		t.Error("it is on before a code was given")
	}
	text := w.code(seed.Reveal())
	codes, err := w.ConfirmMFA(ctx, p, secret(text), away)
	w.must(err)
	form, seen := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$`), map[string]bool{}
	for _, c := range codes {
		if !form.MatchString(c.Reveal()) || seen[c.Reveal()] {
			t.Errorf("recovery code %q", c.Reveal())
		}
		seen[c.Reveal()] = true
	}
	if len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	w.wantKey("ada", before, false)
	w.wantEvent("ada", keyapi.ActionMFAEnable, "ada", away)
	if n := w.told(notice.MFAEnabled); len(n) != 1 || n[0].From != away.Address {
		t.Errorf("notices %+v", n)
	}
	p = w.principal(token)
	if !p.Verified || !p.Account.MFAEnabled {
		t.Errorf("principal %+v", p)
	}
	w.want(w.try("ada", password, text, home), keyapi.CodeOTPInvalid) // the enrolment code is spent
	_, _, err = w.BeginMFA(ctx, p)
	w.want(err, keyapi.CodeMFAAlreadyEnabled)
	_, err = w.ConfirmMFA(ctx, p, secret(text), home)
	w.want(err, keyapi.CodeMFAAlreadyEnabled)
}

func TestMFA_BeginningAgain_TakesAnotherSeed(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	_, p := w.signIn("ada", "")
	_, err := w.ConfirmMFA(ctx, p, secret("123456"), home)
	w.want(err, keyapi.CodeInvalidRequest)
	first, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	second, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(first.Reveal())), home)
	w.want(err, keyapi.CodeOTPInvalid)
	_, err = w.ConfirmMFA(ctx, p, keyapi.Secret{}, home)
	w.want(err, keyapi.CodeOTPRequired)
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(second.Reveal())), home)
	w.want(err, "")
}

// TestMFA_OtherSessionsHaveOnlyThePassword: turning it on must not make a session verified that never gave a code.
func TestMFA_OtherSessionsHaveOnlyThePassword(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	other, _ := w.signIn("ada", "")
	_, p := w.signIn("ada", "")
	pipeline, _, err := w.CreatePipelineSession(ctx, p, "ci", nil, time.Hour, home)
	w.must(err)
	seed, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(seed.Reveal())), home)
	w.must(err)
	w.want(w.principal(other).RequireVerified(), keyapi.CodeOTPRequired)
	w.want(w.principal(pipeline).RequireVerified(), keyapi.CodeOTPRequired)
}

func TestMFA_SeedsOpenForTheirAccountOnly(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	var sealed []byte
	w.must(w.db.Read(ctx, func(r store.Reader) error {
		c, err := r.Credentials("ada")
		sealed = c.Seed
		return err
	}))
	plain, err := w.OpenSeed(sealed, "ada")
	if err != nil || base32.StdEncoding.EncodeToString(plain) != ada.seed {
		t.Errorf("it does not open: %v", err)
	}
	if _, err := w.OpenSeed(sealed, "bob"); err == nil {
		t.Error("it opens for another account")
	}
	sealed[len(sealed)-1] ^= 1
	for _, broken := range [][]byte{sealed, sealed[:5], nil} {
		if _, err := w.OpenSeed(broken, "ada"); err == nil {
			t.Error("it opens though it is damaged")
		}
	}
}

func TestNewRecoveryCodes_ReplaceTheOthers(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	codes, err := w.NewRecoveryCodes(ctx, ada.Principal, away)
	w.must(err)
	w.wantEvent("ada", keyapi.ActionRecoveryCodes, "ada", away)
	_, err = w.Verify(ctx, ada.Principal, keyapi.Secret{}, ada.recovery[0])
	w.want(err, keyapi.CodeOTPInvalid)
	_, err = w.Verify(ctx, ada.Principal, keyapi.Secret{}, codes[0])
	w.want(err, "")
	w.wait(15 * time.Minute)
	_, err = w.NewRecoveryCodes(ctx, w.principal(ada.token), home)
	w.want(err, keyapi.CodeOTPRequired)

	w.add("bob")
	_, bob := w.signIn("bob", "")
	_, err = w.NewRecoveryCodes(ctx, bob, home)
	w.want(err, keyapi.CodeMFANotEnabled)
}

func TestDisableMFA(t *testing.T) {
	for name, code := range map[string]func(w *world, p person) string{
		"one-time code": func(w *world, p person) string { return w.code(p.seed) },
		"recovery code": func(_ *world, p person) string { return p.recovery[9].Reveal() },
	} {
		w := newWorld(t)
		ada := w.enroll("ada")
		before := w.giveKey("ada")
		pipeline, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
		w.must(err)
		other, _ := w.signIn("ada", w.code(ada.seed))
		w.wait(time.Hour) // it takes its own code: none of the last 15 minutes is needed
		p := w.principal(ada.token)

		w.want(w.DisableMFA(ctx, p, secret(wrong), secret(code(w, ada)), home), keyapi.CodeUnauthenticated)
		w.want(w.DisableMFA(ctx, p, secret(password), keyapi.Secret{}, home), keyapi.CodeOTPRequired)
		w.want(w.DisableMFA(ctx, p, secret(password), secret(w.wrongCode(ada.seed)), home), keyapi.CodeOTPInvalid)
		w.want(w.DisableMFA(ctx, p, secret(password), secret("aaaaa-aaaaa-aaaaa-aaaaa"), home), keyapi.CodeOTPInvalid)
		if !w.account("ada").MFAEnabled {
			t.Fatalf("%s: it is off", name)
		}
		if got := w.account("ada").Key; !reflect.DeepEqual(got, before) {
			t.Errorf("%s: the key became %+v", name, got)
		}
		w.must(w.DisableMFA(ctx, p, secret(password), secret(code(w, ada)), away))

		w.wantKey("ada", before, true)
		w.wantEvent("ada", keyapi.ActionMFADisable, "ada", away)
		if n := len(w.told(notice.MFADisabled)); n != 1 {
			t.Errorf("%s: %d notices", name, n)
		}
		a, left, err := w.Account(ctx, p)
		if err != nil || a.MFAEnabled || left != 0 {
			t.Errorf("%s: account %+v, %d codes, %v", name, a, left, err)
		}
		_, err = w.Authenticate(ctx, pipeline)
		w.want(err, keyapi.CodeUnauthenticated)
		w.principal(other)
		w.want(w.principal(ada.token).RequireVerified(), "") // the password was just given
		w.want(w.try("ada", password, "", home), "")
		w.want(w.DisableMFA(ctx, p, secret(password), secret(w.code(ada.seed)), home), keyapi.CodeMFANotEnabled)

		// On again with another authenticator: codes of the same time step are others now.
		seed, _, err := w.BeginMFA(ctx, w.principal(ada.token))
		w.must(err)
		_, err = w.ConfirmMFA(ctx, w.principal(ada.token), secret(w.code(seed.Reveal())), home)
		w.want(err, "")
	}
}

func TestDisableMFA_SessionEndedMeanwhile(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.CheapHashing(func() { w.must(w.SignOut(ctx, ada.Principal)) })
	w.want(w.DisableMFA(ctx, ada.Principal, secret(password), secret(w.code(ada.seed)), home), keyapi.CodeUnauthenticated)
	if !w.account("ada").MFAEnabled {
		t.Error("it is off")
	}
}

// TestDisableMFA_WrongPasswords_AreThoseOfSigningIn: who has a session cannot guess the password with it.
func TestDisableMFA_WrongPasswords_AreThoseOfSigningIn(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	for range 5 {
		w.want(w.DisableMFA(ctx, ada.Principal, secret(wrong), secret(w.code(ada.seed)), home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.DisableMFA(ctx, ada.Principal, secret(password), secret(w.code(ada.seed)), home), time.Second)
	w.wantWait(w.try("ada", password, w.code(ada.seed), home), time.Second)
}
