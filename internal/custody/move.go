package custody

import (
	"context"
	"errors"
	"fmt"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Companion is another secret of the account that goes where its Access Secret goes: the session of who is signed in.
type Companion interface {
	// Store says where it rests, "" if there is none.
	Store() (secretstore.Kind, error)
	// Copy brings it to rest in another store too, and from then on that is where it is read.
	Copy(ctx context.Context, to secretstore.Store) (changed bool, err error)
	// Clear removes it from where it is not read any more, and makes sure of it.
	Clear(ctx context.Context) (changed bool, err error)
}

// Moved is what a move came to.
type Moved struct {
	Kept    Kept
	Changed bool // something rests elsewhere now, or a copy that was left is gone
}

// Move brings what is kept of the account to rest in another store: it is written there, read back and noted; then choose
// makes that store the user's choice; and only then is it removed from where it was, which is looked at once more. A run
// that is cut short leaves it in one place at least, and notes of any second one: the next move ends it. A cached access
// token does not go along: another can be had.
//
// Errors: the codes of the stores; those of choose. After one of a store that would not let go, the secret is in its new
// place and in the old one, as the message says.
func (c *Custodian) Move(ctx context.Context, kind secretstore.Kind, beside Companion, choose func() error) (Moved, error) {
	to := c.Store(kind)
	if err := c.movable(ctx, to, beside); err != nil {
		return Moved{}, err
	}
	var out Moved
	err := c.underLock(ctx, func(bool) error {
		ctx := context.WithoutCancel(ctx)
		var err error
		if out, err = c.copyTo(ctx, to); err != nil {
			return err
		}
		changed, err := beside.Copy(ctx, to)
		if err != nil {
			return err
		}
		if err := choose(); err != nil {
			return err
		}
		failpoint.Hit("move-chosen")
		out.Changed = out.Changed || changed
		return c.clear(ctx, to, beside, &out)
	})
	return out, err
}

// movable makes both sides of a move ready, if there is anything to move. A person may be asked here, as long as no lock
// is held.
func (c *Custodian) movable(ctx context.Context, to secretstore.Store, beside Companion) error {
	kept, err := c.Kept()
	if err != nil {
		return err
	}
	besides, err := beside.Store()
	if err != nil {
		return err
	}
	moves := false
	for _, kind := range []secretstore.Kind{kept.Store, besides} {
		if kind == "" || kind == to.Kind() {
			continue
		}
		from := c.Store(kind)
		if from == nil {
			return keyapi.Errorf(keyapi.CodeStoreUnavailable,
				fmt.Sprintf("The secret is kept in a store this apikey does not know: %s", kind), "Use the apikey that kept it.")
		}
		if err := unlock(ctx, from); err != nil {
			return err
		}
		moves = true
	}
	if !moves {
		return nil
	}
	return to.Probe(ctx, secretstore.Slot{Instance: c.Service.Instance, Login: c.Service.Login})
}

// unlock lets a store that asks a person do so now; one that does not ask, and nil, are open.
func unlock(ctx context.Context, s secretstore.Store) error {
	if locked, ok := s.(secretstore.Locked); ok {
		return locked.Unlock(ctx)
	}
	return nil
}

// copyTo brings the secret to rest in another store too. Before it is written there the note says that it may be there:
// whatever happens, nothing is in a store that no note tells of.
func (c *Custodian) copyTo(ctx context.Context, to secretstore.Store) (Moved, error) {
	kept, err := c.Kept()
	if err != nil || kept.AccessKey == "" || kept.Store == to.Kind() {
		return Moved{Kept: kept}, err
	}
	_, secret, err := c.Open(ctx)
	if err != nil {
		return Moved{Kept: kept}, err
	}
	marked := kept.marking(Stale{Name: kept.AccessKey, Store: to.Kind()})
	if err := c.writeKept(marked); err != nil {
		return Moved{Kept: kept}, err
	}
	failpoint.Hit("move-noted")
	if err := to.Put(ctx, c.slot(kept.AccessKey), secret); err != nil {
		if to.Delete(ctx, c.slot(kept.AccessKey)) == nil && keyapi.CodeOf(err) != keyapi.CodeStoreTimeout {
			err = errors.Join(err, c.writeKept(kept))
		}
		return Moved{Kept: kept}, err
	}
	failpoint.Hit("move-copied")
	after := marked.without()
	after.AccessKey, after.Store, after.At = kept.AccessKey, to.Kind(), kept.At
	if err := c.writeKept(after); err != nil {
		return Moved{Kept: kept}, err
	}
	failpoint.Hit("move-switched")
	return Moved{Kept: after, Changed: true}, nil
}

// clear removes what is left in other stores. One that fails does not keep the others from it.
func (c *Custodian) clear(ctx context.Context, to secretstore.Store, beside Companion, out *Moved) error {
	var left []Stale
	var failures []error
	for _, s := range out.Kept.Stale {
		if out.Kept.holds(s) {
			continue
		}
		if err := keeping.Vacate(ctx, c.Store(s.Store), c.slot(s.Name)); err != nil {
			left = append(left, s)
			failures = append(failures, c.twice(s, to, err))
		}
	}
	failpoint.Hit("move-erased")
	if len(left) != len(out.Kept.Stale) {
		out.Kept.Stale = left
		out.Changed = true
		if err := c.writeKept(out.Kept); err != nil {
			failures = append(failures, err)
		}
	}
	failpoint.Hit("move-ended")
	changed, err := beside.Clear(ctx)
	out.Changed = out.Changed || changed
	if err != nil {
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil
	}
	return failures[0] // each says the same: run it again
}

// twice tells that a copy was left in a store.
func (c *Custodian) twice(s Stale, to secretstore.Store, err error) error {
	where := string(s.Store)
	if store := c.Store(s.Store); store != nil {
		where = store.Place()
	}
	return keeping.Left(fmt.Sprintf("The secret is in the %s now, but what is kept of %s is still in the %s too",
		to.Place(), s.Name, where), to, err)
}
