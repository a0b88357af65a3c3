package custody

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Pending is the record of an action that made a secret which is not known to rest.
type Pending struct {
	Path      string
	Operation keyapi.Action // "" = the record is damaged, and nothing but Path is known
	Instance  string
	Login     string
	Until     time.Time // when the service forgets the reply
	AtWork    bool      // a process holds the account's lock: the action is underway
}

// PendingIn lists the pending records of all accounts in a data folder, whatever service they are of. It only looks.
// Error: CodeStoreFailed.
func PendingIn(data string) ([]Pending, error) {
	folder := filepath.Join(data, "accounts")
	accounts, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &keyapi.Error{
			Code: keyapi.CodeStoreFailed, Message: "The data folder cannot be read", Err: err,
			Hint: "See that " + folder + " is yours.",
		}
	}
	var list []Pending
	for _, account := range accounts {
		path := filepath.Join(folder, account.Name(), "pending.json")
		p := Pending{Path: path}
		var r record
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && json.Unmarshal(text, &r) == nil && r.Operation != "" {
			p.Operation, p.Instance, p.Login, p.Until = r.Operation, r.Instance, r.Login, r.deadline()
			p.AtWork = held(filepath.Join(filepath.Dir(path), "lock"))
		}
		list = append(list, p)
	}
	return list, nil
}

// held tells whether a process holds a lock.
func held(path string) bool {
	lock := flock.New(path, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	_ = lock.Close()
	return err == nil && !got
}
