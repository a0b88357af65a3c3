package datadir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// restorer is who acts in the audit trail when a copy is brought back.
const restorer = "restore"

// page is how many accounts or rows are read at a time.
const page = 500

// RestoreOptions say what is brought back and where.
type RestoreOptions struct {
	Copy       string // file that Backup wrote
	Dir        string // folder to make a service of; empty but for a master key
	MasterKey  string // file of the master key; "" = it is in Dir already
	KeepActive bool   // active keys stay active
	Now        func() time.Time
	Random     io.Reader
}

// Restored counts what a restore came to.
type Restored struct {
	MasterKey    string // name of the master key
	Accounts     int
	Keys         int // that accounts have
	KeysDisabled int // by the restore
	Sessions     int // that were ended
}

// Restore makes a service of a copy of a database and the master key it belongs to. What happened after the copy was made
// is not known to it. So nothing that can have ended since may come alive: all sessions and kept replies end, mails that
// waited are not sent, every key gets a new generation, which ends its access tokens, and is disabled unless KeepActive says that it is known that none
// was disabled or leaked since.
//
// The folder becomes a service in the last step, or stays as it was. Errors: CodeUsage for a folder that is not empty or a
// master key that is not named; CodeUnavailable for a copy that cannot be used or a master key that is not the one.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	if err := o.emptyFolder(); err != nil {
		return Restored{}, err
	}
	if err := durable.MkdirAll(o.Dir); err != nil {
		return Restored{}, err
	}
	work, err := os.MkdirTemp(o.Dir, ".restore-")
	if err != nil {
		return Restored{}, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	database := filepath.Join(work, databaseFile)
	if err := copyFile(o.Copy, database); err != nil {
		return Restored{}, &keyapi.Error{Code: keyapi.CodeUsage, Message: "The copy cannot be read", Err: err, Hint: "Name a file that apikeyd backup wrote."}
	}
	report, err := o.adopt(ctx, database)
	if err != nil {
		return Restored{}, err
	}
	return report, o.place(database)
}

// emptyFolder refuses a folder in which there is something that a restore could be mixed up with.
func (o RestoreOptions) emptyFolder() error {
	entries, err := os.ReadDir(o.Dir)
	if errors.Is(err, os.ErrNotExist) {
		entries, err = nil, nil
	}
	if err != nil {
		return err
	}
	hasKey := false
	for _, entry := range entries {
		if entry.Name() != masterKeyFile {
			return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("The folder %s is not empty: there is %s in it", o.Dir, entry.Name()),
				"Name a new folder, or one that holds only "+masterKeyFile+".")
		}
		hasKey = true
	}
	switch {
	case hasKey && o.MasterKey != "":
		return keyapi.Errorf(keyapi.CodeUsage, "There is a master key in "+o.Dir+" already", "Leave out --master-key, or move that file away.")
	case !hasKey && o.MasterKey == "":
		return keyapi.Errorf(keyapi.CodeUsage, "The master key of the copy is not named: it is not in the copy itself",
			"Give its file with --master-key, or put it into "+filepath.Join(o.Dir, masterKeyFile)+".")
	}
	return nil
}

// keyFile gives the file of the master key as it is before the restore.
func (o RestoreOptions) keyFile() string {
	if o.MasterKey != "" {
		return o.MasterKey
	}
	return filepath.Join(o.Dir, masterKeyFile)
}

// adopt makes the copied file a database of this folder.
func (o RestoreOptions) adopt(ctx context.Context, path string) (report Restored, err error) {
	db, err := sqlite.Adopt(ctx, path, sqlite.Options{Random: o.Random})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := masterkey.Find(ctx, o.keyFile(), db); err != nil {
		return report, err
	}
	name, err := masterkey.Name(ctx, db)
	if err != nil {
		return report, err
	}
	err = db.Write(ctx, func(w store.Writer) error {
		report = Restored{MasterKey: name}
		return o.endWhatWasOpen(w, &report)
	})
	return report, err
}

func (o RestoreOptions) endWhatWasOpen(w store.Writer, report *Restored) error {
	for after := ""; ; {
		accounts, err := w.Accounts(after, page)
		if err != nil {
			return err
		}
		for _, account := range accounts {
			if err := o.account(w, account, report); err != nil {
				return err
			}
			after = account.Login
		}
		if len(accounts) < page {
			break
		}
	}
	return errors.Join(w.DeleteAllSessions(), w.EraseAllReplies(), w.DeleteAllMails())
}

// account settles one account. Its audit trail says that it was restored, and that its key was disabled if it was.
func (o RestoreOptions) account(w store.Writer, account store.Account, report *Restored) error {
	sessions, err := w.Sessions(account.Login)
	if err != nil {
		return err
	}
	report.Accounts++
	report.Sessions += len(sessions)
	now := o.Now().UTC().Truncate(time.Second)
	event := func(action keyapi.Action, k lifecycle.Key) error {
		return w.AddEvent(account.Login, keyapi.Event{At: now, Action: action, Actor: restorer, AccessKey: k.AccessKey, Revision: k.Revision})
	}
	key := account.Key.Restored()
	if err := event(keyapi.ActionRestore, key); err != nil {
		return err
	}
	if key.AccessKey != "" {
		report.Keys++
	}
	if !o.KeepActive {
		after, changed, _ := key.Apply(keyapi.ActionDisable, now, lifecycle.Fresh{}, 0) // refused = it does not work anyway
		if changed {
			report.KeysDisabled++
			if err := event(keyapi.ActionDisable, after); err != nil {
				return err
			}
		}
		key = after
	}
	return w.PutKey(account.Login, key)
}

// place brings the finished files to their names. The database comes last: with it the folder is a service.
func (o RestoreOptions) place(database string) error {
	key := filepath.Join(o.Dir, masterKeyFile)
	if o.MasterKey != "" {
		text, err := os.ReadFile(o.MasterKey)
		if err != nil {
			return err
		}
		if err := durable.WriteFile(key, text); err != nil {
			return err
		}
	}
	if err := os.Rename(database, filepath.Join(o.Dir, databaseFile)); err != nil {
		if o.MasterKey != "" {
			err = errors.Join(err, os.Remove(key))
		}
		return err
	}
	return durable.SyncDir(o.Dir)
}

// copyFile copies a file to a new one of mode 0600.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
