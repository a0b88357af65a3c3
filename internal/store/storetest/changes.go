package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

// changed tells which places differ.
func changed(before, after store.Changes) (places []int) {
	for i := range before {
		if before[i] != after[i] {
			places = append(places, i)
		}
	}
	return places
}

// asked gives what KeyHolder tells of the account of a current key.
func asked(a store.Account) store.Account {
	a.Email, a.CreatedAt = "", time.Time{}
	a.Key.Revision, a.Key.LastGeneration, a.Key.Previous = 0, 0, nil
	return a
}

var changes = map[string]func(*testing.T, *database){
	// What a state in memory can be made old by, seen from another process, and what it is not.
	"Changes_CountWhatIsKeptInMemory": func(t *testing.T, d *database) {
		other := d.another()
		numbers := func() store.Changes {
			t.Helper()
			c, err := other.Changes(d.context())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		key := lifecycle.Key{AccessKey: "AK1", Verifier: []byte("v"), CreatedAt: start, Generation: 1, Revision: 1}
		account := store.Account{Login: "ada", Permitted: true, CreatedAt: start}
		for _, step := range []struct {
			name   string
			do     func(store.Writer) error
			counts bool
		}{
			{"an account is made", func(w store.Writer) error { return w.CreateAccount(account) }, false},
			{"its key is put", func(w store.Writer) error { return w.PutKey("ada", key) }, true},
			{"its key is used", func(w store.Writer) error { return w.TouchKey("AK1", start) }, false},
			{"its keys are used", func(w store.Writer) error { return w.TouchKeys([]string{"AK1"}, start) }, false},
			{"the account is put", func(w store.Writer) error { return w.PutAccount(account) }, true},
			{"a token is revoked", func(w store.Writer) error { return w.RevokeToken("jti", start) }, true},
			{"notes of tokens are purged", func(w store.Writer) error { return w.PurgeRevoked(start.Add(time.Hour)) }, false},
			{"a resource server is made", func(w store.Writer) error {
				return w.CreateResource(store.Resource{Name: "api", Verifier: []byte("v"), CreatedAt: start})
			}, false},
			{"a resource server is removed", func(w store.Writer) error { return w.DeleteResource("api") }, true},
			{"the account is removed", func(w store.Writer) error { return w.RemoveAccount("ada") }, true},
		} {
			before := numbers()
			d.write(step.do)
			places := changed(before, numbers())
			if (len(places) == 1) != step.counts || len(places) > 1 {
				t.Errorf("%s: the numbers of %v changed", step.name, places)
			}
		}
	},
	"Changes_OfWhatFailed_DoNotCount": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		failed := errors.New("failed")
		err := d.Write(d.context(), func(w store.Writer) error {
			return errors.Join(w.PutKey("ada", lifecycle.Key{AccessKey: "AK1"}), failed)
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if c, err := d.Changes(d.context()); err != nil || c != (store.Changes{}) {
			t.Errorf("%v, %v", changed(c, store.Changes{}), err)
		}
	},
	"KeyHolder_GivesTheAccountAndItsMark": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		key := lifecycle.Key{
			AccessKey: "AK-new", Verifier: []byte("v"), CreatedAt: start, Generation: 2, Revision: 2, LastGeneration: 2,
			Previous: &lifecycle.Previous{AccessKey: "AK-old", Verifier: []byte("w"), Generation: 1, EndsAt: start},
		}
		d.write(func(w store.Writer) error {
			return errors.Join(w.PutAccount(store.Account{Login: "ada", Email: "ada@example.com", Permitted: true, MFAEnabled: true}),
				w.PutKey("ada", key), w.TouchKey("AK-new", start.Add(time.Second)), w.RevokeToken("gone", start.Add(time.Hour)))
		})
		want := d.account("ada")
		for _, look := range []func(func(store.Reader) error) error{
			func(fn func(store.Reader) error) error { return d.Look(d.context(), fn) },
			func(fn func(store.Reader) error) error { return d.Read(d.context(), fn) },
		} {
			err := look(func(r store.Reader) error {
				now, err := d.Changes(d.context())
				for accessKey, want := range map[string]store.Account{"AK-new": asked(want), "AK-old": want} {
					got, m, failed := r.KeyHolder(accessKey)
					if failed != nil || !reflect.DeepEqual(got, want) || m.Number != 2 || !now.Counts(m) {
						t.Errorf("%s: %+v, %+v, %v", accessKey, got, m, failed)
					}
					for id, revoked := range map[string]bool{"gone": true, "there": false} {
						again, same, token, failed := r.TokenHolder(accessKey, id)
						if failed != nil || !reflect.DeepEqual(again, got) || same != m {
							t.Errorf("%s, of a token: %+v, %+v, %v", accessKey, again, same, failed)
						}
						if token.Revoked != revoked || !now.Counts(token.Mark) || token.Place != store.TokenMark(id) {
							t.Errorf("the token %s: %+v", id, token)
						}
					}
				}
				_, _, failed := r.KeyHolder("AK-none")
				wantNotFound(t, "KeyHolder", failed)
				_, _, _, failed = r.TokenHolder("AK-none", "there")
				wantNotFound(t, "TokenHolder", failed)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		var old store.Mark
		d.read(func(r store.Reader) (err error) { _, old, err = r.KeyHolder("AK-new"); return err })
		d.write(func(w store.Writer) error { return w.PutKey("ada", key) })
		if now, err := d.Changes(d.context()); err != nil || now.Counts(old) {
			t.Errorf("the mark of before the change still counts: %v", err)
		}
	},
	"ResourceState": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error {
			return w.CreateResource(store.Resource{Name: "api", Verifier: []byte("v"), CreatedAt: start})
		})
		err := d.Look(d.context(), func(r store.Reader) error {
			now, err := r.Changes()
			got, m, failed := r.ResourceState("api")
			if failed != nil || got.Name != "api" || string(got.Verifier) != "v" || !now.Counts(m) {
				t.Errorf("%+v, %+v, %v", got, m, failed)
			}
			_, _, failed = r.ResourceState("none")
			wantNotFound(t, "ResourceState", failed)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	},
}
