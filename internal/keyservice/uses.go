package keyservice

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// touchEvery is how exact the time of last use is.
const touchEvery = time.Minute

// uses holds the keys that were used and whose use is not written yet.
type uses struct {
	mu sync.Mutex
	at map[string]time.Time // by Access Key
}

// DeferUses makes the service note in memory when keys are used, off the path of the request. flush writes what has come
// together; the caller calls it every now and then, and before the end. Call DeferUses before the service is used.
func (s *Service) DeferUses() (flush func(ctx context.Context) error) {
	s.uses = &uses{at: map[string]time.Time{}}
	return s.flushUses
}

// used notes that a key was used, the current one of its account. A key in its grace period has no time of last use. That
// it can't be noted, on a disk that is full or read-only, is no reason to refuse the right secret.
func (s *Service) used(ctx context.Context, accessKey string, current bool, before, now time.Time) {
	if !current || now.Sub(before) < touchEvery {
		return
	}
	if s.states != nil {
		s.states.Used(accessKey, now)
	}
	if s.uses != nil {
		s.uses.mu.Lock()
		defer s.uses.mu.Unlock()
		s.uses.at[accessKey] = now.Truncate(time.Second).UTC()
		return
	}
	_ = s.db.Write(ctx, func(w store.Writer) error { return w.TouchKey(accessKey, now) })
}

// lastUsed gives when the current key of an account was last used, whether or not that is written.
func (s *Service) lastUsed(a store.Account) time.Time {
	if s.uses == nil || a.Key.AccessKey == "" {
		return a.LastUsedAt
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if at := s.uses.at[a.Key.AccessKey]; at.After(a.LastUsedAt) {
		return at
	}
	return a.LastUsedAt
}

// flushUses writes the uses. Until they are written they stay where lastUsed looks, and after a failure for the next try.
func (s *Service) flushUses(ctx context.Context) error {
	s.uses.mu.Lock()
	pending := maps.Clone(s.uses.at)
	s.uses.mu.Unlock()
	// In one order, so that replicas that write uses of the same keys wait for each other and are not deadlocked; and some
	// at a time, so that nobody waits long for them.
	for some := range slices.Chunk(slices.Sorted(maps.Keys(pending)), store.TouchMany) {
		if err := s.flushSome(ctx, some, pending); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) flushSome(ctx context.Context, accessKeys []string, pending map[string]time.Time) error {
	together := map[time.Time][]string{}
	for _, accessKey := range accessKeys {
		at := pending[accessKey]
		together[at] = append(together[at], accessKey)
	}
	err := s.db.Write(ctx, func(w store.Writer) error {
		for at, accessKeys := range together {
			if err := w.TouchKeys(accessKeys, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	for _, accessKey := range accessKeys {
		if s.uses.at[accessKey].Equal(pending[accessKey]) {
			delete(s.uses.at, accessKey)
		}
	}
	return nil
}
