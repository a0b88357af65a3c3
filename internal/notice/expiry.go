package notice

import (
	"context"
	"io"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
)

// thresholds are how many days before the expiry of a key its person is told, in ascending order. Who was not told at
// the one before, because the service did not run or had no mail, is told once, at the nearest.
var thresholds = []int{1, 7, 14, 30}

// page is how many notices are written in one transaction.
const page = 100

// Expiring puts a notice into the outbox for every key that has come within another threshold of its expiry, and gives
// how many it were. Any number of replicas may do so at once: a notice and the note that it was given are one
// transaction. Around a leap day a notice may be a day early.
func Expiring(ctx context.Context, db store.Store, now time.Time, random io.Reader) (told int, err error) {
	from := now
	for _, days := range thresholds {
		until := now.AddDate(0, 0, days)
		for {
			some, err := expiringPage(ctx, db, now, from, until, days, random)
			told += some
			if err != nil {
				return told, err
			}
			if some < page {
				break
			}
		}
		from = until
	}
	return told, nil
}

// expiringPage does so for some of the keys that expire in a span of time. It looks before it writes: mostly there are
// none.
func expiringPage(
	ctx context.Context, db store.Store, now, from, until time.Time, days int, random io.Reader,
) (told int, err error) {
	find := func(r store.Reader) ([]store.ExpiringKey, error) {
		if on, err := isOn(r); !on || err != nil {
			return nil, err
		}
		return r.ExpiringKeys(madeFor(from), madeFor(until), days, page)
	}
	var found []store.ExpiringKey
	err = db.Read(ctx, func(r store.Reader) (err error) {
		found, err = find(r)
		return err
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	err = db.Write(ctx, func(w store.Writer) error {
		told = 0 // it may be run again
		if found, err = find(w); err != nil {
			return err
		}
		for _, k := range found {
			fresh, err := w.NoteExpiry(k.Login, k.AccessKey, days)
			if err != nil {
				return err
			}
			if !fresh {
				continue
			}
			told++
			f := Fact{Kind: KeyExpiring, At: now, Until: lifecycle.Expiry(k.CreatedAt), AccessKey: k.AccessKey}
			if err := put(w, random, k.Login, k.Email, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return told, nil
}

// madeFor gives when a key was made that expires at an instant.
func madeFor(expiry time.Time) time.Time { return expiry.UTC().AddDate(-1, 0, 0) }
