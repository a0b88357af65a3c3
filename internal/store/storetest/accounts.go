package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

var accounts = map[string]func(*testing.T, *database){
	"Absent_IsNotFound": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		d.read(func(r store.Reader) error {
			_, err := r.Account("bob")
			wantNotFound(t, "Account", err)
			_, err = r.Account("ADA")
			wantNotFound(t, "Account by a login in other letters", err)
			return nil
		})
	},
	"NoAccount_HasNoSoleAccount": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error {
			_, err := r.SoleAccount()
			wantNotFound(t, "SoleAccount", err)
			return nil
		})
	},
	"SoleAccount_IsTheOldest": func(t *testing.T, d *database) {
		d.addAccounts("mary", "ada", "zoe") // the oldest is neither the first nor the last of the alphabet
		d.read(func(r store.Reader) error {
			got, err := r.SoleAccount()
			if got != "mary" {
				t.Errorf("got %q, want mary", got)
			}
			return err
		})
	},
	"Create_KeepsAllFields": func(t *testing.T, d *database) {
		for _, want := range []store.Account{
			{Login: "zero"},
			{Login: "permitted", Permitted: true},
			{Login: "mfa", MFAEnabled: true},
			{Login: "it's \"quoted\" ; DROP TABLE accounts -- ü", CreatedAt: start},
			{Login: "counted", CreatedAt: time.Unix(0, 0).UTC(), Key: lifecycle.Key{Revision: 7, LastGeneration: 3}},
		} {
			d.write(func(w store.Writer) error { return w.CreateAccount(want) })
			if got := d.account(want.Login); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"Create_Twice_IsRefusedAndChangesNothing": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		before := d.account("ada")
		err := d.Write(d.context(), func(w store.Writer) error {
			return w.CreateAccount(store.Account{Login: "ada", MFAEnabled: true})
		})
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("a second account of the same login: error %v", err)
		}
		if after := d.account("ada"); !reflect.DeepEqual(after, before) {
			t.Errorf("the account became %+v", after)
		}
	},
}
