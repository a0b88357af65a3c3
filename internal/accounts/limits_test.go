package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const wrong = "a wrong password"

func TestWrongPasswords_DelayTheNext(t *testing.T) {
	w := newWorld(t)
	w.add("ada", "bob")
	for range 5 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	for _, delay := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		delay *= time.Second
		before := w.hashes.Load()
		w.wantWait(w.try("ada", password, "", home), delay) // the right one is not looked at either
		if w.hashes.Load() != before {
			t.Error("a password was hashed that is not looked at")
		}
		w.wait(delay - time.Microsecond)
		w.wantWait(w.try("ada", wrong, "", home), time.Second)
		w.wait(time.Microsecond)
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.want(w.try("ada", password, "", away), "") // nobody is locked out by others
}

func TestWrongPasswords_UnknownLogin_IsDelayedTheSame(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.want(w.try("nobody", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("nobody", wrong, "", home), time.Second)
}

func TestWrongPasswords_TheRightOneEndsTheCount(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	for range 3 {
		for range 5 {
			w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
		}
		w.wantWait(w.try("ada", password, "", home), time.Second)
		w.wait(time.Second)
		w.want(w.try("ada", password, "", home), "")
	}
}

func TestWrongPasswords_AreForgottenAfterADay(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	for range 4 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wait(24 * time.Hour)
	for range 5 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", wrong, "", home), time.Second)
}

// TestWrongPasswords_OfAClockThatWasAhead: who failed while the clock was a year ahead is not locked out for a year.
func TestWrongPasswords_OfAClockThatWasAhead(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	w.wait(365 * 24 * time.Hour)
	for range 5 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wait(-365 * 24 * time.Hour)
	w.want(w.try("ada", password, "", home), "")
}

// TestWrongPasswords_OfOneAddress: who tries one password with many logins is delayed too, and an account of one's own
// does not help.
func TestWrongPasswords_OfOneAddress(t *testing.T) {
	w := newWorld(t)
	w.add("ada", "mallory")
	for n := range 4 {
		w.want(w.try(fmt.Sprint("login", n), wrong, "", home), keyapi.CodeUnauthenticated)
		w.want(w.try("mallory", password, "", home), "")
	}
	w.want(w.try("mallory", wrong, "", home), keyapi.CodeUnauthenticated)
	w.wantWait(w.try("ada", password, "", home), time.Second)
	w.wait(time.Second)
	w.want(w.try("mallory", password, "", home), "") // takes back the failure with mallory, and only that
	w.want(w.try("login4", wrong, "", home), keyapi.CodeUnauthenticated)
	w.wantWait(w.try("ada", password, "", home), time.Second)
	w.want(w.try("ada", password, "", away), "")
}

func TestWrongPasswords_AddressesOfOneSender(t *testing.T) {
	for other, same := range map[string]bool{
		"2001:db8:1:2::1": true, "2001:db8:1:2:ffff:ffff:ffff:ffff": true, "2001:db8:1:3::1": false, "192.0.2.1": false,
	} {
		w := newWorld(t)
		for n := range 5 {
			w.want(w.try("ada", wrong, "", accounts.Origin{Address: fmt.Sprintf("2001:db8:1:2::%d", n)}), keyapi.CodeUnauthenticated)
		}
		want := keyapi.CodeUnauthenticated
		if same {
			want = keyapi.CodeRateLimited
		}
		w.want(w.try("ada", wrong, "", accounts.Origin{Address: other}), want)
	}
	w := newWorld(t)
	for range 5 {
		w.want(w.try("ada", wrong, "", accounts.Origin{Address: "::ffff:192.0.2.1"}), keyapi.CodeUnauthenticated)
	}
	w.want(w.try("ada", wrong, "", accounts.Origin{Address: "192.0.2.1"}), keyapi.CodeRateLimited)
	w.want(w.try("ada", wrong, "", accounts.Origin{Address: "192.0.2.2"}), keyapi.CodeUnauthenticated)
}

// TestWrongPasswords_AtTheSameTime: many at once, on two replicas, are no more than one after the other.
func TestWrongPasswords_AtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	before := w.hashes.Load()
	services := []*accounts.Service{w.Service, w.replica()}
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			_, _, _, err := services[n%2].SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(wrong)}, home)
			if code := keyapi.CodeOf(err); code != keyapi.CodeUnauthenticated && code != keyapi.CodeRateLimited {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.hashes.Load() - before; n != 5 {
		t.Errorf("%d passwords were looked at, want 5", n)
	}
	w.wantWait(w.try("ada", wrong, "", home), time.Second)
}

// TestHashing_TwoAtATime_AndABoundedQueue: beyond it nobody waits, and who was not looked at has not failed.
func TestHashing_TwoAtATime_AndABoundedQueue(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	started, release := make(chan struct{}, 100), make(chan struct{})
	w.CheapHashing(func() { started <- struct{}{}; <-release })
	waiting, cancel := context.WithCancel(ctx)
	running, waited := make(chan error, 2), make(chan error, 16)
	origin := func(n int) accounts.Origin { return accounts.Origin{Address: fmt.Sprintf("192.0.2.%d", n)} }
	signIn := func(ctx context.Context, n int) error {
		_, _, _, err := w.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password)}, origin(n))
		return err
	}
	for n := range 2 {
		go func() { running <- signIn(ctx, n) }()
		<-started
	}
	for n := range 16 {
		go func() { waited <- signIn(waiting, 2+n) }()
	}
	eventually(w, func() bool { return w.HashesQueued() == 18 })
	w.wantWait(signIn(ctx, 18), time.Second)
	w.wantWait(w.SetPassword(ctx, "ada", secret(password)), time.Second)
	cancel()
	for range 16 {
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited got %v", err)
		}
	}
	if len(started) != 0 {
		t.Error("more than two are hashed at a time")
	}
	close(release)
	for range 2 {
		w.must(<-running)
	}
	for _, n := range []int{0, 2, 17, 18} {
		for range 5 {
			w.want(w.try("ada", wrong, "", origin(n)), keyapi.CodeUnauthenticated)
		}
		w.want(w.try("ada", wrong, "", origin(n)), keyapi.CodeRateLimited)
	}
}

// ways are all the ways to give a code.
func ways(w *world, p person) map[string]func(code string) error {
	return map[string]func(code string) error{
		"sign-in": func(code string) error { return w.try(p.Login, password, code, home) },
		"sign-in from elsewhere": func(code string) error {
			return w.try(p.Login, password, code, away)
		},
		"verify": func(code string) error {
			_, err := w.Verify(ctx, p.Principal, secret(code), keyapi.Secret{})
			return err
		},
		"verify with a recovery code": func(code string) error {
			_, err := w.Verify(ctx, p.Principal, keyapi.Secret{}, secret(code))
			return err
		},
		"disable": func(code string) error { return w.DisableMFA(ctx, p.Principal, secret(password), secret(code), home) },
	}
}

// TestWrongCodes_LockOut: whichever way they are given, they are one count.
func TestWrongCodes_LockOut(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	all := ways(w, ada)
	for name, give := range all { // five of them
		if err := give(w.wrongCode(ada.seed)); keyapi.CodeOf(err) != keyapi.CodeOTPInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	locked := w.told(notice.LockedOut)
	if len(locked) != 1 || locked[0].Login != "ada" || locked[0].To != "ada@example.org" || !locked[0].Until.Equal(w.now().Add(15*time.Minute)) {
		t.Fatalf("notices %+v", locked)
	}
	for _, minutes := range []time.Duration{15, 30, 60, 120, 240, 480, 960, 1440} {
		delay := minutes * time.Minute
		for _, give := range all {
			w.wantWait(give(w.code(ada.seed)), delay)
		}
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated) // the lock-out is told with the password only
		if d, err := w.Show(ctx, "ada"); err != nil || !d.LockedOutUntil.Equal(w.now().Add(delay)) {
			t.Errorf("the operator sees %v, %v", d.LockedOutUntil, err)
		}
		w.wait(delay)
		if minutes < 1440 {
			// The sessions rest for too long otherwise.
			w.want(w.try("ada", password, w.wrongCode(ada.seed), home), keyapi.CodeOTPInvalid)
		}
	}
	// A day after the last one all is forgotten.
	for range 5 {
		w.want(w.try("ada", password, w.wrongCode(ada.seed), home), keyapi.CodeOTPInvalid)
	}
	w.wantWait(w.try("ada", password, w.code(ada.seed), home), 15*time.Minute)
	w.must(w.Unlock(ctx, "ada"))
	w.want(w.try("ada", password, w.code(ada.seed), home), "")
}

func TestWrongCodes_TheRightOneEndsTheCount(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	for range 3 {
		for range 4 {
			w.want(w.try("ada", password, w.wrongCode(ada.seed), home), keyapi.CodeOTPInvalid)
		}
		w.wait(30 * time.Second)
		w.want(w.try("ada", password, w.code(ada.seed), home), "")
	}
	if n := len(w.told(notice.LockedOut)); n != 0 {
		t.Errorf("%d notices", n)
	}
}

func TestWrongCodes_WhileSettingUp_LockOutToo(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	_, p := w.signIn("ada", "")
	seed, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	for range 5 {
		_, err = w.ConfirmMFA(ctx, p, secret(w.wrongCode(seed.Reveal())), home)
		w.want(err, keyapi.CodeOTPInvalid)
	}
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(seed.Reveal())), home)
	w.wantWait(err, 15*time.Minute)
}

func TestWrongCodes_AtTheSameTime(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	text, services := w.wrongCode(ada.seed), []*accounts.Service{w.Service, w.replica()}
	codes := make(chan keyapi.Code, 50)
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			_, err := services[n%2].Verify(ctx, ada.Principal, secret(text), keyapi.Secret{})
			codes <- keyapi.CodeOf(err)
		})
	}
	wg.Wait()
	close(codes)
	count := map[keyapi.Code]int{}
	for code := range codes {
		count[code]++
	}
	if count[keyapi.CodeOTPInvalid] != 5 || count[keyapi.CodeRateLimited] != 45 {
		t.Errorf("got %v", count)
	}
}

// TestLimits_NamesTellNothing: people type their password where the login belongs.
func TestLimits_NamesTellNothing(t *testing.T) {
	w := newWorld(t)
	w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	w.must(w.db.Read(ctx, func(r store.Reader) error {
		for _, name := range []string{"ada", home.Address, "ada " + home.Address} {
			if got, err := r.Attempts(name); got != (store.Attempts{}) || err != nil {
				t.Errorf("%q: %+v, %v", name, got, err)
			}
		}
		return nil
	}))
}
