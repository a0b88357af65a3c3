// Package keystate keeps in memory what a database said of keys, tokens and resource servers, for as long as it is known
// to be so. It is what lets a replica answer without its database, and what bounds how old an answer may be.
//
// The rule (design, §6): what was read counts for 900 ms from the start of the read that confirmed it. Changes of the
// database are counted in numbers (store.Changes); what was read under a number is as it was while the number is the same,
// so that one poll of the numbers every 250 ms confirms everything that did not change. What is not confirmed is read from
// the database, and so is all that would be refused: nothing is kept of what is absent, blocked or revoked.
//
// No rule of the key may enter, and no HTTP: what is worth keeping is its callers' to say.
package keystate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

const (
	// Lasts is how long a confirmation counts, from its start.
	Lasts = 900 * time.Millisecond
	// PollEvery is how often the numbers are asked for. Polls may overlap, so that three may be late and a fourth still
	// comes in time.
	PollEvery = 250 * time.Millisecond
	// polls is how many may be under way: those begun before would confirm nothing any more.
	polls = int(Lasts/PollEvery) + 1
)

// Watch knows the numbers of a database as they were a moment ago. It is safe for concurrent use.
type Watch struct {
	db   store.Store
	now  func() time.Time
	slot chan struct{} // one a poll under way

	mu    sync.Mutex // of those that write last
	since time.Time  // a confirmation that began before counts for nothing
	last  atomic.Pointer[confirmation]
}

// confirmation is the numbers at an instant after at.
type confirmation struct {
	at      time.Time
	changes store.Changes
}

// NewWatch makes a watch that knows nothing yet. now is the clock; it must be one that is never set back (time.Now).
func NewWatch(db store.Store, now func() time.Time) *Watch {
	return &Watch{db: db, now: now, slot: make(chan struct{}, polls)}
}

// Run polls until ctx ends. told is told what became of every poll, by many goroutines.
func (w *Watch) Run(ctx context.Context, told func(error)) {
	tick := time.NewTicker(PollEvery)
	defer tick.Stop()
	var under sync.WaitGroup
	defer under.Wait()
	for {
		select {
		case w.slot <- struct{}{}:
			under.Go(func() {
				defer func() { <-w.slot }()
				if err := w.Poll(ctx); ctx.Err() == nil {
					told(err)
				}
			})
		default: // those under way are all too late: the database hangs
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Poll asks for the numbers once. Its error is that of the store; what was confirmed before counts on for its time.
func (w *Watch) Poll(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, Lasts) // a later answer is of no use
	defer stop()
	at := w.now()
	changes, err := w.db.Changes(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// Of polls that overlap the one that began last counts, whichever ends last: an old number never comes back.
	if last := w.last.Load(); at.Before(w.since) || last != nil && at.Before(last.at) {
		return nil
	}
	w.last.Store(&confirmation{at, changes})
	return nil
}

// forget lets nothing count that was confirmed until now.
func (w *Watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = w.now()
	w.last.Store(nil)
}

// Counts tells whether what was read under a mark is known to be so now.
func (w *Watch) Counts(m store.Mark) bool {
	last := w.fresh()
	return last != nil && last.changes.Counts(m)
}

// fresh gives the last confirmation if it still counts. Its age is looked at by both clocks: that which can't be set, and
// the wall's, which goes on while the machine sleeps.
func (w *Watch) fresh() *confirmation {
	last := w.last.Load()
	if last == nil {
		return nil
	}
	now := w.now()
	if now.Sub(last.at) >= Lasts || now.Round(0).Sub(last.at.Round(0)) >= Lasts {
		return nil
	}
	return last
}

// Store gives the database, such that a Write returns only once what it changed no longer counts: who is told that a key
// was disabled never finds this process of another opinion.
func (w *Watch) Store() store.Store { return watched{w.db, w} }

type watched struct {
	store.Store
	watch *Watch
}

// Write implements store.Store. Of a write that failed nobody knows whether it happened.
func (s watched) Write(ctx context.Context, fn func(store.Writer) error) error {
	err := s.Store.Write(ctx, fn)
	if s.watch.Poll(context.WithoutCancel(ctx)) != nil {
		s.watch.forget()
	}
	return err
}
