package keyservice_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// service is a key service with two accounts, ada and bob.
type service struct {
	*keyservice.Service
	t   *testing.T
	db  store.Store
	key masterkey.Key
	now time.Time
}

func newService(t *testing.T, policy keyservice.Policy) *service {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "keys.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	key, err := masterkey.Open(ctx, filepath.Join(dir, "master.key"), db, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, db: db, key: key, now: time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)}
	s.Service = keyservice.New(db, key, policy, func() time.Time { return s.now }, rand.Reader)
	return s
}

// account adds an account with its facts.
func (s *service) account(login string, permitted, mfa bool) {
	s.t.Helper()
	err := s.db.Write(context.Background(), func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: login, Permitted: permitted, MFAEnabled: mfa, CreatedAt: s.now})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) newKey() keyapi.IdempotencyKey {
	s.t.Helper()
	k, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func (s *service) act(login string, a keyapi.Action, c keyapi.Change) (keyapi.Result, error) {
	if c.IdempotencyKey.IsZero() {
		c.IdempotencyKey = s.newKey()
	}
	return s.Act(context.Background(), login, keyservice.Actor{Name: login, Verified: true}, a, c)
}

func (s *service) authenticate(accessKey string, secret keyapi.Secret) error {
	_, err := s.Authenticate(context.Background(), accessKey, secret)
	return err
}

func (s *service) want(err error, code keyapi.Code) {
	s.t.Helper()
	if keyapi.CodeOf(err) != code {
		s.t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, code)
	}
}

var withMFA = keyservice.Policy{MFARequired: true}

// TestRights: without MFA or the permission no key is made; taking one away is never refused.
func TestRights(t *testing.T) {
	for _, test := range []struct {
		name           string
		permitted, mfa bool
		block          keyapi.Block
		makes, turnsOn keyapi.Code
	}{
		{"all", true, true, "", "", ""},
		{"no MFA", true, false, keyapi.BlockMFANotEnabled, keyapi.CodeMFANotEnabled, ""},
		{"no permission", false, true, keyapi.BlockNotPermitted, keyapi.CodeNotPermitted, keyapi.CodeNotPermitted},
		{"neither", false, false, keyapi.BlockMFANotEnabled, keyapi.CodeNotPermitted, keyapi.CodeNotPermitted},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The key was made while everything was in order; then the facts changed.
			s := newService(t, withMFA)
			s.account("ada", test.permitted, test.mfa)
			_, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
			s.want(err, test.makes)
			if err != nil {
				s.seed("ada")
			}
			view, err := s.Key(context.Background(), "ada")
			s.want(err, "")
			if view.Usable != (test.block == "") || test.block != "" && !slices.Contains(view.BlockedBy, test.block) {
				t.Errorf("usable %v, blocked by %v", view.Usable, view.BlockedBy)
			}
			_, err = s.act("ada", keyapi.ActionRegenerate, keyapi.Change{})
			s.want(err, test.makes)
			_, err = s.act("ada", keyapi.ActionDisable, keyapi.Change{})
			s.want(err, "")
			_, err = s.act("ada", keyapi.ActionActivate, keyapi.Change{})
			s.want(err, test.turnsOn)
			_, err = s.act("ada", keyapi.ActionDelete, keyapi.Change{})
			s.want(err, "")
		})
	}
}

// seed stores a key past the service's checks.
func (s *service) seed(login string) {
	s.t.Helper()
	err := s.db.Write(context.Background(), func(w store.Writer) error {
		a, err := w.Account(login)
		if err != nil {
			return err
		}
		a.Key.AccessKey, a.Key.CreatedAt, a.Key.Verifier, a.Key.Revision = "AK-"+login, s.now, []byte("v"), 1
		return w.PutKey(login, a.Key)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestOrderOfChecks: replay, permission, MFA, If-Match, state: of several faults the first is told.
func TestOrderOfChecks(t *testing.T) {
	s := newService(t, withMFA)
	s.account("nobody", false, false)
	s.account("nomfa", true, false)
	s.account("ada", true, true)
	wrong := int64(7)
	faulty := keyapi.Change{IfMatch: &wrong}
	for _, test := range []struct {
		login string
		want  keyapi.Code
	}{
		{"nobody", keyapi.CodeNotPermitted},
		{"nomfa", keyapi.CodeMFANotEnabled},
		{"ada", keyapi.CodeVersionConflict},
	} {
		_, err := s.act(test.login, keyapi.ActionRegenerate, faulty) // there is no key either
		s.want(err, test.want)
	}
	_, err := s.act("ada", keyapi.ActionRegenerate, keyapi.Change{})
	s.want(err, keyapi.CodeNoKey)
	_, err = s.act("stranger", keyapi.ActionRegenerate, keyapi.Change{})
	s.want(err, keyapi.CodeUnauthenticated)

	// A repetition comes before all of them: its reply was given once and is given again.
	ik := s.newKey()
	first, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik})
	s.want(err, "")
	again, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik, IfMatch: &wrong})
	s.want(err, "")
	if first.AccessSecret.Reveal() != again.AccessSecret.Reveal() {
		t.Error("the repetition gave another secret")
	}
}

func TestAccounts_DoNotMeet(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	s.account("ada", true, false)
	s.account("bob", true, false)
	ik := s.newKey()
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik})
	s.want(err, "")
	_, err = s.act("bob", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik})
	s.want(err, keyapi.CodeIdempotencyMismatch)
	_, err = s.Recover(context.Background(), "bob", keyservice.Actor{}, ik)
	s.want(err, keyapi.CodeNotExecuted)
	if view, err := s.Key(context.Background(), "bob"); err != nil || view.Status != keyapi.StatusNone {
		t.Errorf("%+v, %v", view, err)
	}
	if page, err := s.Events(context.Background(), "bob", ""); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	s.want(s.authenticate(made.Key.AccessKey, made.AccessSecret), "")
}

// TestTheDatabase_HoldsNoSecret: what is stored is a keyed digest and a reply that only the Idempotency-Key opens.
func TestTheDatabase_HoldsNoSecret(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	s.account("ada", true, false)
	ik := s.newKey()
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik})
	s.want(err, "")
	err = s.db.Read(context.Background(), func(r store.Reader) error {
		a, err := r.Account("ada")
		if err != nil {
			return err
		}
		if len(a.Key.Verifier) != 32 || bytes.Contains(a.Key.Verifier, []byte(made.AccessSecret.Reveal()[4:12])) {
			t.Errorf("verifier %x", a.Key.Verifier)
		}
		if _, err := r.Reply([]byte(ik.Reveal())); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the Idempotency-Key itself is stored: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPreviousKey_IsSuspendedWithTheAccount_NotEnded(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	s.account("ada", true, false)
	old, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	_, err = s.act("ada", keyapi.ActionRegenerate, keyapi.Change{Grace: time.Hour})
	s.want(err, "")
	s.want(s.authenticate(old.Key.AccessKey, old.AccessSecret), "")
	s.now = s.now.Add(time.Hour)
	s.want(s.authenticate(old.Key.AccessKey, old.AccessSecret), keyapi.CodeUnauthenticated)
}

func TestLastUsed_IsWrittenOnceAMinute(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	s.account("ada", true, false)
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	used := func() time.Time {
		view, err := s.Key(context.Background(), "ada")
		s.want(err, "")
		return view.LastUsedAt
	}
	first := s.now
	for _, step := range []struct{ after, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}} {
		s.now = s.now.Add(step.after)
		s.want(s.authenticate(made.Key.AccessKey, made.AccessSecret), "")
		if got := used().Sub(first); got != step.want {
			t.Errorf("%v later: last used %v after the first, want %v", s.now.Sub(first), got, step.want)
		}
	}
}

// TestFreshCode: the code is asked for after the replay and the account's rights, before If-Match and the state.
func TestFreshCode(t *testing.T) {
	s := newService(t, withMFA)
	s.account("ada", true, true)
	s.account("bob", false, true)
	unverified := func(login string, a keyapi.Action, c keyapi.Change) error {
		if c.IdempotencyKey.IsZero() {
			c.IdempotencyKey = s.newKey()
		}
		_, err := s.Act(context.Background(), login, keyservice.Actor{Name: login}, a, c)
		return err
	}
	s.want(unverified("ada", keyapi.ActionRegenerate, keyapi.Change{}), keyapi.CodeOTPRequired) // not yet no-key
	s.want(unverified("bob", keyapi.ActionGenerate, keyapi.Change{}), keyapi.CodeNotPermitted)
	ik, seen := s.newKey(), int64(7)
	s.want(unverified("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik}), keyapi.CodeOTPRequired)
	_, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik})
	s.want(err, "")
	s.want(unverified("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: ik}), "")
	s.want(unverified("ada", keyapi.ActionRegenerate, keyapi.Change{IfMatch: &seen}), keyapi.CodeOTPRequired)
	s.want(unverified("ada", keyapi.ActionDisable, keyapi.Change{}), "")
	s.want(unverified("ada", keyapi.ActionActivate, keyapi.Change{}), keyapi.CodeOTPRequired)
	s.want(unverified("ada", keyapi.ActionDeletePrevious, keyapi.Change{}), "")
	s.want(unverified("ada", keyapi.ActionDelete, keyapi.Change{}), "")
}

// TestAlive: what a token was given for counts until its key, generation or grace ends, or its account is blocked.
func TestAlive(t *testing.T) {
	s := newService(t, withMFA)
	s.account("ada", true, true)
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	client, err := s.Authenticate(context.Background(), made.Key.AccessKey, made.AccessSecret)
	s.want(err, "")
	if client.Login != "ada" || client.AccessKey != made.Key.AccessKey || !client.EndsAt.Equal(made.Key.ExpiresAt) {
		t.Errorf("got %+v", client)
	}
	alive := func(want bool, c keyservice.Client) {
		t.Helper()
		got, err := s.Alive(context.Background(), c.AccessKey, c.Generation)
		if err != nil || got != want {
			t.Errorf("alive %v (%v), want %v", got, err, want)
		}
	}
	alive(true, client)
	alive(false, keyservice.Client{AccessKey: client.AccessKey, Generation: client.Generation + 1})
	alive(false, keyservice.Client{AccessKey: "AK0", Generation: client.Generation})
	alive(false, keyservice.Client{})
	rotated, err := s.act("ada", keyapi.ActionRegenerate, keyapi.Change{Grace: time.Hour})
	s.want(err, "")
	next, err := s.Authenticate(context.Background(), rotated.Key.AccessKey, rotated.AccessSecret)
	s.want(err, "")
	alive(true, client) // in its grace
	old, err := s.Authenticate(context.Background(), made.Key.AccessKey, made.AccessSecret)
	s.want(err, "")
	if !old.EndsAt.Equal(rotated.Key.Previous.EndsAt) {
		t.Errorf("the old key ends at %v, want %v", old.EndsAt, rotated.Key.Previous.EndsAt)
	}
	s.now = s.now.Add(time.Hour)
	alive(false, client)
	_, err = s.act("ada", keyapi.ActionDisable, keyapi.Change{})
	s.want(err, "")
	_, err = s.act("ada", keyapi.ActionActivate, keyapi.Change{})
	s.want(err, "")
	alive(false, next)
	now, err := s.Authenticate(context.Background(), rotated.Key.AccessKey, rotated.AccessSecret)
	s.want(err, "")
	alive(true, now)
	s.now = rotated.Key.ExpiresAt
	alive(false, now)
}

// TestDeferredUses: a use shows at once and is written by the flush, however it goes.
func TestDeferredUses(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	flush := s.DeferUses()
	s.account("ada", true, false)
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	s.now = s.now.Add(time.Hour)
	s.want(s.authenticate(made.Key.AccessKey, made.AccessSecret), "")
	used := func() (shown, written time.Time) {
		view, err := s.Key(context.Background(), "ada")
		s.want(err, "")
		s.want(s.db.Read(context.Background(), func(r store.Reader) error {
			account, err := r.Account("ada")
			written = account.LastUsedAt
			return err
		}), "")
		return view.LastUsedAt, written
	}
	if shown, written := used(); !shown.Equal(s.now) || !written.IsZero() {
		t.Errorf("before the flush: shown %v, written %v", shown, written)
	}
	given, stop := context.WithCancel(context.Background())
	stop()
	if err := flush(given); err == nil {
		t.Error("a flush under an ended context says it wrote")
	}
	s.want(flush(context.Background()), "")
	if shown, written := used(); !shown.Equal(s.now) || !written.Equal(s.now) {
		t.Errorf("after the flush: shown %v, written %v", shown, written)
	}
}

// full is a database that can be read and has no room for anything more.
type full struct{ store.Store }

func (full) Write(context.Context, func(store.Writer) error) error {
	return keyapi.Errorf(keyapi.CodeUnavailable, "database or disk is full", "")
}

// TestAuthenticate_OnAFullDisk_TheRightSecretWorks: only the time of last use is lost.
func TestAuthenticate_OnAFullDisk_TheRightSecretWorks(t *testing.T) {
	s := newService(t, keyservice.Policy{})
	s.account("ada", true, false)
	made, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	s.Service = keyservice.New(full{s.db}, s.key, keyservice.Policy{}, func() time.Time { return s.now }, rand.Reader)
	s.now = s.now.Add(time.Hour)
	s.want(s.authenticate(made.Key.AccessKey, made.AccessSecret), "")
	s.want(s.authenticate(made.Key.AccessKey, keyapi.NewSecret("aks_wrong")), keyapi.CodeUnauthenticated)
}
