package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

const (
	writers = 8  // goroutines, on two handles
	rounds  = 10 // writes of each
)

var concurrency = map[string]func(*testing.T, *database){
	"Writers_LoseNothing": func(t *testing.T, d *database) {
		d.addAccounts("ada")
		together(t, d, func(s store.Store, _ int) error {
			for range rounds {
				err := s.Write(d.context(), func(w store.Writer) error {
					a, err := w.Account("ada")
					if err != nil {
						return err
					}
					a.Key.Revision++
					return w.PutKey("ada", a.Key)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if got := d.account("ada").Key.Revision; got != writers*rounds {
			t.Errorf("%d of %d changes are there", got, writers*rounds)
		}
	},
	"Writers_OneFindsItAbsent": func(t *testing.T, d *database) {
		for round := range rounds {
			name, made := fmt.Sprint("once ", round), make([]bool, writers)
			together(t, d, func(s store.Store, n int) error {
				return s.Write(d.context(), func(w store.Writer) error {
					_, err := w.Meta(name)
					made[n] = errors.Is(err, store.ErrNotFound)
					if made[n] {
						err = w.SetMeta(name, []byte(strconv.Itoa(n)))
					}
					return err
				})
			})
			count := 0
			for _, m := range made {
				if m {
					count++
				}
			}
			if count != 1 {
				t.Errorf("%d of %d writers found it absent and made it, want 1", count, writers)
			}
		}
	},
	"Readers_NeverSeeHalfAWrite": func(t *testing.T, d *database) {
		d.addAccounts("ada", "bob")
		ctx, stop := context.WithCancel(d.context())
		var wg sync.WaitGroup
		for _, s := range []store.Store{d.Store, d.another()} {
			wg.Go(func() {
				for ctx.Err() == nil {
					var ada, bob store.Account
					err := s.Read(d.context(), func(r store.Reader) (err error) {
						if ada, err = r.Account("ada"); err == nil {
							bob, err = r.Account("bob")
						}
						return err
					})
					if err != nil || ada.Key.Revision != bob.Key.Revision {
						t.Errorf("revisions %d and %d, error %v", ada.Key.Revision, bob.Key.Revision, err)
						return
					}
				}
			})
		}
		for revision := range int64(5 * rounds) {
			d.write(func(w store.Writer) error {
				k := lifecycle.Key{Revision: revision}
				return errors.Join(w.PutKey("ada", k), w.PutKey("bob", k))
			})
		}
		stop()
		wg.Wait()
	},
}

// together runs fn at the same time on two handles.
func together(t *testing.T, d *database, fn func(s store.Store, n int) error) {
	t.Helper()
	handles := []store.Store{d.Store, d.another()}
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			if err := fn(handles[n%2], n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
