package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/store/sqlstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// files are the migrations; PRAGMA user_version counts those that were applied. A migration tool would cost
// every start of the program more than the whole database does.
//
//go:embed migrations/*.sql
var files embed.FS

// newest is the number of the last migration.
const newest = 4

func migrations() sqlstore.Migrations { return sqlstore.Migrations{Files: files, Newest: newest} }

// lockPoll is how often a process looks whether another one has finished its migration.
const lockPoll = 5 * time.Millisecond

// migrate applies what is missing. It takes a file lock of its own, because switching a database to WAL does not wait
// for other processes as a write does. A database with the newest schema is opened without that lock.
func (s *Store) migrate(ctx context.Context, random io.Reader) error {
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	var version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > newest {
		return keyapi.Errorf(keyapi.CodeUnavailable,
			fmt.Sprintf("The database %s was made by a newer apikey (version %d of its form, this one knows %d)",
				s.path, version, newest),
			"Use the newer apikey.")
	}
	if version == 0 && !s.alone {
		if err := s.log(ctx); err != nil {
			return err
		}
	}
	return s.apply(ctx, version, random)
}

// log gives the database its write-ahead log.
func (s *Store) log(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

// apply applies the migrations after a version, all in one transaction.
func (s *Store) apply(ctx context.Context, version int, random io.Reader) error {
	return s.within(ctx, "BEGIN IMMEDIATE", func(t transaction) error {
		if err := migrations().Apply(writer(t), version, random, t.exec); err != nil {
			return err
		}
		return t.exec(fmt.Sprintf("PRAGMA user_version = %d", newest)) // a PRAGMA takes no parameters
	})
}
