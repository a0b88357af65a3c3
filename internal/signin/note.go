package signin

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
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
}

func (d *Desk) notePath(s Seat) string {
	return filepath.Join(keeping.AccountDir(d.Data, s.Origin, s.Login), "session.json")
}

// Note reads where the session of a seat rests. Error: CodeStoreFailed.
func (d *Desk) Note(s Seat) (Note, error) {
	var n Note
	data, err := os.ReadFile(d.notePath(s))
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	if err != nil {
		return Note{}, &keyapi.Error{
			Code: keyapi.CodeStoreFailed, Message: "The note of where the session is kept cannot be read", Err: err,
			Hint: "Remove " + d.notePath(s) + " if it is damaged, then sign in again with: apikey login",
		}
	}
	return n, nil
}

func (d *Desk) writeNote(s Seat, n Note) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	path := d.notePath(s)
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return noteFailed(err)
	}
	return noteFailed(durable.WriteFile(path, append(data, '\n')))
}

func (d *Desk) dropNote(s Seat) error { return noteFailed(durable.Remove(d.notePath(s))) }

// noteFailed gives an error of the file system the code of the secret store; nil stays nil.
func noteFailed(err error) error {
	if err == nil {
		return nil
	}
	return &keyapi.Error{
		Code: keyapi.CodeStoreFailed, Message: "The data folder cannot be written", Err: err,
		Hint: "Make room and see that the folder is yours, then run the same command again.",
	}
}
