package datadir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Backup writes a copy of the database to a new file of mode 0600, while a server may go on using it, and gives the name
// of the master key the copy needs. The master key is not in it: who has the copy alone can check no secret and open no
// seal. Errors: CodeUsage if there is a file already, and for a database
// in PostgreSQL, which has means of its own.
func (s *Service) Backup(ctx context.Context, path string) (keyName string, err error) {
	db, isFile := s.DB.(*sqlite.Store)
	if !isFile {
		return "", keyapi.Errorf(keyapi.CodeUsage, "The database is in PostgreSQL: apikeyd does not back it up",
			"Use pg_dump, or bring it into a folder with: apikeyd copy --from postgres://… --to FOLDER")
	}
	if keyName, err = masterkey.Name(ctx, s.DB); err != nil {
		return "", err
	}
	// The name is taken first, so that two copies at once do not overwrite each other; the copy comes to it whole.
	taken, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return "", keyapi.Errorf(keyapi.CodeUsage, path+" is there already", "Name a new file.")
	case err != nil:
		return "", &keyapi.Error{Code: keyapi.CodeUsage, Message: "The copy cannot be written", Err: err, Hint: "Name a file in a folder that is there."}
	}
	if err = taken.Close(); err == nil {
		err = copyInto(ctx, db, path)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return keyName, nil
}

// copyInto copies the database over a file, in one step.
func copyInto(ctx context.Context, db *sqlite.Store, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // after the rename there is none
	err = db.CopyTo(ctx, f.Name())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}
