package datadir

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Place is where a service is kept.
type Place struct {
	Dir      string // its folder: the master key is always in it
	Database string // address of the PostgreSQL its database is in; "" = it is in the folder. It may hold a password
}

// schemes are how the address of a PostgreSQL begins (libpq, "Connection URIs").
var schemes = []string{"postgres://", "postgresql://"}

// IsAddress tells whether a text is the address of a PostgreSQL, and not the name of a folder.
func IsAddress(text string) bool {
	for _, scheme := range schemes {
		if strings.HasPrefix(text, scheme) {
			return true
		}
	}
	return false
}

// Database is a store that can be asked whether it is there.
type Database interface {
	store.Store
	Ping(ctx context.Context) error
}

// Service is an open service. Close its DB after use.
type Service struct {
	DB  Database
	Key masterkey.Key
}

// Make opens a service, and makes what is missing if nothing was there before. random is for the new master key. Errors:
// CodeUsage for a folder of the tool, and for an empty PostgreSQL beside a folder that has a database of its own;
// CodeUnavailable for what cannot be used.
func (p Place) Make(ctx context.Context, random io.Reader) (*Service, error) {
	return p.open(ctx, false, random)
}

// Open is Make for a place that must be one of a service already: one that was mistyped is not to become one. Error,
// beside those of Make: CodeUsage if there is no service in it.
func (p Place) Open(ctx context.Context, random io.Reader) (*Service, error) {
	return p.open(ctx, true, random)
}

func (p Place) open(ctx context.Context, existing bool, random io.Reader) (*Service, error) {
	if err := notEmbedded(p.Dir); err != nil {
		return nil, err
	}
	db, err := p.database(ctx, existing, random)
	if err != nil {
		return nil, err
	}
	key, err := masterkey.Open(ctx, filepath.Join(p.Dir, masterKeyFile), db, random)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Service{DB: db, Key: key}, nil
}

// KeyExposed tells whether others than its owner may read the master key file, by its mode.
func (p Place) KeyExposed() bool {
	info, err := os.Stat(filepath.Join(p.Dir, masterKeyFile))
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 // there a mode says nothing
}

func (p Place) database(ctx context.Context, existing bool, random io.Reader) (Database, error) {
	if p.Database != "" {
		return p.postgres(ctx, existing, random)
	}
	path := filepath.Join(p.Dir, databaseFile)
	if _, err := os.Stat(path); existing && errors.Is(err, fs.ErrNotExist) {
		return nil, keyapi.Errorf(keyapi.CodeUsage, "There is no key service in "+p.Dir,
			"Name its folder with --data or APIKEYD_DATA, or make one with: apikeyd account add LOGIN")
	}
	return sqlite.Open(ctx, path, sqlite.Options{Random: random})
}

// postgres opens the database of a folder that has only the master key.
func (p Place) postgres(ctx context.Context, existing bool, random io.Reader) (Database, error) {
	db, err := postgres.Open(ctx, p.Database, postgres.Options{Random: random, Existing: existing})
	if err != nil {
		return nil, err
	}
	if err := p.belongsHere(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, durable.MkdirAll(p.Dir)
}

// belongsHere refuses an empty PostgreSQL beside the database of a folder: its accounts would seem to be gone.
func (p Place) belongsHere(ctx context.Context, db *postgres.Store) error {
	if _, err := os.Stat(filepath.Join(p.Dir, databaseFile)); err != nil {
		return nil //nolint:nilerr // there is none beside it
	}
	bound, err := masterkey.Bound(ctx, db)
	if err != nil || bound {
		return err
	}
	return keyapi.Errorf(keyapi.CodeUsage, "The database "+db.Place()+" is empty, and the service in "+p.Dir+" has one of its own",
		"Move that one up with: apikeyd copy --from "+p.Dir+" --to postgres://…, or name another folder with --data.")
}
