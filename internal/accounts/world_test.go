package accounts_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const password = "correct horse battery staple"

var (
	ctx  = context.Background()
	home = accounts.Origin{Address: "192.0.2.1", UserAgent: "apikey/1"}
	away = accounts.Origin{Address: "198.51.100.7", UserAgent: "curl/8"}
)

// world is a service on a database of its own, with a clock that stands still until it is moved.
type world struct {
	*accounts.Service
	t      *testing.T
	db     *twice
	key    masterkey.Key
	dir    string
	hashes atomic.Int64 // password hashings so far
	log    *bytes.Buffer

	mu sync.Mutex
	at time.Time
}

// twice is a store that runs every write twice, as one may after a serialization failure: the first run comes to
// nothing, and nothing must be seen of it.
type twice struct {
	store.Store
	meanwhile func() // what others do before the next write gets its turn; nil = nothing
}

func (s *twice) Write(ctx context.Context, fn func(store.Writer) error) error {
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	again := errors.New("run it again")
	err := s.Store.Write(ctx, func(w store.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		return again
	})
	if !errors.Is(err, again) {
		return err
	}
	return s.Store.Write(ctx, fn)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), at: time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC), log: &bytes.Buffer{}}
	db, err := sqlite.Open(ctx, filepath.Join(w.dir, "keys.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.must(notice.Set(ctx, db, true))
	w.db = &twice{Store: db}
	if w.key, err = masterkey.Open(ctx, filepath.Join(t.TempDir(), "master.key"), db, rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.Service = w.replica()
	return w
}

// replica is another service on the same database.
func (w *world) replica() *accounts.Service {
	s := accounts.New(accounts.Options{
		Store: w.db, Key: w.key, MFARequired: true, Contact: "ops@example.org", Issuer: "Example Service", Now: w.now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	s.CheapHashing(func() { w.hashes.Add(1) })
	return s
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// told gives the mails of a kind that wait so far.
func (w *world) told(kind notice.Kind) (found []store.Mail) {
	w.t.Helper()
	w.must(w.db.Read(ctx, func(r store.Reader) error {
		all, err := r.Mails(0, 1000)
		for _, m := range all {
			if m.Kind == string(kind) {
				found = append(found, m)
			}
		}
		return err
	}))
	return found
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v (%s)", err, keyapi.CodeOf(err))
	}
}

func (w *world) want(err error, code keyapi.Code) {
	w.t.Helper()
	if keyapi.CodeOf(err) != code {
		w.t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, code)
	}
}

// wantWait fails unless an attempt was refused for a time.
func (w *world) wantWait(err error, wait time.Duration) {
	w.t.Helper()
	var e *keyapi.Error
	if !errors.As(err, &e) || e.Code != keyapi.CodeRateLimited || e.RetryAfter != wait {
		w.t.Errorf("got %v (%s, %+v), want %s with %v", err, keyapi.CodeOf(err), e, keyapi.CodeRateLimited, wait)
	}
}

// add adds accounts with a permission, the password and an address.
func (w *world) add(logins ...string) {
	w.t.Helper()
	for _, login := range logins {
		w.must(w.Add(ctx, accounts.NewAccount{
			Login: login, Email: login + "@example.org", Password: keyapi.NewSecret(password), Permitted: true,
		}))
	}
}

// try signs in and gives the error.
func (w *world) try(login, password, otp string, from accounts.Origin) error {
	_, _, _, err := w.SignIn(ctx, accounts.SignIn{LoginID: login, Password: keyapi.NewSecret(password), OTP: keyapi.NewSecret(otp)}, from)
	return err
}

func (w *world) signIn(login, otp string) (keyapi.Secret, accounts.Principal) {
	w.t.Helper()
	token, _, _, err := w.SignIn(ctx, accounts.SignIn{
		LoginID: login, Password: keyapi.NewSecret(password), OTP: keyapi.NewSecret(otp),
	}, home)
	w.must(err)
	return token, w.principal(token)
}

func (w *world) principal(token keyapi.Secret) accounts.Principal {
	w.t.Helper()
	p, err := w.Authenticate(ctx, token)
	w.must(err)
	return p
}

// person is a signed-in person with MFA, the seed of whose authenticator the test knows.
type person struct {
	accounts.Principal
	token    keyapi.Secret
	seed     string
	recovery []keyapi.Secret
}

// enroll adds an account with MFA on and a person signed in to it. The clock is moved on to the next code.
func (w *world) enroll(login string) person {
	w.t.Helper()
	w.add(login)
	token, p := w.signIn(login, "")
	secret, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	recovery, err := w.ConfirmMFA(ctx, p, keyapi.NewSecret(w.code(secret.Reveal())), home)
	w.must(err)
	w.wait(30 * time.Second)
	return person{w.principal(token), token, secret.Reveal(), recovery}
}

// code is what an authenticator shows now.
func (w *world) code(seed string) string {
	w.t.Helper()
	text, err := totp.GenerateCode(seed, w.now())
	w.must(err)
	return text
}

// wrongCode is a code that is none, now and in the steps around.
func (w *world) wrongCode(seed string) string {
	w.t.Helper()
	var near []string
	for _, d := range []time.Duration{-60, -30, 0, 30, 60} {
		text, err := totp.GenerateCode(seed, w.now().Add(d*time.Second))
		w.must(err)
		near = append(near, text)
	}
	for n := range 6 {
		if text := fmt.Sprintf("%06d", n*111111); !slices.Contains(near, text) {
			return text
		}
	}
	w.t.Fatal("every code is right")
	return ""
}

// account reads an account as it is stored.
func (w *world) account(login string) store.Account {
	w.t.Helper()
	d, err := w.Show(ctx, login)
	w.must(err)
	return d.Account
}

// rows is how many sessions of an account are stored, whether or not they run.
func (w *world) rows(login string) (count int) {
	w.t.Helper()
	w.must(w.db.Read(ctx, func(r store.Reader) error {
		sessions, err := r.Sessions(login)
		count = len(sessions)
		return err
	}))
	return count
}

// giveKey stores a key with one in its grace period.
func (w *world) giveKey(login string) lifecycle.Key {
	w.t.Helper()
	k := lifecycle.Key{
		AccessKey: "AK-" + login, Verifier: []byte("v"), CreatedAt: w.now(), Generation: 2, LastGeneration: 2, Revision: 7,
		Previous: &lifecycle.Previous{AccessKey: "AK0-" + login, Generation: 1, EndsAt: w.now().Add(time.Hour)},
	}
	w.must(w.db.Write(ctx, func(writer store.Writer) error { return writer.PutKey(login, k) }))
	return k
}

// wantKey fails unless the key of an account has another revision since and, if retired, no token of it lives.
func (w *world) wantKey(login string, before lifecycle.Key, retired bool) {
	w.t.Helper()
	after := w.account(login).Key
	if after.Revision != before.Revision+1 || after.AccessKey != before.AccessKey {
		w.t.Errorf("the key became %+v", after)
	}
	if got := after.Generation != before.Generation && after.Previous.Generation != before.Previous.Generation; got != retired {
		w.t.Errorf("the tokens of the key have ended: %v, want %v", got, retired)
	}
}

// trail gives the actions of an account's audit trail, newest first.
func (w *world) trail(login string) (found []store.Event) {
	w.t.Helper()
	w.must(w.db.Read(ctx, func(r store.Reader) (err error) {
		found, err = r.Events(login, 0, 100)
		return err
	}))
	return found
}

// wantEvent fails unless the newest entry of the audit trail is this.
func (w *world) wantEvent(login string, action keyapi.Action, actor string, from accounts.Origin) {
	w.t.Helper()
	want := keyapi.Event{
		At: w.now().Truncate(time.Second), Action: action, Actor: actor, From: from.Address, UserAgent: from.UserAgent,
		Revision: w.account(login).Key.Revision,
	}
	if got := w.trail(login)[0].Event; got != want {
		w.t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func secret(text string) keyapi.Secret { return keyapi.NewSecret(text) }
