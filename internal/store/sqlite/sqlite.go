// Package sqlite is the storage port on a SQLite file, for one machine. It is safe for many processes at once: writes
// take SQLite's write lock at their beginning, reads see one snapshot (WAL).
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver, in Go: no C compiler is needed

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/store"
)

// busyTimeout is how long a connection waits for another process's write, in milliseconds. A write takes a few; the
// bound is for a hundred processes that start together on a slow disk.
const busyTimeout = 30_000

// Options are what the store takes from outside.
type Options struct {
	Random io.Reader // for the database's identifier; nil = crypto/rand.Reader
}

// Store is a SQLite database. It implements store.Store.
type Store struct {
	db       *sql.DB
	path     string
	instance string
	// writing serializes the writers of this process: SQLite would let them poll for its lock.
	writing sync.Mutex
}

var _ store.Store = (*Store)(nil)

// Open opens the database in a file, and makes or migrates it if needed. The folder is made with mode 0700, the file
// with 0600. Error: CodeUnavailable with a text that names the file.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	fresh, err := makeFile(path)
	if err != nil {
		return nil, told(path, err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, told(path, err)
	}
	s := &Store{db: db, path: path}
	if err := s.prepare(ctx, fresh, o.Random); err != nil {
		return nil, errors.Join(told(path, err), db.Close())
	}
	return s, nil
}

func dsn(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout)}}
	return (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// makeFile makes the file before SQLite does, so that it and the files SQLite puts beside it are private whatever the
// umask is.
func makeFile(path string) (fresh bool, err error) {
	if info, err := os.Stat(path); err == nil {
		return info.Size() == 0, nil
	}
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

// prepare brings the schema up to date and reads the identifier.
func (s *Store) prepare(ctx context.Context, fresh bool, random io.Reader) error {
	version := 0
	if !fresh {
		if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
	}
	if version != newest {
		if err := s.migrate(ctx, random); err != nil {
			return err
		}
	}
	return s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'instance'").Scan(&s.instance)
}

func newInstance(random io.Reader) (string, error) {
	raw := make([]byte, 16)
	_, err := io.ReadFull(random, raw)
	return "db-" + hex.EncodeToString(raw), err
}

// Instance implements store.Store.
func (s *Store) Instance() string { return s.instance }

// Close implements store.Store. The last process to close brings the write-ahead log into the database.
func (s *Store) Close() error { return told(s.path, s.db.Close()) }

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, fn func(store.Reader) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return told(s.path, err)
	}
	defer func() { _ = tx.Rollback() }()
	return told(s.path, fn(&reader{ctx, tx}))
}

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, fn func(store.Writer) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.db.BeginTx(ctx, nil) // BEGIN IMMEDIATE, by the DSN
	if err != nil {
		return told(s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(&writer{reader{ctx, tx}}); err != nil {
		return told(s.path, err)
	}
	return told(s.path, tx.Commit())
}
