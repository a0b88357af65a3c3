package signin

import (
	"context"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Note says where the session of a seat rests, so that no keyring is opened to find out that there is none. It holds
// no secret. The zero Note is no session.
type Note struct {
	Store     secretstore.Kind `json:"store,omitempty"`
	At        time.Time        `json:"keptAt,omitzero"`
	ExpiresAt time.Time        `json:"expiresAt,omitzero"` // its latest end
	// Stale are stores that may have it too, or one before it: from signing in or a move that was cut short, or that a store
	// did not let end.
	Stale []secretstore.Kind `json:"stale,omitempty"`
}

// stores are all in which there may be a session.
func (n Note) stores() []secretstore.Kind {
	if n.Store == "" {
		return n.Stale
	}
	return withKind(n.Stale, n.Store)
}

func (d *Desk) dir(s Seat) string { return keeping.AccountDir(d.Data, s.Origin, s.Login) }

// underLock runs fn while holding the lock of a seat's account, which a move of what is kept of it holds too.
func (d *Desk) underLock(ctx context.Context, s Seat, fn func() error) error {
	return keeping.UnderLock(ctx, d.dir(s), d.Log, func(bool) error { return fn() })
}

func (d *Desk) notePath(s Seat) string {
	return filepath.Join(d.dir(s), "session.json")
}

// Note reads where the session of a seat rests. Error: CodeStoreFailed.
func (d *Desk) Note(s Seat) (Note, error) {
	var n Note
	if _, err := durable.ReadJSON(d.notePath(s), &n); err != nil {
		return Note{}, &keyapi.Error{
			Code: keyapi.CodeStoreFailed, Message: "The note of where the session is kept cannot be read", Err: err,
			Hint: "Remove " + d.notePath(s) + " if it is damaged, then sign in again with: apikey login",
		}
	}
	return n, nil
}

// writeNote writes a note durably; nothing to note is no file.
func (d *Desk) writeNote(s Seat, n Note) error {
	if len(n.stores()) == 0 {
		return d.dropNote(s)
	}
	path := d.notePath(s)
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return keeping.Failed(err)
	}
	return keeping.Failed(durable.WriteJSON(path, n))
}

func (d *Desk) dropNote(s Seat) error { return keeping.Failed(durable.Remove(d.notePath(s))) }
