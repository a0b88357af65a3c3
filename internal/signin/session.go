package signin

import (
	"context"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Source finds the session for a call. It may open a keyring, so it is asked only when there is something to call.
// Error: CodeUnauthenticated if there is none that may be sent; the codes of the store.
type Source func(ctx context.Context) (keyapi.Secret, error)

// Session gives the kept session of a seat. Errors: CodeUnauthenticated if none is kept; the codes of the store.
func (d *Desk) Session(ctx context.Context, s Seat) (keyapi.Secret, error) {
	note, err := d.Note(s)
	if err != nil {
		return keyapi.Secret{}, err
	}
	store := d.Keeper.Store(note.Store)
	if s.Login == "" || store == nil {
		return keyapi.Secret{}, signedOut(s)
	}
	session, err := store.Get(ctx, s.slot())
	if keyapi.CodeOf(err) == keyapi.CodeNoSecret {
		return keyapi.Secret{}, signedOut(s)
	}
	return session, err
}

// Kept is the source of a seat's kept session.
func (d *Desk) Kept(s Seat) Source {
	return func(ctx context.Context) (keyapi.Secret, error) { return d.Session(ctx, s) }
}

// Given is the source of a session from the environment. It goes only to a server that the user named for this run:
// else whoever changes the current profile would be sent the session of a pipeline.
func Given(s Seat, session keyapi.Secret, named bool) Source {
	return func(context.Context) (keyapi.Secret, error) {
		if !named {
			return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeUnauthenticated,
				"APIKEY_SESSION is not sent to "+s.Server+": only the current profile names that server",
				"Name the server with --server or APIKEY_SERVER, or the profile with --profile or APIKEY_PROFILE.")
		}
		return session, nil
	}
}

func signedOut(s Seat) error {
	return keyapi.Errorf(keyapi.CodeUnauthenticated, "You are not signed in to "+s.Server, Hint(s))
}

// Hint is the line that tells how to sign in.
func Hint(s Seat) string { return "Sign in with: apikey login --server " + s.Server }
