package notice_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const day = 24 * time.Hour

var (
	ctx     = context.Background()
	made    = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)
	expires = made.AddDate(1, 0, 0)
)

// world is a database with one account, ada, and her key; every handle on it is a replica.
type world struct {
	t    *testing.T
	path string
	store.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "a.db")}
	w.Store = w.replica()
	w.must(notice.Set(ctx, w, true))
	w.must(w.Write(ctx, func(w store.Writer) error {
		return w.CreateAccount(store.Account{Login: "ada", Email: "ada@example.org"})
	}))
	w.key("AK1", made)
	return w
}

func (w *world) replica() store.Store {
	w.t.Helper()
	db, err := sqlite.Open(ctx, w.path, sqlite.Options{})
	w.must(err)
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// key gives ada a key.
func (w *world) key(name string, made time.Time) {
	w.t.Helper()
	w.must(w.Write(ctx, func(w store.Writer) error {
		return w.PutKey("ada", lifecycle.Key{AccessKey: name, CreatedAt: made})
	}))
}

// told gives how many days before an expiry ada was told so far, and of which key.
func (w *world) told() (all []string) {
	w.t.Helper()
	w.must(w.Read(ctx, func(r store.Reader) error {
		mails, err := r.Mails(0, 100)
		for _, m := range mails {
			all = append(all, fmt.Sprint(m.AccessKey, " ", int64(m.Until.Sub(m.At)/day)))
		}
		return err
	}))
	return all
}

func (w *world) want(what string) {
	w.t.Helper()
	if got := fmt.Sprint(w.told()); got != what {
		w.t.Errorf("told %s, want %s", got, what)
	}
}

func (w *world) expiring(now time.Time) {
	w.t.Helper()
	_, err := notice.Expiring(ctx, w, now, rand.Reader)
	w.must(err)
}

func TestExpiring_IsToldAt30_14_7And1Days(t *testing.T) {
	w := newWorld(t)
	for hour := -40 * 24; hour <= 48; hour += 3 {
		w.expiring(expires.Add(time.Duration(hour) * time.Hour))
	}
	w.want("[AK1 30 AK1 14 AK1 7 AK1 1]")
}

func TestExpiring_LateServer_TellsOnceAtTheNearest(t *testing.T) {
	w := newWorld(t)
	w.expiring(expires.Add(-5 * day))
	w.expiring(expires.Add(-4 * day))
	w.want("[AK1 5]")
	w.expiring(expires.Add(-time.Hour))
	w.want("[AK1 5 AK1 0]")
}

func TestExpiring_ExpiredKey_IsNotTold(t *testing.T) {
	w := newWorld(t)
	w.expiring(expires)
	w.want("[]")
}

func TestExpiring_RegeneratedKey_HasItsOwn(t *testing.T) {
	w := newWorld(t)
	w.expiring(expires.Add(-30 * day))
	w.key("AK2", made.Add(day))
	w.expiring(expires.Add(-30 * day))
	w.want("[AK1 30]")
	w.expiring(expires.Add(-29 * day))
	w.want("[AK1 30 AK2 30]")
}

func TestExpiring_MailOff_NothingIsNoted(t *testing.T) {
	w := newWorld(t)
	w.must(notice.Set(ctx, w, false))
	w.expiring(expires.Add(-30 * day))
	w.want("[]")
	w.must(notice.Set(ctx, w, true))
	w.expiring(expires.Add(-30 * day))
	w.want("[AK1 30]")
}

// TestExpiring_ManyReplicasAtOnce_TellOnce has more keys than one transaction takes.
func TestExpiring_ManyReplicasAtOnce_TellOnce(t *testing.T) {
	w := newWorld(t)
	const keys = 250
	w.must(w.Write(ctx, func(w store.Writer) error {
		for i := range keys {
			login := fmt.Sprint("user", i)
			if err := w.CreateAccount(store.Account{Login: login, Email: login + "@example.org"}); err != nil {
				return err
			}
			if err := w.PutKey(login, lifecycle.Key{AccessKey: "AK-" + login, CreatedAt: made}); err != nil {
				return err
			}
		}
		return nil
	}))
	var wg sync.WaitGroup
	for range 4 {
		replica := w.replica()
		wg.Go(func() {
			if _, err := notice.Expiring(ctx, replica, expires.Add(-7*day), rand.Reader); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.must(w.Read(ctx, func(r store.Reader) error {
		count, err := r.CountMails()
		if count != keys+1 {
			t.Errorf("%d notices of %d keys", count, keys+1)
		}
		return err
	}))
}

// TestOfAction_OnlyKnownKinds: what the table of changes makes is in the list that templates are looked for by.
func TestOfAction_OnlyKnownKinds(t *testing.T) {
	known := map[notice.Kind]bool{}
	for _, k := range notice.Kinds {
		if known[k] {
			t.Errorf("%s is there twice", k)
		}
		known[k] = true
	}
	for _, action := range []string{
		"generate", "regenerate", "disable", "delete", "mfa-enable", "mfa-disable", "recovery-codes", "recovery-code-use",
		"password-set", "session-create", "account-lock",
	} {
		if kind := notice.OfAction(keyapi.Action(action)); !known[kind] {
			t.Errorf("%s makes %q", action, kind)
		}
	}
	for _, action := range []keyapi.Action{keyapi.ActionActivate, keyapi.ActionDeletePrevious, keyapi.ActionAccountAdd, keyapi.ActionRestore} {
		if kind := notice.OfAction(action); kind != "" {
			t.Errorf("%s makes %q", action, kind)
		}
	}
}
