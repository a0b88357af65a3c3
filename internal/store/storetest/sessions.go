package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// session makes a session that lasts an hour; with a name it is a pipeline's.
func session(login, id, name string) store.Session {
	s := store.Session{
		ID: "s-" + id, Hash: []byte("hash of s-" + id), Login: login, Name: name,
		CreatedAt: start, ExpiresAt: start.Add(time.Hour), SeenAt: start, VerifiedAt: start, From: "192.0.2.1", UserAgent: "apikey/1 (ü)",
	}
	if name != "" {
		s.Allow = []string{"status", "regenerate"}
	}
	return s
}

var sessions = map[string]func(*testing.T, *database){
	"Absent_IsNotFound": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		d.read(func(r store.Reader) error {
			_, err := r.Session([]byte("absent"))
			wantNotFound(t, "Session", err)
			_, err = r.Session(nil)
			wantNotFound(t, "Session of no hash", err)
			return nil
		})
		for _, login := range []string{"ada", "nobody"} {
			if got := sessionsOf(d, login); len(got) != 0 {
				t.Errorf("sessions of %s: %+v", login, got)
			}
		}
	},
	"Create_KeepsAllFields": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		nothing := session("ada", "nothing", "nothing")
		nothing.Allow = []string{}
		for _, want := range []store.Session{
			session("ada", "person", ""), session("ada", "pipeline", "ci"), nothing,
			{ID: "bare", Hash: []byte{0, 255}, Login: "ada"},
		} {
			d.write(func(w store.Writer) error { return w.CreateSession(want) })
			d.read(func(r store.Reader) error {
				got, err := r.Session(want.Hash)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
				return err
			})
			if newest := sessionsOf(d, "ada")[0]; !reflect.DeepEqual(newest, want) {
				t.Errorf("the list says %+v\nwant %+v", newest, want)
			}
		}
	},
	"Create_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.CreateSession(session("ada", "1", "")) })
		wantNotFound(t, "CreateSession", err)
	},
	"Create_SameIDOrHash_IsRefused": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		first := session("ada", "1", "")
		d.write(func(w store.Writer) error { return w.CreateSession(first) })
		sameID, sameHash := session("bob", "2", ""), session("bob", "3", "")
		sameID.ID, sameHash.Hash = first.ID, first.Hash
		for name, s := range map[string]store.Session{"same ID": sameID, "same hash": sameHash} {
			err := d.Write(d.context(), func(w store.Writer) error { return w.CreateSession(s) })
			if err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if got := sessionsOf(d, "ada"); len(got) != 1 || !reflect.DeepEqual(got[0], first) {
			t.Errorf("the first became %+v", got)
		}
	},
	"List_IsNewestFirst": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		for _, id := range []string{"1", "2", "3"} { // of one instant
			d.write(func(w store.Writer) error {
				return errors.Join(w.CreateSession(session("ada", id, "")), w.CreateSession(session("bob", "b"+id, "")))
			})
		}
		wantSessions(t, d, "ada", "s-3", "s-2", "s-1")
		wantSessions(t, d, "bob", "s-b3", "s-b2", "s-b1")
	},
	"Touch_ReplacesTheTwoTimesOnly": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		want, other := session("ada", "1", "ci"), session("ada", "2", "")
		d.write(func(w store.Writer) error { return errors.Join(w.CreateSession(want), w.CreateSession(other)) })
		for _, times := range [][2]time.Time{{start.Add(time.Minute), start.Add(time.Second)}, {start, {}}, {{}, start}} {
			want.SeenAt, want.VerifiedAt = times[0], times[1]
			d.write(func(w store.Writer) error { return w.TouchSession(want.ID, times[0], times[1]) })
			if got := sessionsOf(d, "ada"); !reflect.DeepEqual(got, []store.Session{other, want}) {
				t.Errorf("got %+v", got)
			}
		}
		err := d.Write(d.context(), func(w store.Writer) error { return w.TouchSession("absent", start, start) })
		wantNotFound(t, "TouchSession", err)
	},
	"Delete_EndsThatOfTheAccount": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			return errors.Join(w.CreateSession(session("ada", "1", "")), w.CreateSession(session("ada", "2", "")),
				w.CreateSession(session("bob", "3", "")))
		})
		for _, id := range []string{"s-3", "absent", ""} {
			err := d.Write(d.context(), func(w store.Writer) error { return w.DeleteSession("ada", id) })
			wantNotFound(t, "DeleteSession of "+id, err)
		}
		d.write(func(w store.Writer) error { return w.DeleteSession("ada", "s-1") })
		wantSessions(t, d, "ada", "s-2")
		wantSessions(t, d, "bob", "s-3")
		err := d.Write(d.context(), func(w store.Writer) error { return w.DeleteSession("ada", "s-1") })
		wantNotFound(t, "DeleteSession once more", err)
	},
	"DeleteSessions_SparesTheOneNamed": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			return errors.Join(w.CreateSession(session("ada", "1", "")), w.CreateSession(session("ada", "2", "ci")),
				w.CreateSession(session("ada", "3", "")), w.CreateSession(session("bob", "4", "")))
		})
		d.write(func(w store.Writer) error { return w.DeleteSessions("ada", "s-2") })
		wantSessions(t, d, "ada", "s-2")
		d.write(func(w store.Writer) error { return w.DeleteSessions("ada", "s-4") }) // another account's
		wantSessions(t, d, "ada")
		d.write(func(w store.Writer) error { return w.DeleteSessions("ada", "") }) // none is left: no error
		wantSessions(t, d, "bob", "s-4")
	},
	"DeleteAllSessions_EndsEverybodys": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		d.write(func(w store.Writer) error {
			return errors.Join(w.CreateSession(session("ada", "1", "")), w.CreateSession(session("bob", "2", "ci")))
		})
		d.write(func(w store.Writer) error { return w.DeleteAllSessions() })
		wantSessions(t, d, "ada")
		wantSessions(t, d, "bob")
	},
	"Purge_RemovesWhatExpiredBefore": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		d.write(func(w store.Writer) error {
			for id, expires := range map[string]time.Time{
				"old": start.Add(-time.Hour), "just before": start.Add(-time.Microsecond), "then": start, "later": start.Add(time.Hour),
			} {
				s := session("ada", id, "")
				s.ExpiresAt = expires
				if err := w.CreateSession(s); err != nil {
					return err
				}
			}
			return w.PurgeSessions(start)
		})
		left := map[string]bool{}
		for _, s := range sessionsOf(d, "ada") {
			left[s.ID] = true
		}
		if want := map[string]bool{"s-then": true, "s-later": true}; !reflect.DeepEqual(left, want) {
			t.Errorf("left are %v, want %v", left, want)
		}
	},
}

func sessionsOf(d *database, login string) (found []store.Session) {
	d.t.Helper()
	d.read(func(r store.Reader) (err error) { found, err = r.Sessions(login); return err })
	return found
}

func wantSessions(t *testing.T, d *database, login string, want ...string) {
	t.Helper()
	var got []string
	for _, s := range sessionsOf(d, login) {
		got = append(got, s.ID)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sessions of %s: %q, want %q", login, got, want)
	}
}
