package httpapi_test

import (
	"net/http"
	"sync"
	"testing"
)

// A thousand requests at once, over 64 connections that are kept open: one makes the key, and all others are told so.
func TestGenerate_AThousandAtOnce_OneWins(t *testing.T) {
	s := open(t)
	const requests = 1000
	keys := make([][]string, requests)
	for i := range keys {
		keys[i] = s.withIdempotencyKey()
	}
	statuses := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, key := range keys {
		group.Go(func() {
			r, err := http.NewRequest(http.MethodPost, s.url+"/v1/key", nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+s.session)
			r.Header.Set(key[0], key[1])
			resp, err := s.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[resp.StatusCode]++
		})
	}
	group.Wait()
	if statuses[http.StatusCreated] != 1 || statuses[http.StatusConflict] != requests-1 {
		t.Errorf("got %v", statuses)
	}
	if got := s.get(http.StatusOK, "", "/v1/key", ""); got.header.Get("ETag") != `"1"` {
		t.Error(got.text)
	}
}
