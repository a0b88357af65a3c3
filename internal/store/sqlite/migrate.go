package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// migrations are numbered SQL files; PRAGMA user_version counts those that were applied. A migration tool would cost
// every start of the program more than the whole database does.
//
//go:embed migrations/*.sql
var migrations embed.FS

// newest is the number of the last migration.
const newest = 1

// migrate applies what is missing. It takes a file lock of its own: switching a database to WAL does not wait for other
// processes as a write does.
func (s *Store) migrate(ctx context.Context, random io.Reader) error {
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	var version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > newest {
		return keyapi.Errorf(keyapi.CodeUnavailable,
			fmt.Sprintf("The database %s was made by a newer apikey (version %d of its form, this one knows %d)", s.path, version, newest),
			"Use the newer apikey.")
	}
	if version == 0 {
		if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
	}
	for ; version < newest; version++ {
		if err := s.apply(ctx, version+1, random); err != nil {
			return err
		}
	}
	return nil
}

// apply applies one migration in one transaction.
func (s *Store) apply(ctx context.Context, number int, random io.Reader) error {
	text, err := migrations.ReadFile(fmt.Sprintf("migrations/%04d.sql", number))
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if number == 1 {
		instance, err := newInstance(random)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('instance', ?)", instance); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", number)); err != nil {
		return err
	}
	return tx.Commit()
}
