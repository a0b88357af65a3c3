package storetest

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

var attempts = map[string]func(*testing.T, *database){
	"Absent_IsZero": func(t *testing.T, d *database) {
		wantAttempts(t, d, "absent", store.Attempts{})
	},
	"Put_ReplacesAndRemoves": func(t *testing.T, d *database) {
		other := store.Attempts{Failures: 3, LastAt: start}
		d.write(func(w store.Writer) error { return w.PutAttempts("other", other) })
		for _, want := range []store.Attempts{
			{Failures: 1, LastAt: start},
			{Failures: 1 << 30, LastAt: start.Add(time.Second), Until: start.Add(time.Hour)},
			{Failures: 2},
			{},
			{}, // removing what is not there is no error
			{LastAt: start},
		} {
			d.write(func(w store.Writer) error { return w.PutAttempts("name", want) })
			wantAttempts(t, d, "name", want)
		}
		wantAttempts(t, d, "other", other)
		wantAttempts(t, d, "OTHER", store.Attempts{})
	},
	"Put_CountsEveryFailure": func(t *testing.T, d *database) {
		together(t, d, func(s store.Store, _ int) error {
			for range rounds {
				err := s.Write(d.context(), func(w store.Writer) error {
					a, err := w.Attempts("name")
					if err != nil {
						return err
					}
					a.Failures, a.LastAt = a.Failures+1, start
					return w.PutAttempts("name", a)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		wantAttempts(t, d, "name", store.Attempts{Failures: writers * rounds, LastAt: start})
	},
	"Purge_RemovesThoseWhoseLastFailureWasBefore": func(t *testing.T, d *database) {
		at := map[string]time.Time{
			"old": start.Add(-time.Hour), "just before": start.Add(-time.Microsecond), "then": start, "later": start.Add(time.Hour),
		}
		d.write(func(w store.Writer) error {
			for name, at := range at {
				if err := w.PutAttempts(name, store.Attempts{Failures: 1, LastAt: at, Until: start.Add(time.Hour)}); err != nil {
					return err
				}
			}
			return w.PurgeAttempts(start)
		})
		d.read(func(r store.Reader) error {
			for name, at := range at {
				got, err := r.Attempts(name)
				if gone := got == (store.Attempts{}); gone != at.Before(start) || err != nil {
					t.Errorf("%s: gone %v, error %v", name, gone, err)
				}
			}
			return nil
		})
	},
}

func wantAttempts(t *testing.T, d *database, name string, want store.Attempts) {
	t.Helper()
	d.read(func(r store.Reader) error {
		got, err := r.Attempts(name)
		if got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
		return err
	})
}
