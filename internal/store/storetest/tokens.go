package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

var tokens = map[string]func(*testing.T, *database){
	"SigningKeys_AreOldestFirst": func(t *testing.T, d *database) {
		wantSigningKeys(t, d)
		want := []store.SigningKey{
			{ID: "b", Sealed: []byte{0, 255}, CreatedAt: start},
			{ID: "a", Sealed: []byte{1}, CreatedAt: start},
			{ID: "c", Sealed: []byte{2}, CreatedAt: start.Add(time.Second)},
		}
		for _, k := range want {
			d.write(func(w store.Writer) error { return w.CreateSigningKey(k) })
		}
		wantSigningKeys(t, d, want...)
		d.write(func(w store.Writer) error { return errors.Join(w.DeleteSigningKey("a"), w.DeleteSigningKey("absent")) })
		wantSigningKeys(t, d, want[0], want[2])
	},
	"SigningKey_SameID_IsRefused": func(t *testing.T, d *database) {
		first := store.SigningKey{ID: "a", Sealed: []byte{1}, CreatedAt: start}
		d.write(func(w store.Writer) error { return w.CreateSigningKey(first) })
		err := d.Write(d.context(), func(w store.Writer) error {
			return w.CreateSigningKey(store.SigningKey{ID: "a", Sealed: []byte{2}, CreatedAt: start})
		})
		if err == nil {
			t.Error("two signing keys have the same ID")
		}
		wantSigningKeys(t, d, first)
	},
	"Revoked_UntilPurged": func(t *testing.T, d *database) {
		wantRevoked(t, d, "jti", false)
		d.write(func(w store.Writer) error { return w.RevokeToken("jti", start) })
		wantRevoked(t, d, "jti", true)
		wantRevoked(t, d, "JTI", false)
		// A second time changes nothing, not even how long it is noted.
		d.write(func(w store.Writer) error { return w.RevokeToken("jti", start.Add(time.Hour)) })
		d.write(func(w store.Writer) error { return w.RevokeToken("later", start.Add(time.Microsecond)) })
		d.write(func(w store.Writer) error { return w.PurgeRevoked(start) })
		wantRevoked(t, d, "jti", true)
		d.write(func(w store.Writer) error { return w.PurgeRevoked(start.Add(time.Microsecond)) })
		wantRevoked(t, d, "jti", false)
		wantRevoked(t, d, "later", true)
	},
	"RevokedTokens_AreListed": func(t *testing.T, d *database) {
		want := []store.RevokedToken{{ID: "B", ExpiresAt: start}, {ID: "_", ExpiresAt: start.Add(time.Hour)}, {ID: "a", ExpiresAt: start}}
		for _, token := range []store.RevokedToken{want[2], want[0], want[1]} {
			d.write(func(w store.Writer) error { return w.RevokeToken(token.ID, token.ExpiresAt) })
		}
		d.read(func(r store.Reader) error {
			got, err := r.RevokedTokens()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			return err
		})
	},
	"Resources": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error {
			_, err := r.Resource("a")
			wantNotFound(t, "Resource", err)
			all, err := r.Resources()
			if len(all) != 0 {
				t.Errorf("resources %+v", all)
			}
			return err
		})
		want := []store.Resource{
			{Name: "a", Verifier: []byte{0, 255}, CreatedAt: start},
			{Name: "a-b", Verifier: []byte{2}, CreatedAt: start},
			{Name: "b", Verifier: []byte{1}, CreatedAt: start.Add(-time.Second)},
		}
		d.write(func(w store.Writer) error {
			return errors.Join(w.CreateResource(want[2]), w.CreateResource(want[0]), w.CreateResource(want[1]))
		})
		wantResources(t, d, want...)
		err := d.Write(d.context(), func(w store.Writer) error {
			return w.CreateResource(store.Resource{Name: "a", Verifier: []byte{3}, CreatedAt: start})
		})
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("two resources have the same name: error %v", err)
		}
		d.write(func(w store.Writer) error { return w.DeleteResource("a-b") })
		wantResources(t, d, want[0], want[2])
		err = d.Write(d.context(), func(w store.Writer) error { return w.DeleteResource("a-b") })
		wantNotFound(t, "DeleteResource", err)
	},
}

func wantSigningKeys(t *testing.T, d *database, want ...store.SigningKey) {
	t.Helper()
	d.read(func(r store.Reader) error {
		got, err := r.SigningKeys()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("signing keys\ngot  %+v\nwant %+v", got, want)
		}
		return err
	})
}

func wantRevoked(t *testing.T, d *database, id string, want bool) {
	t.Helper()
	d.read(func(r store.Reader) error {
		all, err := r.RevokedTokens()
		if got := slices.ContainsFunc(all, func(t store.RevokedToken) bool { return t.ID == id }); got != want {
			t.Errorf("%s is revoked: %v, want %v", id, got, want)
		}
		return err
	})
}

func wantResources(t *testing.T, d *database, want ...store.Resource) {
	t.Helper()
	d.read(func(r store.Reader) error {
		got, err := r.Resources()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("resources\ngot  %+v\nwant %+v", got, want)
		}
		for _, w := range want {
			one, err := r.Resource(w.Name)
			if !reflect.DeepEqual(one, w) || err != nil {
				t.Errorf("%s alone: %+v, %v", w.Name, one, err)
			}
		}
		return err
	})
}
