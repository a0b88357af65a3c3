package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

// letter gives a mail of ada's that is due at an instant.
func letter(name string, due time.Time) store.Mail {
	return store.Mail{
		Name: name, Login: "ada", To: "ada@example.org", Kind: "key-generated", At: start, Until: start.Add(time.Hour),
		AccessKey: "AK-new", Actor: "ada/ci", From: "192.0.2.1", DueAt: due,
	}
}

// mails gives those that wait.
func (d *database) mails() (all []store.Mail) {
	d.t.Helper()
	d.read(func(r store.Reader) (err error) {
		all, err = r.Mails(0, 1000)
		count, countErr := r.CountMails()
		if count != len(all) {
			d.t.Errorf("%d are counted, %d are there", count, len(all))
		}
		return errors.Join(err, countErr)
	})
	return all
}

var outbox = map[string]func(*testing.T, *database){
	"Add_ComesBackWhole": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		bare := store.Mail{Name: "bare", Login: "ada", To: "a@b", Kind: "x"}
		want := []store.Mail{letter("full", start), bare}
		d.write(func(w store.Writer) error { return errors.Join(w.AddMail(want[0]), w.AddMail(want[1])) })
		got := d.mails()
		if len(got) != 2 || got[0].ID >= got[1].ID {
			t.Fatalf("got %+v", got)
		}
		for i := range got {
			want[i].ID = got[i].ID
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		d.read(func(r store.Reader) error {
			page, err := r.Mails(got[0].ID, 1)
			if len(page) != 1 || page[0].Name != "bare" {
				t.Errorf("after the first one: %+v", page)
			}
			return err
		})
	},
	"Add_WithoutItsAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.AddMail(letter("m", start)) })
		wantNotFound(t, "AddMail", err)
	},
	"Mails_GoWithTheirAccountAlone": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			other := letter("other", start)
			other.Login = "bob"
			_, noted := w.NoteExpiry("ada", "AK-new", 7)
			return errors.Join(noted, w.AddMail(letter("m", start)), w.AddMail(other))
		})
		d.write(func(w store.Writer) error { return w.RemoveAccount("ada") })
		if got := d.mails(); len(got) != 1 || got[0].Login != "bob" {
			t.Errorf("left: %+v", got)
		}
		d.write(func(w store.Writer) error { return w.DeleteAllMails() })
		if got := d.mails(); len(got) != 0 {
			t.Errorf("left: %+v", got)
		}
	},
	"Due_IsWhatIsDue_LongestFirst": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		d.write(func(w store.Writer) error {
			for name, due := range map[string]time.Time{
				"later": start.Add(time.Microsecond), "now": start, "long": start.Add(-time.Hour), "longer": start.Add(-2 * time.Hour),
			} {
				if err := w.AddMail(letter(name, due)); err != nil {
					return err
				}
			}
			return nil
		})
		d.read(func(r store.Reader) error {
			for limit, want := range map[int]string{1: "[longer]", 2: "[longer long]", 9: "[longer long now]"} {
				due, err := r.DueMails(start, limit)
				if err != nil {
					return err
				}
				names := []string{}
				for _, m := range due {
					names = append(names, m.Name)
				}
				if got := fmt.Sprint(names); got != want {
					t.Errorf("limit %d: %s, want %s", limit, got, want)
				}
			}
			return nil
		})
	},
	"CountOf_IsOfOneAccountAndKind": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			of := func(name, login, kind string) error {
				m := letter(name, start)
				m.Login, m.Kind = login, kind
				return w.AddMail(m)
			}
			return errors.Join(of("a", "ada", "x"), of("b", "ada", "x"), of("c", "ada", "y"), of("d", "bob", "x"))
		})
		d.read(func(r store.Reader) error {
			var errs []error
			for of, want := range map[[2]string]int{{"ada", "x"}: 2, {"ada", "y"}: 1, {"bob", "y"}: 0, {"nobody", "x"}: 0} {
				got, err := r.CountMailsOf(of[0], of[1])
				if got != want {
					t.Errorf("%v: %d, want %d", of, got, want)
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		})
	},
	"Claim_IsAtAnyTimeOnes": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		for round := range rounds {
			d.write(func(w store.Writer) error { return w.AddMail(letter(fmt.Sprint(round), start)) })
			var seen store.Mail
			d.read(func(r store.Reader) error {
				due, err := r.DueMails(start, 1)
				seen = due[0]
				return err
			})
			var claims atomic.Int32
			together(t, d, func(s store.Store, _ int) error {
				claimed := false
				err := s.Write(d.context(), func(w store.Writer) (err error) {
					claimed, err = w.ClaimMail(seen, start.Add(time.Hour))
					return err
				})
				if claimed {
					claims.Add(1)
				}
				return err
			})
			if claims.Load() != 1 {
				t.Fatalf("%d of %d got it, want 1", claims.Load(), writers)
			}
		}
		for _, m := range d.mails() {
			if m.Attempts != 1 || !m.DueAt.Equal(start.Add(time.Hour)) {
				t.Errorf("claimed it is %+v", m)
			}
		}
	},
	"Claim_ThatIsLost_ChangesNothing": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		d.write(func(w store.Writer) error { return w.AddMail(letter("m", start)) })
		lost := d.mails()[0]
		d.write(func(w store.Writer) error { _, err := w.ClaimMail(lost, start); return err })
		lost.Attempts++ // as who holds the first lease has it
		d.write(func(w store.Writer) error { _, err := w.ClaimMail(lost, start.Add(time.Hour)); return err })
		want := d.mails()
		d.write(func(w store.Writer) error {
			return errors.Join(w.PostponeMail(lost, start.Add(-time.Hour)), w.DeleteMail(lost))
		})
		if got := d.mails(); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		d.write(func(w store.Writer) error { return w.PostponeMail(want[0], start.Add(time.Minute)) })
		if got := d.mails()[0]; !got.DueAt.Equal(start.Add(time.Minute)) || got.Attempts != 2 {
			t.Errorf("postponed it is %+v", got)
		}
		d.write(func(w store.Writer) error { return w.DeleteMail(want[0]) })
		if got := d.mails(); len(got) != 0 {
			t.Errorf("left: %+v", got)
		}
	},
	"ExpiringKeys_AreThoseInRangeThatWereNotTold": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error {
			for login, made := range map[string]time.Time{
				"before": start, "first": start.Add(time.Second), "last": start.Add(time.Hour), "after": start.Add(time.Hour + time.Second),
				"told": start.Add(time.Minute), "told earlier": start.Add(2 * time.Minute), "replaced": start.Add(3 * time.Minute),
				"no address": start.Add(time.Minute),
			} {
				email := login + "@example.org"
				if login == "no address" {
					email = ""
				}
				err := errors.Join(w.CreateAccount(store.Account{Login: login, Email: email}),
					w.PutKey(login, lifecycle.Key{AccessKey: "AK-" + login, CreatedAt: made}))
				if err != nil {
					return err
				}
			}
			for login, days := range map[string]int{"told": 7, "told earlier": 30} {
				if _, err := w.NoteExpiry(login, "AK-"+login, days); err != nil {
					return err
				}
			}
			_, err := w.NoteExpiry("replaced", "AK-another", 1)
			return err
		})
		d.read(func(r store.Reader) error {
			found, err := r.ExpiringKeys(start, start.Add(time.Hour), 7, 10)
			names := []string{}
			for _, k := range found {
				names = append(names, k.Login)
			}
			if got, want := fmt.Sprint(names), "[first told earlier replaced last]"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if first := (store.ExpiringKey{
				Login: "first", Email: "first@example.org", AccessKey: "AK-first", CreatedAt: start.Add(time.Second),
			}); len(found) > 0 && found[0] != first {
				t.Errorf("got %+v, want %+v", found[0], first)
			}
			return err
		})
	},
	"NoteExpiry_IsFreshOnce": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		for _, key := range []string{"AK-1", "AK-2"} { // a key that replaces another one has its own
			for _, days := range []int{30, 7} {
				var fresh atomic.Int32
				together(t, d, func(s store.Store, _ int) error {
					first := false
					err := s.Write(d.context(), func(w store.Writer) (err error) {
						first, err = w.NoteExpiry("ada", key, days)
						return err
					})
					if first {
						fresh.Add(1)
					}
					return err
				})
				if fresh.Load() != 1 {
					t.Errorf("%s, %d days: %d were first, want 1", key, days, fresh.Load())
				}
			}
		}
		d.read(func(r store.Reader) error {
			old, err := r.ExpiryNotices("ada", "AK-1")
			noted, err2 := r.ExpiryNotices("ada", "AK-2")
			if len(old) != 0 || !reflect.DeepEqual(noted, []int{7, 30}) {
				t.Errorf("noted %v of the old key and %v of the new one", old, noted)
			}
			return errors.Join(err, err2)
		})
		err := d.Write(d.context(), func(w store.Writer) error { _, err := w.NoteExpiry("nobody", "AK", 1); return err })
		wantNotFound(t, "NoteExpiry", err)
	},
}
