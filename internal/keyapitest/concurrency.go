package keyapitest

import (
	"context"
	"sync"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func concurrentGenerate(t *testing.T, s subject) {
	codes := concurrently(t, 20, func() error {
		_, err := s.API.Generate(context.Background(), keyapi.Change{IdempotencyKey: newKey(t)})
		return err
	})
	if codes[""] != 1 || codes[keyapi.CodeKeyExists] != 19 {
		t.Errorf("got %v", codes)
	}
}

func concurrentRegenerate(t *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	codes := concurrently(t, 20, func() error {
		_, err := s.API.Regenerate(context.Background(), keyapi.Change{IdempotencyKey: newKey(t)})
		return err
	})
	if k := s.key(); codes[""] != 20 || k.Revision != s.start+21 {
		t.Errorf("got %v and revision %d", codes, k.Revision)
	}
}

// concurrently runs fn n times at once and counts the codes.
func concurrently(t *testing.T, n int, fn func() error) map[keyapi.Code]int {
	t.Helper()
	codes := map[keyapi.Code]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			code := keyapi.CodeOf(fn())
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	wg.Wait()
	return codes
}
