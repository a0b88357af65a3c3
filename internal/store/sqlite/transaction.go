package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, fn func(store.Reader) error) error {
	return s.within(ctx, "BEGIN", func(t transaction) error { return fn(sqlstore.Reader{Conn: t}) })
}

// Write implements store.Store. It has SQLite's write lock from its beginning: what fn reads cannot change before its
// commit, and two processes cannot both find that something is absent.
func (s *Store) Write(ctx context.Context, fn func(store.Writer) error) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.within(ctx, "BEGIN IMMEDIATE", func(t transaction) error { return fn(writer(t)) })
}

func writer(t transaction) sqlstore.Writer { return sqlstore.Writer{Reader: sqlstore.Reader{Conn: t}} }

// transaction is a running transaction.
type transaction struct {
	// ctx is not that of the caller: see within.
	ctx  context.Context //nolint:containedctx // it lives as long as the transaction
	conn *sql.Conn
	path string
}

// within runs fn between begin and COMMIT; it rolls back if fn gives an error or panics.
//
// The caller's context ends the wait for the database, not a transaction that has begun: that takes milliseconds, its
// outcome is then never in doubt, and database/sql and the driver start no goroutine to watch the context for it.
func (s *Store) within(ctx context.Context, begin string, fn func(transaction) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return told(s.path, err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	t := transaction{context.WithoutCancel(ctx), conn, s.path}
	committed := false
	defer func() {
		if !committed {
			t.rollback()
		}
	}()
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return told(s.path, err)
	}
	if err := fn(t); err != nil {
		return err
	}
	if err := t.exec("COMMIT"); err != nil {
		return err
	}
	committed = true
	return nil
}

// rollback ends the transaction. On a full disk SQLite has done it already and says so; that connection, or one on
// which it failed, is not used again.
func (t transaction) rollback() {
	if _, err := t.conn.ExecContext(t.ctx, "ROLLBACK"); err != nil {
		_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

func (t transaction) exec(query string) error {
	_, err := t.Exec(query)
	return err
}

// Exec implements sqlstore.Conn.
func (t transaction) Exec(query string, args ...any) (rows int64, err error) {
	result, err := t.conn.ExecContext(t.ctx, query, args...)
	if err == nil {
		rows, err = result.RowsAffected()
	}
	return rows, told(t.path, err)
}

// One implements sqlstore.Conn.
func (t transaction) One(query string, args []any, into ...any) error {
	err := t.conn.QueryRowContext(t.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return told(t.path, err)
}

// Each implements sqlstore.Conn.
func (t transaction) Each(query string, args []any, scan func(row func(into ...any) error) error) error {
	rows, err := t.conn.QueryContext(t.ctx, query, args...)
	if err != nil {
		return told(t.path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return told(t.path, err)
		}
	}
	return told(t.path, rows.Err())
}

// Erasing implements sqlstore.Conn: what is erased is overwritten in the file too. SQLite would only mark its place as
// free.
func (t transaction) Erasing() error { return t.exec("PRAGMA secure_delete = ON") }
