package keyservice

import (
	"context"
	"maps"
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

// used notes that the current key of an account was used. A key in its grace period has no time of last use.
func (s *Service) used(ctx context.Context, a store.Account, accessKey string, now time.Time) error {
	if accessKey != a.Key.AccessKey || now.Sub(a.LastUsedAt) < touchEvery {
		return nil
	}
	if s.uses != nil {
		s.uses.mu.Lock()
		defer s.uses.mu.Unlock()
		s.uses.at[accessKey] = now
		return nil
	}
	return s.db.Write(ctx, func(w store.Writer) error { return w.TouchKey(accessKey, now) })
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
	if len(pending) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(w store.Writer) error {
		for accessKey, at := range pending {
			if err := w.TouchKey(accessKey, at); err != nil {
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
	maps.DeleteFunc(s.uses.at, func(accessKey string, at time.Time) bool { return at.Equal(pending[accessKey]) })
	return nil
}
