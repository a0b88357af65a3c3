package accounts_test

import (
	"cmp"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestValidLogin(t *testing.T) {
	for login, ok := range map[string]bool{
		"a": true, "0": true, "ada": true, "ada.lovelace+x@example.org": true, "a_b-c": true, strings.Repeat("a", 64): true,
		"": false, "Ada": false, ".a": false, "-a": false, "@a": false, "a b": false, "a/b": false, "ü": false, "a\n": false,
		strings.Repeat("a", 65): false,
	} {
		if err := accounts.ValidLogin(login); (err == nil) != ok || err != nil && keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("%q: %v", login, err)
		}
	}
}

func TestAdd(t *testing.T) {
	w := newWorld(t)
	w.must(w.Add(ctx, accounts.NewAccount{Login: "ada", Email: "ada@example.org", Password: secret(password), Permitted: true}))
	want := store.Account{Login: "ada", Email: "ada@example.org", Permitted: true, CreatedAt: w.now()}
	d, err := w.Show(ctx, "ada")
	w.must(err)
	if d.Login != want.Login || d.Email != want.Email || !d.Permitted || d.MFAEnabled || d.Locked || !d.CreatedAt.Equal(want.CreatedAt) || !d.HasPassword {
		t.Errorf("got %+v", d)
	}
	w.wantEvent("ada", keyapi.ActionAccountAdd, "operator", accounts.Origin{})
	for name, n := range map[string]accounts.NewAccount{
		"taken":          {Login: "ada", Password: secret("another long password")},
		"login":          {Login: "Ada Lovelace"},
		"short password": {Login: "bob", Password: secret("12345678901")},
		"few characters": {Login: "bob", Password: secret("üüüüüüüüüüü")}, // 22 bytes
		"long password":  {Login: "bob", Password: secret(strings.Repeat("a", 257))},
		"address":        {Login: "bob", Email: "Bob <bob@example.org>"},
		"no address":     {Login: "bob", Email: "bob"},
	} {
		if err := w.Add(ctx, n); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.want(w.try("ada", password, "", home), "") // and nothing else
	w.must(w.Add(ctx, accounts.NewAccount{Login: "bob", Password: secret("üüüüüüüüüüüü")}))
	w.must(w.Add(ctx, accounts.NewAccount{Login: "carl", Password: secret(strings.Repeat("a", 256))}))
	w.want(w.try("carl", strings.Repeat("a", 256), "", home), "")
	w.want(w.try("carl", strings.Repeat("a", 255), "", home), keyapi.CodeUnauthenticated)
}

func TestList(t *testing.T) {
	w := newWorld(t)
	w.add("bob", "ada", "carl")
	var got []string
	for after := ""; ; {
		page, err := w.List(ctx, after, 2)
		w.must(err)
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			got = append(got, a.Login)
			after = a.Login
		}
	}
	if strings.Join(got, " ") != "ada bob carl" {
		t.Errorf("got %q", got)
	}
}

// TestOperator_NoAccount_IsTold: by all commands in the same way.
func TestOperator_NoAccount_IsTold(t *testing.T) {
	w := newWorld(t)
	for name, do := range map[string]func() error{
		"show":         func() error { _, err := w.Show(ctx, "ada"); return err },
		"grant":        func() error { return w.Grant(ctx, "ada") },
		"revoke":       func() error { return w.Revoke(ctx, "ada") },
		"set-password": func() error { return w.SetPassword(ctx, "ada", secret(password)) },
		"set-email":    func() error { return w.SetEmail(ctx, "ada", "a@example.org") },
		"reset-mfa":    func() error { return w.ResetMFA(ctx, "ada") },
		"lock":         func() error { return w.Lock(ctx, "ada") },
		"unlock":       func() error { return w.Unlock(ctx, "ada") },
		"remove":       func() error { return w.Remove(ctx, "ada") },
	} {
		err := do()
		var e *keyapi.Error
		if !errors.As(err, &e) || e.Code != keyapi.CodeInvalidRequest || e.Error() != `There is no account "ada"` || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOperator_Changes: what each does to the account, its key and its sessions, and that doing it again does nothing.
func TestOperator_Changes(t *testing.T) {
	const fresh = "another long password"
	for name, test := range map[string]struct {
		prepare func(w *world) error
		do      func(w *world) error
		action  keyapi.Action
		revised bool   // the key has another revision
		retired bool   // and its tokens have ended
		people  bool   // sessions of people go on
		pipes   bool   // sessions of pipelines go on
		again   bool   // it can be done again
		email   string // the address after it, if it is another one
		check   func(store.Account) bool
	}{
		"grant": {
			prepare: func(w *world) error { return w.Revoke(ctx, "ada") },
			do:      func(w *world) error { return w.Grant(ctx, "ada") },
			action:  keyapi.ActionPermissionGrant, revised: true, people: true, pipes: true,
			check: func(a store.Account) bool { return a.Permitted },
		},
		"revoke": {
			do:     func(w *world) error { return w.Revoke(ctx, "ada") },
			action: keyapi.ActionPermissionRevoke, revised: true, retired: true, people: true, pipes: true,
			check: func(a store.Account) bool { return !a.Permitted },
		},
		"set-password": {
			do:     func(w *world) error { return w.SetPassword(ctx, "ada", secret(fresh)) },
			action: keyapi.ActionPasswordSet, again: true,
			check: func(a store.Account) bool { return a.MFAEnabled },
		},
		"set-email": {
			do:     func(w *world) error { return w.SetEmail(ctx, "ada", "countess@example.org") },
			action: keyapi.ActionEmailSet, people: true, pipes: true, email: "countess@example.org",
			check: func(a store.Account) bool { return a.MFAEnabled },
		},
		"reset-mfa": {
			do:     func(w *world) error { return w.ResetMFA(ctx, "ada") },
			action: keyapi.ActionMFADisable, revised: true, retired: true, people: true,
			check: func(a store.Account) bool { return !a.MFAEnabled },
		},
		"lock": {
			do:     func(w *world) error { return w.Lock(ctx, "ada") },
			action: keyapi.ActionAccountLock, revised: true, retired: true,
			check: func(a store.Account) bool { return a.Locked },
		},
		"unlock": {
			prepare: func(w *world) error { return w.Lock(ctx, "ada") },
			do:      func(w *world) error { return w.Unlock(ctx, "ada") },
			action:  keyapi.ActionAccountUnlock, revised: true,
			check: func(a store.Account) bool { return !a.Locked },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.enroll("ada")
			w.enroll("bob")
			bob := w.account("bob")
			pipeline, _, err := w.CreatePipelineSession(ctx, w.principal(ada.token), "ci", nil, time.Hour, home)
			w.must(err)
			if test.prepare != nil {
				w.must(test.prepare(w))
			}
			before := w.giveKey("ada")
			w.must(test.do(w))
			w.wantEvent("ada", test.action, "operator", accounts.Origin{})
			if test.revised {
				w.wantKey("ada", before, test.retired)
			} else if got := w.account("ada").Key.Revision; got != before.Revision {
				t.Errorf("the revision became %d", got)
			}
			a := w.account("ada")
			if !test.check(a) || a.Email != cmp.Or(test.email, "ada@example.org") {
				t.Errorf("the account became %+v", a)
			}
			for what, s := range map[string]struct {
				token keyapi.Secret
				want  bool
			}{"person": {ada.token, test.people}, "pipeline": {pipeline, test.pipes}} {
				if _, err := w.Authenticate(ctx, s.token); (err == nil) != s.want {
					t.Errorf("the session of the %s: %v", what, err)
				}
			}
			if after := w.account("bob"); !reflect.DeepEqual(after, bob) {
				t.Errorf("another account became %+v", after)
			}
			events := len(w.trail("ada"))
			w.must(test.do(w))
			if more := len(w.trail("ada")) > events; more != test.again {
				t.Errorf("done again it is in the audit trail again: %v", more)
			}
		})
	}
}

func TestSetPassword_TheOldOneIsNone(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.want(w.SetPassword(ctx, "ada", secret("short")), keyapi.CodeInvalidRequest)
	w.want(w.SetPassword(ctx, "ada", keyapi.Secret{}), keyapi.CodeInvalidRequest)
	w.principal(ada.token)
	w.must(w.SetPassword(ctx, "ada", secret("another long password")))
	w.want(w.try("ada", password, w.code(ada.seed), home), keyapi.CodeUnauthenticated)
	w.want(w.try("ada", "another long password", w.code(ada.seed), home), "") // MFA is as it was
	if n := len(w.told(notice.PasswordSet)); n != 1 {
		t.Errorf("%d notices", n)
	}
}

// TestOperator_TheirPersonIsTold: once for what was changed, and not for what was so already.
func TestOperator_TheirPersonIsTold(t *testing.T) {
	w := newWorld(t)
	w.enroll("ada")
	for range 2 {
		w.must(w.ResetMFA(ctx, "ada"))
		w.must(w.Lock(ctx, "ada"))
	}
	for _, kind := range []notice.Kind{notice.MFADisabled, notice.AccountLocked} {
		got := w.told(kind)
		if len(got) != 1 || got[0].Actor != "operator" || got[0].To != "ada@example.org" || !got[0].At.Equal(w.now()) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestResetMFA_EndsALockOutAndASetUp(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	for range 5 {
		w.want(w.try("ada", password, w.wrongCode(ada.seed), home), keyapi.CodeOTPInvalid)
	}
	w.must(w.ResetMFA(ctx, "ada"))
	token, p := w.signIn("ada", "")
	seed, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	_, err = w.ConfirmMFA(ctx, p, secret(w.wrongCode(seed.Reveal())), home) // not locked out any more
	w.want(err, keyapi.CodeOTPInvalid)
	w.must(w.ResetMFA(ctx, "ada"))
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(seed.Reveal())), home)
	w.want(err, keyapi.CodeInvalidRequest)
	seed, _, err = w.BeginMFA(ctx, p)
	w.must(err)
	_, err = w.ConfirmMFA(ctx, w.principal(token), secret(w.code(seed.Reveal())), home)
	w.want(err, "")
}

func TestRemove_LeavesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.giveKey("ada")
	for range 5 {
		w.want(w.try("ada", password, w.wrongCode(ada.seed), home), keyapi.CodeOTPInvalid)
	}
	w.must(w.Remove(ctx, "ada"))
	_, err := w.Authenticate(ctx, ada.token)
	w.want(err, keyapi.CodeUnauthenticated)
	_, _, err = w.Account(ctx, ada.Principal)
	w.want(err, keyapi.CodeUnauthenticated)
	w.want(w.try("ada", password, w.code(ada.seed), home), keyapi.CodeUnauthenticated)
	w.add("ada")
	if d, err := w.Show(ctx, "ada"); err != nil || d.MFAEnabled || d.Key.AccessKey != "" || len(d.Sessions) != 0 ||
		d.RecoveryCodesLeft != 0 || !d.LockedOutUntil.IsZero() {
		t.Errorf("the new one inherits %+v, %v", d, err)
	}
}

func TestShow_TellsWhatTheOperatorNeeds(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	_, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Second, home)
	w.must(err)
	w.wait(time.Second)
	d, err := w.Show(ctx, "ada")
	w.must(err)
	if !d.HasPassword || !d.MFAEnabled || d.RecoveryCodesLeft != 10 || len(d.Sessions) != 1 || !d.LockedOutUntil.IsZero() {
		t.Errorf("got %+v", d)
	}
	if !w.MFARequired() {
		t.Error("MFA is not required")
	}
}
