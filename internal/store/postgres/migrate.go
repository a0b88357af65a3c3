package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// files are the migrations; a row of the table schema counts those that were applied.
//
//go:embed migrations/*.sql
var files embed.FS

// newest is the number of the last migration.
const newest = 3

func migrations() sqlstore.Migrations { return sqlstore.Migrations{Files: files, Newest: newest} }

// migrate applies what is missing, all in one serializable transaction. Of several replicas that start at once one gets
// through; the others fail on what it made, look again and find nothing to do. No lock of a session is needed for that.
func (s *Store) migrate(ctx context.Context, o Options) error {
	for {
		version, err := s.version(ctx)
		switch {
		case err != nil:
			return err
		case version == 0 && o.Existing:
			return keyapi.Errorf(keyapi.CodeUsage, "There is no key service in the database "+s.place,
				"Name its database with --database or APIKEYD_DATABASE, or make one with: apikeyd account add LOGIN")
		case version == newest:
			return nil
		case version > newest:
			return keyapi.Errorf(keyapi.CodeUnavailable,
				fmt.Sprintf("The database %s was made by a newer apikeyd (version %d of its form, this one knows %d)", s.place, version, newest),
				"Use the newer apikeyd.")
		}
		if err := s.apply(ctx, version, o.Random); err != nil && !beaten(err) {
			return err
		}
	}
}

// beaten tells whether another replica was first.
func beaten(err error) bool {
	switch codeOf(err) {
	case uniqueViolation, duplicateTable, duplicateObject, serializationFailure, deadlockDetected:
		return true
	default:
		return false
	}
}

// version gives how many migrations were applied, 0 for a database without our tables.
func (s *Store) version(ctx context.Context) (version int, err error) {
	err = s.Read(ctx, func(r store.Reader) error {
		return r.(sqlstore.Reader).Conn.One("SELECT version FROM schema", nil, &version)
	})
	if codeOf(err) == undefinedTable || errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return version, err
}

func (s *Store) apply(ctx context.Context, version int, random io.Reader) error {
	return s.Write(ctx, func(w store.Writer) error {
		writer := w.(sqlstore.Writer)
		run := func(text string) error {
			_, err := writer.Conn.(transaction).on.(pgx.Tx).Conn().PgConn().Exec(ctx, text).ReadAll() // many statements at once
			return s.told(err)
		}
		if err := migrations().Apply(writer, version, random, run); err != nil {
			return err
		}
		_, err := writer.Conn.Exec("UPDATE schema SET version = ?1", newest)
		return err
	})
}
