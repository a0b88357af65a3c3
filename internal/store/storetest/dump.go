package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
)

// empty is the dump of a database in which nothing of what everything writes is.
const empty = "[]"

// dump gives all that everything writes, as text, by every lookup of the port.
func dump(t *testing.T, s store.Store) string {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	var found []any
	err := s.Read(ctx, func(r store.Reader) error {
		found = []any{}
		lookups := []func() (any, error){
			func() (any, error) { return r.Meta("name") },
			func() (any, error) { return r.SoleAccount() },
			func() (any, error) { return r.Account("ada") },
			func() (any, error) { return r.KeyOwner("AK-new") },
			func() (any, error) { return r.KeyOwner("AK-old") },
			func() (any, error) { return r.Reply([]byte("hash")) },
		}
		for _, look := range lookups {
			switch value, err := look(); {
			case err == nil:
				found = append(found, value)
			case !errors.Is(err, store.ErrNotFound):
				return err
			}
		}
		events, err := r.Events("ada", 0, 10)
		for _, e := range events {
			found = append(found, e.ID, e.Event)
		}
		return err
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
