package storetest

import (
	"cmp"
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
			func() (any, error) { return r.Credentials("ada") },
			func() (any, error) { return r.Session([]byte("hash of s-ada")) },
			func() (any, error) { return r.Resource("name") },
			func() (any, error) { return present(r.Attempts("name")) },
			func() (any, error) { return oneOf(r.RevokedTokens()) },
			func() (any, error) { return oneOf(r.SigningKeys()) },
			func() (any, error) { return oneOf(r.Mails(0, 1)) },
			func() (any, error) { return oneOf(r.ExpiryNotices("ada", "AK-new")) },
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

// present makes the zero value of a lookup that has no ErrNotFound one that is not there.
func present[T comparable](value T, err error) (any, error) {
	var zero T
	if err == nil && value == zero {
		err = store.ErrNotFound
	}
	return value, err
}

// oneOf gives the only one of a list.
func oneOf[T any](list []T, err error) (any, error) {
	if err != nil || len(list) == 0 {
		return nil, cmp.Or(err, store.ErrNotFound)
	}
	return list[0], nil
}
