package sqlite

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
)

// TestConnections_AreNoMoreThanTheyMayBe: a flood of requests opens no flood of connections; it waits.
func TestConnections_AreNoMoreThanTheyMayBe(t *testing.T) {
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var inside, done atomic.Int64
	full := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			err := s.Read(context.Background(), func(store.Reader) error {
				now := inside.Add(1)
				defer inside.Add(-1)
				if now == int64(connections()) {
					once.Do(func() { close(full) })
				}
				<-full // so many are inside at once
				if now > int64(connections()) {
					t.Errorf("%d read at once, want at most %d", now, connections())
				}
				done.Add(1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if open := s.db.Stats().OpenConnections; open > connections() || done.Load() != 100 {
		t.Errorf("%d connections are open, want at most %d; %d of 100 have read", open, connections(), done.Load())
	}
}
