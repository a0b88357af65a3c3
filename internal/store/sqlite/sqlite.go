// Package sqlite is the storage port on a SQLite file, for one machine. It is safe for many processes at once: writes
// take SQLite's write lock at their beginning, reads see one snapshot (WAL).
//
// No program may open the database file by other means while it has a Store on it: closing any descriptor of a file
// drops all the POSIX locks the process holds on it, SQLite's too.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"runtime"

	"github.com/apikey-cli/apikey/internal/store"
)

// Options are what the store takes from outside.
type Options struct {
	Random io.Reader // for the database's identifier; nil = crypto/rand.Reader
	// Alone says that the file is new and nobody else opens it before Close: it gets its write-ahead log only then, and what
	// fills it is written once.
	Alone bool
}

// Store is a SQLite database. It implements store.Store.
type Store struct {
	db       *sql.DB
	path     string
	alone    bool
	instance string
	// writing is held by the one write of this process: SQLite would let the others poll for its lock.
	writing chan struct{}
	looks   statements
	polls   poll
}

var _ store.Store = (*Store)(nil)

// Open opens the database in a file, and makes or migrates it if needed. The folder is made with mode 0700, the file
// with 0600. Error: CodeUnavailable with a text that names the file.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, told(path, err)
	}
	fresh, err := makeFile(path)
	if err != nil {
		return nil, told(path, err)
	}
	settings := parameters
	if o.Alone {
		settings = parametersAlone
	}
	connector, err := newConnector(path, settings)
	if err != nil {
		return nil, told(path, err)
	}
	s := newStore(connector, path)
	s.alone = o.Alone
	if err := s.prepare(ctx, fresh, o.Random); err != nil {
		return nil, errors.Join(told(path, err), s.db.Close())
	}
	return s, nil
}

func newStore(connector driver.Connector, path string) *Store {
	s := &Store{db: sql.OpenDB(connector), path: path, writing: make(chan struct{}, 1)}
	// A connection is worth keeping: a new one reads the whole schema. More of them than the processors can serve would
	// be no faster, and each has a page cache and three open files: however many requests there are, there are no more.
	// Nothing that runs in a transaction may begin another one on the same Store.
	s.db.SetMaxOpenConns(connections())
	s.db.SetMaxIdleConns(connections())
	return s
}

// connections is how many a Store has at most: one waits for the disk, one is held for the polls of changes, the others
// read.
func connections() int { return 2*runtime.GOMAXPROCS(0) + 2 }

// prepare brings the schema up to date and reads the identifier.
func (s *Store) prepare(ctx context.Context, fresh bool, random io.Reader) error {
	if !fresh {
		current, err := s.look(ctx)
		if current || err != nil {
			return err
		}
	}
	if err := s.migrate(ctx, random); err != nil {
		return err
	}
	_, err := s.look(ctx)
	return err
}

// look reads the version of the schema and, if it is the newest, the identifier: in one transaction, which spares every
// start of the program a round of locking.
func (s *Store) look(ctx context.Context) (current bool, err error) {
	err = s.within(ctx, "BEGIN", func(t transaction) error {
		var version int
		if err := t.One("PRAGMA user_version", nil, &version); err != nil {
			return err
		}
		if current = version == newest; !current {
			return nil
		}
		return t.One("SELECT value FROM meta WHERE name = 'instance'", nil, &s.instance)
	})
	return current, err
}

// Instance implements store.Store.
func (s *Store) Instance() string { return s.instance }

// Ping asks the database whether it can be read.
func (s *Store) Ping(ctx context.Context) error {
	return s.Read(ctx, func(store.Reader) error { return nil })
}

// Close implements store.Store. The last one to close brings the write-ahead log into the database.
func (s *Store) Close() error {
	var err error
	if s.alone {
		err = s.log(context.Background())
	}
	return told(s.path, errors.Join(err, s.looks.close(), s.polls.close(), s.db.Close()))
}
