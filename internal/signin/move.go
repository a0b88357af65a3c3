package signin

import (
	"context"
	"slices"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Rest is where the session of a seat rests. It goes along when the secret of the account is moved: package custody has
// the order, and holds the lock.
type Rest struct {
	Desk *Desk
	Seat Seat
}

// Store gives the store in which it rests, "" if there is none.
func (r Rest) Store() (secretstore.Kind, error) {
	note, err := r.Desk.Note(r.Seat)
	return note.Store, err
}

// Copy brings it to rest in another store too, and from then on that is where it is read. What is left of a session that
// its store has lost goes: the note, and copies it tells of.
func (r Rest) Copy(ctx context.Context, to secretstore.Store) (changed bool, err error) {
	note, err := r.Desk.Note(r.Seat)
	from := r.Desk.Keeper.Store(note.Store)
	if err != nil || from == nil || note.Store == to.Kind() {
		return false, err
	}
	session, err := from.Get(ctx, r.Seat.slot())
	if keyapi.CodeOf(err) == keyapi.CodeNoSecret {
		_, err := r.Desk.forget(ctx, r.Seat)
		return false, err
	}
	if err != nil {
		return false, err
	}
	if err := r.Desk.put(ctx, r.Seat, note, to, session); err != nil {
		return false, err
	}
	after := note
	after.Store, after.Stale = to.Kind(), withKind(withoutKind(note.Stale, to.Kind()), note.Store)
	if err := r.Desk.writeNote(r.Seat, after); err != nil {
		return false, err
	}
	failpoint.Hit("session-switched")
	return true, nil
}

// Clear removes it from where it is not read any more, and makes sure of it.
func (r Rest) Clear(ctx context.Context) (changed bool, err error) {
	note, err := r.Desk.Note(r.Seat)
	if err != nil || len(note.Stale) == 0 {
		return false, err
	}
	if note.Store == "" { // what is left of signing in that was cut short
		return r.Desk.forget(ctx, r.Seat)
	}
	to := r.Desk.Keeper.Store(note.Store)
	for _, kind := range withoutKind(note.Stale, note.Store) {
		if err := keeping.Vacate(ctx, r.Desk.Keeper.Store(kind), r.Seat.slot()); err != nil {
			return false, keeping.Left("The session is in the "+to.Place()+" now, but it is still in the store "+string(kind)+" too",
				to, err)
		}
	}
	failpoint.Hit("session-erased")
	note.Stale = nil
	return true, r.Desk.writeNote(r.Seat, note)
}

func withKind(list []secretstore.Kind, kind secretstore.Kind) []secretstore.Kind {
	return append(withoutKind(list, kind), kind)
}

func withoutKind(list []secretstore.Kind, kind secretstore.Kind) []secretstore.Kind {
	return slices.DeleteFunc(slices.Clone(list), func(k secretstore.Kind) bool { return k == kind })
}
