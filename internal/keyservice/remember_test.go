package keyservice_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// counting is a database that counts what is looked up, and can be cut off.
type counting struct {
	store.Store
	looks int
	gone  bool
}

var errGone = errors.New("the database is gone")

func (c *counting) Look(ctx context.Context, fn func(store.Reader) error) error {
	c.looks++
	if c.gone {
		return errGone
	}
	return c.Store.Look(ctx, fn)
}

func (c *counting) Changes(ctx context.Context) (store.Changes, error) {
	if c.gone {
		return store.Changes{}, errGone
	}
	return c.Store.Changes(ctx)
}

// replica is one of several services over a database, with a memory of its own.
type replica struct {
	*service
	db    *counting
	watch *keystate.Watch
}

// replicas gives one that remembers, and the service beside it that shares nothing but the database.
func replicas(t *testing.T) (r *replica, other *service) {
	t.Helper()
	other = newService(t, withMFA)
	r = &replica{db: &counting{Store: other.db}}
	now := func() time.Time { return other.now }
	r.watch = keystate.NewWatch(r.db, now)
	r.service = &service{t: t, db: other.db, Service: keyservice.New(r.watch.Store(), other.key, withMFA, now, rand.Reader)}
	r.Remember(keystate.NewKeys(r.watch, 100))
	r.poll()
	return r, other
}

func (r *replica) poll() {
	r.t.Helper()
	if err := r.watch.Poll(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

// TestRemember_AnswersFromMemory what it knows, for as long as it knows it; then it asks or fails.
func TestRemember_AnswersFromMemory(t *testing.T) {
	r, other := replicas(t)
	other.account("ada", true, true)
	made, err := other.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	other.want(err, "")
	id, secret := made.Key.AccessKey, made.AccessSecret
	r.poll()
	r.want(r.authenticate(id, secret), "") // read once
	alive := func() (bool, error) { return r.Alive(context.Background(), id, 1) }
	r.db.gone, r.db.looks = true, 0
	r.want(r.authenticate(id, secret), "")
	if yes, err := alive(); !yes || err != nil || r.db.looks != 0 {
		t.Errorf("alive %t, %v, after %d looks", yes, err, r.db.looks)
	}
	other.now = other.now.Add(keystate.Lasts)
	if err := r.authenticate(id, secret); !errors.Is(err, errGone) {
		t.Errorf("after its time it says %v", err)
	}
	if _, err := alive(); !errors.Is(err, errGone) {
		t.Errorf("after its time it says %v", err)
	}
}

// TestRemember_OwnChanges_CountAtOnce, without any poll in between.
func TestRemember_OwnChanges_CountAtOnce(t *testing.T) {
	r, other := replicas(t)
	other.account("ada", true, true)
	made, err := r.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	r.want(err, "")
	id, secret := made.Key.AccessKey, made.AccessSecret
	for range 2 {
		r.want(r.authenticate(id, secret), "")
		_, err = r.act("ada", keyapi.ActionDisable, keyapi.Change{})
		r.want(err, "")
		r.want(r.authenticate(id, secret), keyapi.CodeKeyDisabled)
		if yes, err := r.Alive(context.Background(), id, 1); yes || err != nil {
			t.Errorf("its tokens are alive: %v", err)
		}
		_, err = r.act("ada", keyapi.ActionActivate, keyapi.Change{})
		r.want(err, "")
	}
	again, err := r.act("ada", keyapi.ActionRegenerate, keyapi.Change{Grace: time.Hour})
	r.want(err, "")
	r.want(r.authenticate(id, secret), "")
	r.want(r.authenticate(again.Key.AccessKey, again.AccessSecret), "")
	other.now = other.now.Add(time.Hour)
	r.poll()
	r.want(r.authenticate(id, secret), keyapi.CodeUnauthenticated)
}

// TestRemember_NeverSaysNoFromMemory: what another replica allows is allowed at once.
func TestRemember_NeverSaysNoFromMemory(t *testing.T) {
	r, other := replicas(t)
	other.account("ada", true, true)
	r.want(r.authenticate("AK0123456789ABCDEFGH", keyapi.NewSecret("x")), keyapi.CodeUnauthenticated)
	made, err := other.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	other.want(err, "")
	id, secret := made.Key.AccessKey, made.AccessSecret
	r.want(r.authenticate(id, secret), "")
	for range 2 {
		_, err = other.act("ada", keyapi.ActionDisable, keyapi.Change{})
		other.want(err, "")
		r.poll()
		r.want(r.authenticate(id, secret), keyapi.CodeKeyDisabled)
		_, err = other.act("ada", keyapi.ActionActivate, keyapi.Change{})
		other.want(err, "")
		r.want(r.authenticate(id, secret), "") // no poll since
	}
}

// TestRemember_Refusals_CostTheSame: whether a key is unknown, known or remembered, as many looks.
func TestRemember_Refusals_CostTheSame(t *testing.T) {
	r, other := replicas(t)
	other.account("ada", true, true)
	made, err := other.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	other.want(err, "")
	r.poll()
	r.want(r.authenticate(made.Key.AccessKey, made.AccessSecret), "")
	for _, id := range []string{made.Key.AccessKey, "AK0123456789ABCDEFGH", ""} {
		r.db.looks = 0
		r.want(r.authenticate(id, keyapi.NewSecret("aks_wrong")), keyapi.CodeUnauthenticated)
		if r.db.looks != 2 {
			t.Errorf("%q: %d looks, want 2", id, r.db.looks)
		}
	}
}

// TestDeferUses_WithMemory_OnceAMinute: a key that is used all the time is written once a minute, not at every flush.
func TestDeferUses_WithMemory_OnceAMinute(t *testing.T) {
	r, other := replicas(t)
	flush := r.DeferUses()
	other.account("ada", true, true)
	made, err := other.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	other.want(err, "")
	r.poll()
	used := func() time.Time {
		t.Helper()
		r.want(r.authenticate(made.Key.AccessKey, made.AccessSecret), "")
		if err := flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		key, err := other.Key(context.Background(), "ada")
		other.want(err, "")
		if key.LastUsedAt.IsZero() {
			t.Fatal("no use was written")
		}
		return key.LastUsedAt
	}
	first := used()
	other.now = other.now.Add(59 * time.Second)
	if again := used(); !again.Equal(first) {
		t.Errorf("written after %v", again.Sub(first))
	}
	other.now = other.now.Add(time.Second)
	if again := used(); again.Sub(first) != time.Minute {
		t.Errorf("written after %v", again.Sub(first))
	}
}
