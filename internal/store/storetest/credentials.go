package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

var credentials = map[string]func(*testing.T, *database){
	"NoAccount_IsNotFound": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error {
			_, err := r.Credentials("ada")
			wantNotFound(t, "Credentials", err)
			return nil
		})
		err := d.Write(d.context(), func(w store.Writer) error { return w.PutCredentials("ada", store.Credentials{PasswordHash: "x"}) })
		wantNotFound(t, "PutCredentials", err)
	},
	"NewAccount_HasNone": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		wantCredentials(t, d, "ada", store.Credentials{})
	},
	"Put_ReplacesAllFields": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		other := store.Credentials{PasswordHash: "$other$", LastStep: 3, RecoveryCodes: [][]byte{{9}}}
		d.write(func(w store.Writer) error { return w.PutCredentials("bob", other) })
		for _, want := range []store.Credentials{
			{PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"},
			{
				PasswordHash: "$x$", Seed: []byte{0, 1, 255}, PendingSeed: []byte{2}, LastStep: 1 << 40,
				RecoveryCodes: [][]byte{{3}, {1}, {2}}, // their order is kept
			},
			{PasswordHash: "$x$", Seed: []byte{0, 1, 255}, LastStep: -1, RecoveryCodes: [][]byte{{3}, {2}}},
			{},
		} {
			d.write(func(w store.Writer) error { return w.PutCredentials("ada", want) })
			wantCredentials(t, d, "ada", want)
		}
		wantCredentials(t, d, "bob", other)
	},
	"Put_TouchesNothingElse": func(t *testing.T, d *database) {
		d.write(everything)
		before := d.account("ada")
		d.write(func(w store.Writer) error { return w.PutCredentials("ada", store.Credentials{}) })
		if after := d.account("ada"); !reflect.DeepEqual(after, before) {
			t.Errorf("the account became %+v, was %+v", after, before)
		}
	},
	"Step_IsSpentByOne": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		spent := make([]bool, writers)
		together(t, d, func(s store.Store, n int) error {
			return s.Write(d.context(), func(w store.Writer) error {
				c, err := w.Credentials("ada")
				spent[n] = err == nil && c.LastStep < 7
				if !spent[n] {
					return err
				}
				c.LastStep = 7
				return w.PutCredentials("ada", c)
			})
		})
		count := 0
		for _, s := range spent {
			if s {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d of %d writers spent the same step, want 1", count, writers)
		}
	},
}

func wantCredentials(t *testing.T, d *database, login string, want store.Credentials) {
	t.Helper()
	d.read(func(r store.Reader) error {
		got, err := r.Credentials(login)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", login, got, want)
		}
		return err
	})
}

var accountsOfAServer = map[string]func(*testing.T, *database){
	"Put_ReplacesTheFactsOnly": func(t *testing.T, d *database) {
		d.write(everything)
		want := d.account("ada")
		for _, facts := range []store.Account{
			{Email: "ada@example.org", Permitted: true},
			{MFAEnabled: true},
			{Email: "ü", Locked: true},
			{},
		} {
			want.Email, want.Permitted, want.MFAEnabled, want.Locked = facts.Email, facts.Permitted, facts.MFAEnabled, facts.Locked
			put := want
			put.Key, put.CreatedAt = lifecycle.Key{AccessKey: "AK-no"}, start.AddDate(1, 0, 0)
			d.write(func(w store.Writer) error { return w.PutAccount(put) })
			if got := d.account("ada"); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"Put_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.PutAccount(store.Account{Login: "ada"}) })
		wantNotFound(t, "PutAccount", err)
	},
	"Create_KeepsEmailAndLock": func(t *testing.T, d *database) {
		want := store.Account{Login: "ada", Email: "ada@example.org", Locked: true, CreatedAt: start}
		d.write(func(w store.Writer) error { return w.CreateAccount(want) })
		if got := d.account("ada"); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	},
	"List_GoesInTheOrderOfBytes": func(t *testing.T, d *database) {
		d.addAccounts("b", "a.b", "a", "a-b", "ab", "_", "1", "Z")
		want := []string{"1", "Z", "_", "a", "a-b", "a.b", "ab", "b"}
		var got []string
		for after := ""; ; {
			var page []store.Account
			d.read(func(r store.Reader) (err error) { page, err = r.Accounts(after, 3); return err })
			if len(page) > 3 {
				t.Fatalf("a page of 3 has %d", len(page))
			}
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				if !reflect.DeepEqual(a, d.account(a.Login)) {
					t.Errorf("the list says %+v", a)
				}
				got = append(got, a.Login)
			}
			after = page[len(page)-1].Login
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	},
	"Remove_TakesAllThatBelongsToIt": func(t *testing.T, d *database) {
		d.write(everything)
		d.addAccounts("bob")
		d.write(func(w store.Writer) error {
			return errors.Join(w.PutKey("bob", lifecycle.Key{AccessKey: "BK"}), w.PutCredentials("bob", store.Credentials{PasswordHash: "b"}),
				w.CreateSession(session("bob", "bob", "")))
		})
		d.write(func(w store.Writer) error { return w.RemoveAccount("ada") })
		d.read(func(r store.Reader) error {
			_, err := r.Account("ada")
			wantNotFound(t, "Account", err)
			_, err = r.KeyOwner("AK-new")
			wantNotFound(t, "KeyOwner", err)
			_, err = r.KeyOwner("AK-old")
			wantNotFound(t, "KeyOwner of the previous key", err)
			_, err = r.Reply([]byte("hash"))
			wantNotFound(t, "Reply", err)
			_, err = r.Session([]byte("hash of s-ada"))
			wantNotFound(t, "Session", err)
			_, err = r.Credentials("ada")
			wantNotFound(t, "Credentials", err)
			return nil
		})
		// Whoever gets the login next inherits nothing.
		d.addAccounts("ada")
		wantCredentials(t, d, "ada", store.Credentials{})
		if got := trail(d, "ada", 0, 10); len(got) != 0 {
			t.Errorf("events %+v", got)
		}
		if got := sessionsOf(d, "ada"); len(got) != 0 {
			t.Errorf("sessions %+v", got)
		}
		if got := d.account("ada").Key; !reflect.DeepEqual(got, lifecycle.Key{}) {
			t.Errorf("key %+v", got)
		}
		wantOwner(t, d, "BK", "bob")
		wantCredentials(t, d, "bob", store.Credentials{PasswordHash: "b"})
		if got := sessionsOf(d, "bob"); len(got) != 1 {
			t.Errorf("sessions of another account %+v", got)
		}
	},
	"Remove_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.RemoveAccount("ada") })
		wantNotFound(t, "RemoveAccount", err)
	},
}
