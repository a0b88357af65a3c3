package signin

import (
	"context"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// SignOut ends the kept session of a seat at its service and removes it from this machine. A service that can't be
// reached is no reason to keep it here: that is told, and it ends there by its age. changed is false if none was kept.
// Errors: the codes of the store.
func (d *Desk) SignOut(ctx context.Context, service Service, s Seat) (changed bool, err error) {
	session, err := d.Session(ctx, s)
	switch keyapi.CodeOf(err) {
	case "":
		service.SetSession(session)
		err = service.SignOut(ctx)
		if err != nil && keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
			d.Notice("The service was not told: " + err.Error() + ". There the session ends by its age.")
		}
	case keyapi.CodeUnauthenticated: // the store may have lost it, and only the note is left
	default:
		return false, err
	}
	return d.Forget(ctx, s)
}

// Forget removes the kept session of a seat from this machine, without a word to the service. changed is false if none
// was kept. Errors: the codes of the store; the context's while another apikey is at work on the account.
func (d *Desk) Forget(ctx context.Context, s Seat) (changed bool, err error) {
	note, err := d.Note(s)
	if err != nil || len(note.stores()) == 0 {
		return false, err
	}
	err = d.underLock(ctx, s, func() error {
		changed, err = d.forget(context.WithoutCancel(ctx), s)
		return err
	})
	return changed, err
}

// forget is Forget for who holds the lock.
func (d *Desk) forget(ctx context.Context, s Seat) (changed bool, err error) {
	note, err := d.Note(s)
	if err != nil || len(note.stores()) == 0 {
		return false, err
	}
	for _, kind := range note.stores() {
		if store := d.Keeper.Store(kind); store != nil {
			if err := store.Delete(ctx, s.slot()); err != nil {
				return false, err
			}
		}
	}
	return true, d.dropNote(s)
}
