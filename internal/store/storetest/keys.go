package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

var keys = map[string]func(*testing.T, *database){
	"PutKey_RoundTrip": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		rapid.Check(t, func(t *rapid.T) {
			want := rapid.Custom(anyKey).Draw(t, "key")
			d.write(func(w store.Writer) error { return w.PutKey("ada", want) })
			if got := d.account("ada").Key; !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
		if got := d.account("bob").Key; !reflect.DeepEqual(got, lifecycle.Key{}) {
			t.Errorf("another account's key became %+v", got)
		}
	},
	"PutKey_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.PutKey("ada", lifecycle.Key{AccessKey: "AK1"}) })
		wantNotFound(t, "PutKey", err)
	},
	"PutKey_LeavesTheAccountAsItIs": func(t *testing.T, d *database) {
		want := store.Account{Login: "ada", MFAEnabled: true, CreatedAt: start}
		d.write(func(w store.Writer) error { return w.CreateAccount(want) })
		want.Key = lifecycle.Key{AccessKey: "AK1", CreatedAt: start, Revision: 1}
		d.write(func(w store.Writer) error { return w.PutKey("ada", want.Key) })
		if got := d.account("ada"); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	},
	"PutKey_KeyOfAnotherAccount_IsRefused": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error { return w.PutKey("ada", lifecycle.Key{AccessKey: "AK1"}) })
		err := d.Write(d.context(), func(w store.Writer) error { return w.PutKey("bob", lifecycle.Key{AccessKey: "AK1"}) })
		if err == nil {
			t.Error("two accounts have the same Access Key")
		}
		wantOwner(t, d, "AK1", "ada")
	},
	"TouchKey_IsKeptWhileTheKeyIs": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		used := start.Add(time.Hour)
		put := func(k lifecycle.Key) func(store.Writer) error {
			return func(w store.Writer) error { return w.PutKey("ada", k) }
		}
		for _, step := range []struct {
			name string
			do   func(store.Writer) error
			want time.Time
		}{
			{"new key", put(lifecycle.Key{AccessKey: "AK1"}), time.Time{}},
			{"used", func(w store.Writer) error { return w.TouchKey("AK1", used) }, used},
			{"same key, disabled", put(lifecycle.Key{AccessKey: "AK1", Disabled: true, Revision: 2}), used},
			{"another key", put(lifecycle.Key{AccessKey: "AK2"}), time.Time{}},
			{"the replaced key used", func(w store.Writer) error { return w.TouchKey("AK1", used) }, time.Time{}},
			{"used again", func(w store.Writer) error { return w.TouchKey("AK2", used) }, used},
			{"deleted", put(lifecycle.Key{}), time.Time{}},
			{"used without a key", func(w store.Writer) error { return w.TouchKey("AK2", used) }, time.Time{}},
			{"the same key once more", put(lifecycle.Key{AccessKey: "AK2"}), time.Time{}},
		} {
			d.write(step.do)
			if got := d.account("ada").LastUsedAt; !got.Equal(step.want) {
				t.Errorf("%s: last used %v, want %v", step.name, got, step.want)
			}
		}
	},
	"TouchKey_TouchesOneAccountOnly": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			return errors.Join(w.PutKey("ada", lifecycle.Key{AccessKey: "AK1"}), w.PutKey("bob", lifecycle.Key{AccessKey: "AK2"}),
				w.TouchKey("AK1", start))
		})
		if got := d.account("bob").LastUsedAt; !got.IsZero() {
			t.Errorf("another account's key was last used %v", got)
		}
		if got := d.account("ada").LastUsedAt; !got.Equal(start) {
			t.Errorf("the key was last used %v, want %v", got, start)
		}
	},
	"KeyOwner_FindsCurrentAndPreviousOnly": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		put := func(login, current, previous string) {
			k := lifecycle.Key{AccessKey: current}
			if previous != "" {
				k.Previous = &lifecycle.Previous{AccessKey: previous, EndsAt: start}
			}
			d.write(func(w store.Writer) error { return w.PutKey(login, k) })
		}
		put("ada", "AK1", "")
		put("bob", "BK1", "BK0")
		wantOwner(t, d, "AK1", "ada")
		wantOwner(t, d, "BK1", "bob")
		wantOwner(t, d, "BK0", "bob")
		wantOwner(t, d, "ak1", "")
		wantOwner(t, d, "", "")

		put("ada", "AK2", "AK1") // regenerate with grace
		wantOwner(t, d, "AK2", "ada")
		wantOwner(t, d, "AK1", "ada")
		put("ada", "AK3", "AK2") // once more: the older one is gone
		wantOwner(t, d, "AK2", "ada")
		wantOwner(t, d, "AK1", "")
		put("ada", "AK3", "") // end of the grace
		wantOwner(t, d, "AK3", "ada")
		wantOwner(t, d, "AK2", "")
		put("ada", "", "") // delete
		wantOwner(t, d, "AK3", "")
		wantOwner(t, d, "BK1", "bob")
	},
}

func wantOwner(t *testing.T, d *database, accessKey, want string) {
	t.Helper()
	d.read(func(r store.Reader) error {
		got, err := r.KeyOwner(accessKey)
		if want == "" {
			wantNotFound(t, "KeyOwner of "+accessKey, err)
			return nil
		}
		if got != want {
			t.Errorf("the owner of %q is %q, want %q", accessKey, got, want)
		}
		return err
	})
}

// anyTime gives the zero time, an instant to the microsecond, before 1970 too, or a whole second.
func anyTime() *rapid.Generator[time.Time] {
	return rapid.OneOf(
		rapid.Just(time.Time{}),
		rapid.Map(rapid.Int64Range(-1e15, 4e15), func(micros int64) time.Time { return time.UnixMicro(micros).UTC() }),
		rapid.Map(rapid.Int64Range(0, 4e9), func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }),
	)
}

// anyVerifier gives no verifier or some bytes.
func anyVerifier() *rapid.Generator[[]byte] {
	return rapid.OneOf(rapid.Just[[]byte](nil), rapid.SliceOfN(rapid.Byte(), 1, 40))
}

// anyKey gives what a lifecycle may keep: without an Access Key only the counters are left.
func anyKey(t *rapid.T) lifecycle.Key {
	count, text := rapid.Int64Range(0, 1<<62), rapid.StringMatching(`[A-Za-z0-9'"%;ü ]{1,30}`)
	k := lifecycle.Key{Revision: count.Draw(t, "revision"), LastGeneration: count.Draw(t, "last generation")}
	if !rapid.Bool().Draw(t, "has a key") {
		return k
	}
	k.AccessKey, k.Verifier = text.Draw(t, "access key"), anyVerifier().Draw(t, "verifier")
	k.CreatedAt, k.Disabled = anyTime().Draw(t, "created"), rapid.Bool().Draw(t, "disabled")
	k.Generation = count.Draw(t, "generation")
	if rapid.Bool().Draw(t, "has a previous") {
		k.Previous = &lifecycle.Previous{
			AccessKey: text.Draw(t, "previous access key"), Verifier: anyVerifier().Draw(t, "previous verifier"),
			Generation: count.Draw(t, "previous generation"), EndsAt: anyTime().Draw(t, "ends"),
		}
	}
	return k
}
