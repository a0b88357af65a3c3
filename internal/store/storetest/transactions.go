package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var transactions = map[string]func(*testing.T, *database){
	"Instance_IsNotEmptyAndStays": func(t *testing.T, d *database) {
		instance := d.Instance()
		if instance == "" {
			t.Fatal("a database has no identifier")
		}
		if other := d.another().Instance(); other != instance {
			t.Errorf("another handle on the database says it is %q, not %q", other, instance)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if again := d.another().Instance(); again != instance {
			t.Errorf("opened again the database is %q, was %q", again, instance)
		}
	},
	"Write_IsThereForOthersAndAfterClose": func(t *testing.T, d *database) {
		other := d.another()
		d.write(everything)
		want := dump(t, d.Store)
		if got := dump(t, other); got != want || got == empty {
			t.Errorf("the other handle sees\n%s\nwant\n%s", got, want)
		}
		if err := errors.Join(d.Close(), other.Close()); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, d.another()); got != want {
			t.Errorf("opened again it has\n%s\nwant\n%s", got, want)
		}
	},
	"Write_Error_LeavesNothing": func(t *testing.T, d *database) {
		failed := errors.New("failed on purpose")
		err := d.Write(d.context(), func(w store.Writer) error {
			if err := everything(w); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("Write gives %v, want the error of its function", err)
		}
		if err.Error() != failed.Error() {
			t.Errorf("Write says %q of an error that is not the database's, want %q", err, failed)
		}
		wantEmptyAndWorking(t, d)
	},
	"Write_Panic_LeavesNothing": func(t *testing.T, d *database) {
		func() {
			defer func() {
				if got := recover(); got != "on purpose" {
					t.Errorf("recovered %v, want the panic of the function", got)
				}
			}()
			_ = d.Write(d.context(), func(w store.Writer) error {
				if err := everything(w); err != nil {
					t.Error(err)
				}
				panic("on purpose")
			})
		}()
		wantEmptyAndWorking(t, d)
	},
	"Write_SeesItsOwnChanges": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error {
			if err := w.SetMeta("name", []byte("value")); err != nil {
				return err
			}
			got, err := w.Meta("name")
			if string(got) != "value" {
				t.Errorf("within the transaction the value is %q (%v)", got, err)
			}
			return err
		})
	},
	"Write_GoesOnAfterNotFound": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error {
			if _, err := w.Meta("absent"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("error %v", err)
			}
			return w.SetMeta("name", []byte("value"))
		})
		d.read(func(r store.Reader) error { _, err := r.Meta("name"); return err })
	},
	"Read_Error_IsGivenBackAsItIs": func(t *testing.T, d *database) {
		failed := errors.New("failed on purpose")
		if err := d.Read(d.context(), func(store.Reader) error { return failed }); !errors.Is(err, failed) || err.Error() != failed.Error() {
			t.Errorf("Read gives %v, want the error of its function", err)
		}
	},
	"Read_Panic_LeavesTheStoreWorking": func(t *testing.T, d *database) {
		for range 20 { // more than any pool of connections would survive
			func() {
				defer func() { _ = recover() }()
				_ = d.Read(d.context(), func(r store.Reader) error { _, _ = r.Meta("x"); panic("on purpose") })
			}()
		}
		wantEmptyAndWorking(t, d)
	},
	"Read_IsOneSnapshot": func(t *testing.T, d *database) {
		other := d.another()
		set := func(s store.Store, value string) {
			err := s.Write(d.context(), func(w store.Writer) error {
				return errors.Join(w.SetMeta("a", []byte(value)), w.SetMeta("b", []byte(value)))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		set(d, "old")
		d.read(func(r store.Reader) error {
			a, err := r.Meta("a")
			if err != nil {
				return err
			}
			set(other, "newer")
			set(d, "newest") // a write does not wait for readers
			b, err := r.Meta("b")
			if string(a) != "old" || string(b) != "old" {
				t.Errorf("one transaction read %q and then %q, want old both times", a, b)
			}
			return err
		})
		d.read(func(r store.Reader) error {
			b, err := r.Meta("b")
			if string(b) != "newest" {
				t.Errorf("the next transaction read %q, want the newest", b)
			}
			return err
		})
	},
	"Cancelled_RunsNothing": func(t *testing.T, d *database) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Write(ctx, everything); !errors.Is(err, context.Canceled) {
			t.Errorf("Write: error %v, want context.Canceled", err)
		}
		if err := d.Read(ctx, func(store.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("Read: error %v, want context.Canceled", err)
		}
		wantEmptyAndWorking(t, d)
	},
	"Cancelled_MeanwhileSaysTheTruth": func(t *testing.T, d *database) {
		ctx, cancel := context.WithCancel(context.Background())
		err := d.Write(ctx, func(w store.Writer) error {
			if err := everything(w); err != nil {
				return err
			}
			cancel()
			time.Sleep(5 * time.Millisecond) // whoever watches the context has seen it
			return nil
		})
		if there := dump(t, d.Store) != empty; there != (err == nil) {
			t.Errorf("the write is there: %v, but Write gave %v", there, err)
		}
	},
	"Cancelled_EndsTheWaitForAnotherWrite": func(t *testing.T, d *database) {
		same := func(w store.Writer) error { return w.SetMeta("a", []byte("value")) }
		given := errors.New("given up")
		for name, waiter := range map[string]store.Store{"same handle": d.Store, "another handle": d.another()} {
			err := d.Write(d.context(), func(w store.Writer) error {
				if err := same(w); err != nil {
					return err
				}
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
				defer cancel()
				if err := waiter.Write(ctx, same); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: error %v, want context.DeadlineExceeded", name, err)
				}
				return given
			})
			if !errors.Is(err, given) {
				t.Error(err)
			}
		}
		wantEmptyAndWorking(t, d)
	},
}

// everything writes one of each.
func everything(w store.Writer) error {
	noteExpiry := func() error { _, err := w.NoteExpiry("ada", "AK-new", 7); return err }
	return errors.Join(
		w.SetMeta("name", []byte("value")),
		w.CreateAccount(store.Account{Login: "ada", Permitted: true, MFAEnabled: true, CreatedAt: start}),
		w.PutKey("ada", lifecycle.Key{
			AccessKey: "AK-new", Verifier: []byte("v"), CreatedAt: start, Generation: 2, Revision: 2, LastGeneration: 2,
			Previous: &lifecycle.Previous{AccessKey: "AK-old", Verifier: []byte("w"), Generation: 1, EndsAt: start},
		}),
		w.TouchKey("AK-new", start),
		w.PutReply(store.Reply{
			Hash: []byte("hash"), Login: "ada", Fingerprint: []byte("print"), AccessKey: "AK-new", Sealed: []byte("sealed"), At: start,
		}),
		w.PutCredentials("ada", store.Credentials{
			PasswordHash: "$x$", Seed: []byte("seed"), PendingSeed: []byte("pending"), LastStep: 1, RecoveryCodes: [][]byte{[]byte("code")},
		}),
		w.CreateSession(session("ada", "ada", "")),
		w.PutAttempts("name", store.Attempts{Failures: 1, LastAt: start}),
		w.CreateSigningKey(store.SigningKey{ID: "kid", Sealed: []byte("sealed"), CreatedAt: start}),
		w.RevokeToken("jti", start),
		w.CreateResource(store.Resource{Name: "name", Verifier: []byte("v"), CreatedAt: start}),
		w.AddEvent("ada", keyapi.Event{At: start, Action: keyapi.ActionGenerate, Actor: "ada", Revision: 2}),
		w.AddMail(letter("m", start)),
		noteExpiry(),
	)
}

func wantEmptyAndWorking(t *testing.T, d *database) {
	t.Helper()
	if got := dump(t, d.Store); got != empty {
		t.Errorf("something remained:\n%s", got)
	}
	d.write(everything)
	if got := dump(t, d.Store); got == empty {
		t.Error("a later write is not there")
	}
}
