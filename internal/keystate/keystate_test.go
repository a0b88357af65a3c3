package keystate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/store"
)

// database is one of which only the numbers of its changes matter.
type database struct {
	store.Store
	mu      sync.Mutex
	changes store.Changes
	err     error
	before  func() // runs once a question came in, before it is answered
}

func (d *database) Changes(context.Context) (store.Changes, error) {
	d.mu.Lock()
	changes, err, before := d.changes, d.err, d.before
	d.mu.Unlock()
	if before != nil {
		before()
	}
	return changes, err
}

func (d *database) Write(context.Context, func(store.Writer) error) error {
	d.change(place)
	return nil
}

func (d *database) change(place int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes[place]++
}

// set changes what the database does.
func (d *database) set(fn func(*database)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(d)
}

// clock is one that is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const (
	place = 7
	key   = "AK0123456789ABCDEFGH"
)

func newWatch() (*keystate.Watch, *database, *clock) {
	d, c := &database{}, &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	return keystate.NewWatch(d, c.Now), d, c
}

func poll(t *testing.T, w *keystate.Watch) {
	t.Helper()
	if err := w.Poll(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, when string, got, want bool) {
	t.Helper()
	if got != want {
		t.Errorf("%s: counts %t, want %t", when, got, want)
	}
}

// TestWatch_CountsFor900msFromTheStart of the poll, not from its answer.
func TestWatch_CountsFor900msFromTheStart(t *testing.T) {
	w, d, c := newWatch()
	m := store.Mark{Place: place}
	want(t, "before any poll", w.Counts(m), false)
	d.before = func() { c.wait(300 * time.Millisecond) }
	poll(t, w)
	c.wait(keystate.Lasts - 300*time.Millisecond - 1)
	want(t, "a moment before its end", w.Counts(m), true)
	c.wait(1)
	want(t, "at its end", w.Counts(m), false)
	poll(t, w)
	want(t, "after the next poll", w.Counts(m), true)
	d.change(place)
	want(t, "changed elsewhere, not known yet", w.Counts(m), true)
	poll(t, w)
	want(t, "changed elsewhere, and known", w.Counts(m), false)
	want(t, "another one's change", w.Counts(store.Mark{Place: place + 1}), true)
	want(t, "read since", w.Counts(store.Mark{Place: place, Number: 1}), true)
}

// TestWatch_OfOverlappingPolls_TheOneThatBeganLastCounts, whichever ends last.
func TestWatch_OfOverlappingPolls_TheOneThatBeganLastCounts(t *testing.T) {
	w, d, c := newWatch()
	d.before = func() { // while the first is under way, something changes and a second one tells it
		d.set(func(d *database) { d.before = nil })
		d.change(place)
		c.wait(keystate.PollEvery)
		poll(t, w)
	}
	poll(t, w)
	want(t, "the old number", w.Counts(store.Mark{Place: place}), false)
	want(t, "the new number", w.Counts(store.Mark{Place: place, Number: 1}), true)
}

// TestWatch_OwnWrite_CountsAtOnce: before the write returns, also if the numbers can't be had.
func TestWatch_OwnWrite_CountsAtOnce(t *testing.T) {
	w, d, c := newWatch()
	poll(t, w)
	c.wait(time.Millisecond)
	if err := w.Store().Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, "the old number", w.Counts(store.Mark{Place: place}), false)
	want(t, "another account", w.Counts(store.Mark{Place: place + 1}), true)
	d.set(func(d *database) { d.err = errors.New("gone") })
	if err := w.Store().Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, "nobody knows what changed", w.Counts(store.Mark{Place: place + 1}), false)
	d.set(func(d *database) { d.err = nil })
	poll(t, w)
	want(t, "it is known again", w.Counts(store.Mark{Place: place + 1}), true)
}

// TestWatch_Run_PollsUntilItIsTold, and tells of what fails.
func TestWatch_Run_PollsUntilItIsTold(t *testing.T) {
	d := &database{err: errors.New("gone")}
	w := keystate.NewWatch(d, time.Now)
	ctx, stop := context.WithCancel(context.Background())
	told := make(chan error, 100)
	done := make(chan struct{})
	go func() { w.Run(ctx, func(err error) { told <- err }); close(done) }()
	if err := <-told; !errors.Is(err, d.err) {
		t.Errorf("told %v", err)
	}
	d.set(func(d *database) { d.err = nil })
	for err := range told {
		if err == nil {
			break
		}
	}
	want(t, "after a poll", w.Counts(store.Mark{}), true)
	stop()
	<-done
}

var state = keystate.State{
	Login: "ada", Generation: 3, EndsAt: time.Unix(1_800_000_000, 0), Verifier: [32]byte{1}, Current: true,
	LastUsedAt: time.Unix(1_700_000_000, 0),
}

// TestKeys_KeepWhatWasRead for as long as it is known to be so.
func TestKeys_KeepWhatWasRead(t *testing.T) {
	w, d, c := newWatch()
	keys := keystate.NewKeys(w, 100)
	mark := store.Mark{Place: place}
	keys.Put(key, state, mark)
	if _, ok := keys.Get(key); ok {
		t.Error("it counts without a confirmation")
	}
	poll(t, w)
	if got, ok := keys.Get(key); !ok || got != state {
		t.Errorf("%t %+v", ok, got)
	}
	keys.Used(key, state.LastUsedAt.Add(time.Hour))
	if got, _ := keys.Get(key); !got.LastUsedAt.Equal(state.LastUsedAt.Add(time.Hour)) {
		t.Errorf("last used %v", got.LastUsedAt)
	}
	for _, other := range []string{"", "AK", "AK0123456789ABCDEFGJ", "XX0123456789ABCDEFGH", key + "0"} {
		keys.Put(other[:min(len(other), 3)], state, mark)
		if _, ok := keys.Get(other); ok {
			t.Errorf("%q is known", other)
		}
	}
	// A read that was in flight when the key was changed comes last.
	d.change(place)
	poll(t, w)
	renewed := state
	renewed.Generation, renewed.Login = 4, "ada.l"
	keys.Put(key, renewed, store.Mark{Place: place, Number: 1})
	keys.Put(key, state, mark)
	if got, ok := keys.Get(key); ok {
		t.Errorf("an old state counts: %+v", got)
	}
	keys.Put(key, renewed, store.Mark{Place: place, Number: 1})
	if got, ok := keys.Get(key); !ok || got != renewed {
		t.Errorf("%t %+v", ok, got)
	}
	c.wait(keystate.Lasts)
	if _, ok := keys.Get(key); ok {
		t.Error("it counts after its time")
	}
}

// TestKeys_AreBounded: those that find no room cost a read, and none is taken for another.
func TestKeys_AreBounded(t *testing.T) {
	w, _, _ := newWatch()
	poll(t, w)
	keys, none := keystate.NewKeys(w, 1000), keystate.NewKeys(w, 0)
	name := func(n int) string { return fmt.Sprintf("AK%018d", n) }
	const many = 20_000
	for n := range many {
		s := state
		s.Login = fmt.Sprintf("user-%d", n)
		keys.Put(name(n), s, store.Mark{Place: place})
		none.Put(name(n), s, store.Mark{Place: place})
		if got, ok := keys.Get(name(n)); !ok || got.Login != s.Login {
			t.Fatalf("%d: %t %q", n, ok, got.Login)
		}
	}
	kept := 0
	for n := range many {
		got, ok := keys.Get(name(n))
		if ok {
			kept++
		}
		if ok && got.Login != fmt.Sprintf("user-%d", n) {
			t.Fatalf("%d is taken for %s", n, got.Login)
		}
		if _, ok := none.Get(name(n)); ok {
			t.Fatal("it keeps what it has no room for")
		}
	}
	if kept == 0 || kept > 1000+64 {
		t.Errorf("%d are kept", kept)
	}
}

// TestTokens_UntilTheirEnd_AndNoneIsRevoked that is known not to be.
func TestTokens_UntilTheirEnd_AndNoneIsRevoked(t *testing.T) {
	w, d, c := newWatch()
	poll(t, w)
	tokens := keystate.NewTokens(w, 100)
	digest, ends := keystate.Digest("a.b.c"), c.Now().Add(time.Minute)
	if _, ok := tokens.Checked(digest, c.Now()); ok {
		t.Error("an unknown token is known")
	}
	tokens.Put(digest, ends, store.Mark{Place: store.TokenMark("jti")})
	under, ok := tokens.Checked(digest, ends.Add(-time.Second))
	if !ok || !tokens.Unrevoked("jti", under) {
		t.Errorf("%t", ok)
	}
	if _, ok := tokens.Checked(digest, ends); ok {
		t.Error("it is good at its end")
	}
	d.change(store.TokenMark("jti"))
	poll(t, w)
	if tokens.Unrevoked("jti", under) {
		t.Error("it is known not to be revoked")
	}
}

// TestResources_CountLikeKeys.
func TestResources_CountLikeKeys(t *testing.T) {
	w, d, _ := newWatch()
	poll(t, w)
	resources := keystate.NewResources(w)
	for n := range 3000 {
		resources.Put(fmt.Sprint("r", n), []byte("v"), store.Mark{Place: store.ResourceMark()})
	}
	if got, ok := resources.Get("r2999"); !ok || string(got) != "v" {
		t.Errorf("%t %q", ok, got)
	}
	d.change(store.ResourceMark())
	poll(t, w)
	if _, ok := resources.Get("r2999"); ok {
		t.Error("it counts after a change")
	}
}

// TestKeys_ManyAtOnce is for the race detector.
func TestKeys_ManyAtOnce(t *testing.T) {
	w, d, _ := newWatch()
	keys := keystate.NewKeys(w, 200)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for m := range 500 {
				name := fmt.Sprintf("AK%018d", (n+m)%300)
				keys.Put(name, state, store.Mark{Place: place})
				keys.Get(name)
				keys.Used(name, time.Now())
				if m%50 == 0 {
					d.change(place)
					_ = w.Poll(context.Background())
				}
			}
		})
	}
	all.Wait()
}
