package storetest

import (
	"reflect"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var events = map[string]func(*testing.T, *database){
	"None_IsNoError": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		if got := trail(d, "ada", 0, 10); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
		if got := trail(d, "nobody", 0, 10); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	},
	"AddEvent_KeepsAllFields": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		for _, want := range []keyapi.Event{
			{},
			{
				At: start, Action: keyapi.ActionRegenerate, Actor: "ada's pipeline", From: "192.0.2.1", UserAgent: "apikey/1.0 (ü)",
				AccessKey: "AK1", Revision: 1 << 40,
			},
		} {
			d.write(func(w store.Writer) error { return w.AddEvent("ada", want) })
			if got := trail(d, "ada", 0, 1); len(got) != 1 || !reflect.DeepEqual(got[0].Event, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	},
	"AddEvent_NoAccount_IsNotFound": func(t *testing.T, d *database) {
		err := d.Write(d.context(), func(w store.Writer) error { return w.AddEvent("ada", keyapi.Event{At: start}) })
		wantNotFound(t, "AddEvent", err)
	},
	"Pages_GoFromNewestToOldest": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		const count = 7
		for revision := range int64(count) {
			d.write(func(w store.Writer) error {
				if err := w.AddEvent("bob", keyapi.Event{At: start, Revision: 100 + revision}); err != nil {
					return err
				}
				// The clock was put back: the order is that of the writing, not of the clock.
				return w.AddEvent("ada", keyapi.Event{At: start.AddDate(0, 0, -int(revision)), Revision: revision})
			})
		}
		var seen []int64
		before, last := int64(0), int64(0)
		for pages := 0; ; pages++ {
			page := trail(d, "ada", before, 3)
			if len(page) == 0 {
				if pages != 3 {
					t.Errorf("%d pages of 3, want 3", pages)
				}
				break
			}
			for _, e := range page {
				if last != 0 && e.ID >= last {
					t.Errorf("event %d comes after %d", e.ID, last)
				}
				last = e.ID
				seen = append(seen, e.Revision)
			}
			before = last
		}
		if want := []int64{6, 5, 4, 3, 2, 1, 0}; !reflect.DeepEqual(seen, want) {
			t.Errorf("revisions %v, want %v", seen, want)
		}
	},
	"Pages_DoNotShiftWhenEventsAreAdded": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		add := func(revision int64) {
			d.write(func(w store.Writer) error { return w.AddEvent("ada", keyapi.Event{Revision: revision}) })
		}
		for revision := range int64(4) {
			add(revision)
		}
		first := trail(d, "ada", 0, 2)
		add(4)
		second := trail(d, "ada", first[1].ID, 2)
		if len(second) != 2 || second[0].Revision != 1 || second[1].Revision != 0 {
			t.Errorf("the second page became %+v", second)
		}
	},
	"ID_RisesOverAllAccounts": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		last := int64(0)
		for _, login := range []string{"ada", "bob", "ada", "ada", "bob"} {
			d.write(func(w store.Writer) error { return w.AddEvent(login, keyapi.Event{}) })
			if id := trail(d, login, 0, 1)[0].ID; id <= last {
				t.Errorf("event %d was written after %d", id, last)
			} else {
				last = id
			}
		}
	},
}

// trail reads a part of the audit trail.
func trail(d *database, login string, before int64, limit int) (found []store.Event) {
	d.t.Helper()
	d.read(func(r store.Reader) (err error) { found, err = r.Events(login, before, limit); return err })
	return found
}
