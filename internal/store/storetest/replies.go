package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

var replies = map[string]func(*testing.T, *database){
	"Absent_IsNotFound": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error {
			_, err := r.Reply([]byte("absent"))
			wantNotFound(t, "Reply", err)
			return nil
		})
	},
	"PutReply_KeepsAllFields": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		for _, want := range []store.Reply{
			{
				Hash: []byte{0, 1, 255}, Login: "ada", Fingerprint: []byte{2}, AccessKey: "AK1", Sealed: []byte{3, 0, 4}, At: start,
			},
			{Hash: []byte("tombstone"), Login: "ada", At: start},
			{Hash: []byte("no time"), Login: "ada"},
		} {
			d.write(func(w store.Writer) error { return w.PutReply(want) })
			if got := reply(d, want.Hash); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"Replies_AreThoseOfTheAccount": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		later := store.Reply{Hash: []byte("1"), Login: "ada", Fingerprint: []byte{2}, AccessKey: "AK1", Sealed: []byte{3}, At: start.Add(time.Second)}
		first := store.Reply{Hash: []byte("2"), Login: "ada", At: start}
		d.write(func(w store.Writer) error {
			return errors.Join(w.PutReply(later), w.PutReply(first), w.PutReply(store.Reply{Hash: []byte("3"), Login: "bob", At: start}))
		})
		d.read(func(r store.Reader) error {
			got, err := r.Replies("ada")
			if want := []store.Reply{first, later}; !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			none, errNone := r.Replies("nobody")
			if len(none) != 0 {
				t.Errorf("an account that is not there has %+v", none)
			}
			return errors.Join(err, errNone)
		})
		d.read(func(r store.Reader) error {
			for login, want := range map[string]int{"ada": 2, "bob": 1, "nobody": 0} {
				if got, err := r.CountReplies(login); got != want || err != nil {
					t.Errorf("%s has %d, %v; want %d", login, got, err, want)
				}
			}
			return nil
		})
	},
	"PutReply_Twice_IsRefusedAndChangesNothing": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		first := store.Reply{Hash: []byte("hash"), Login: "ada", Sealed: []byte("first"), At: start}
		d.write(func(w store.Writer) error { return w.PutReply(first) })
		for _, login := range []string{"ada", "bob"} {
			err := d.Write(d.context(), func(w store.Writer) error {
				return w.PutReply(store.Reply{Hash: []byte("hash"), Login: login, Sealed: []byte("second"), At: start})
			})
			if err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("a second record of the same hash, of %s: error %v", login, err)
			}
		}
		if got := reply(d, first.Hash); !reflect.DeepEqual(got, first) {
			t.Errorf("the record became %+v", got)
		}
	},
	"PutReply_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error {
			return w.PutReply(store.Reply{Hash: []byte("hash"), Login: "ada", At: start})
		})
		wantNotFound(t, "PutReply", err)
	},
	"EraseReplies_BlanksThoseOfTheKeyAndKeepsTheRecords": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		all := []store.Reply{
			{Hash: []byte("1"), Login: "ada", Fingerprint: []byte("f"), AccessKey: "AK1", Sealed: []byte("s"), At: start},
			{Hash: []byte("2"), Login: "ada", Fingerprint: []byte("f"), AccessKey: "AK1", Sealed: []byte("s"), At: start},
			{Hash: []byte("3"), Login: "ada", Fingerprint: []byte("f"), AccessKey: "AK2", Sealed: []byte("s"), At: start},
			{Hash: []byte("4"), Login: "ada", Fingerprint: []byte("f"), Sealed: []byte("s"), At: start},
			{Hash: []byte("5"), Login: "bob", Fingerprint: []byte("f"), AccessKey: "AK1", Sealed: []byte("s"), At: start},
		}
		d.write(func(w store.Writer) error {
			for _, r := range all {
				if err := w.PutReply(r); err != nil {
					return err
				}
			}
			return w.EraseReplies("ada", "AK1")
		})
		all[0].Sealed, all[1].Sealed = nil, nil
		for _, want := range all {
			if got := reply(d, want.Hash); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"EraseAllReplies_BlanksEverybodysAndKeepsTheRecords": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		all := []store.Reply{
			{Hash: []byte("1"), Login: "ada", Fingerprint: []byte("f"), AccessKey: "AK1", Sealed: []byte("s"), At: start},
			{Hash: []byte("2"), Login: "ada", Fingerprint: []byte("f"), Sealed: []byte("s"), At: start},
			{Hash: []byte("3"), Login: "bob", AccessKey: "BK1", Sealed: []byte("s"), At: start},
			{Hash: []byte("4"), Login: "bob", At: start},
		}
		d.write(func(w store.Writer) error {
			for _, r := range all {
				if err := w.PutReply(r); err != nil {
					return err
				}
			}
			return w.EraseAllReplies()
		})
		for _, want := range all {
			want.Sealed = nil
			if got := reply(d, want.Hash); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"PurgeReplies_RemovesWhatWasMadeBefore": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		at := map[string]time.Time{
			"old": start.Add(-time.Hour), "just before": start.Add(-time.Microsecond), "then": start, "later": start.Add(time.Hour),
		}
		d.write(func(w store.Writer) error {
			for name, at := range at {
				if err := w.PutReply(store.Reply{Hash: []byte(name), Login: "ada", At: at}); err != nil {
					return err
				}
			}
			return w.PurgeReplies(start)
		})
		d.read(func(r store.Reader) error {
			for name, at := range at {
				_, err := r.Reply([]byte(name))
				if gone := errors.Is(err, store.ErrNotFound); gone != at.Before(start) {
					t.Errorf("%s: gone %v, error %v", name, gone, err)
				}
			}
			return nil
		})
		d.write(func(w store.Writer) error {
			return w.PutReply(store.Reply{Hash: []byte("old"), Login: "ada", At: start})
		})
	},
}

// reply reads an idempotency record that must be there.
func reply(d *database, hash []byte) (found store.Reply) {
	d.t.Helper()
	d.read(func(r store.Reader) (err error) { found, err = r.Reply(hash); return err })
	return found
}
