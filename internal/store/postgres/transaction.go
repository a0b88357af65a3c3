package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// The wait before a transaction is run again: random up to a bound that doubles.
const (
	firstWait = 2 * time.Millisecond
	lastWait  = 200 * time.Millisecond
)

// patience is how long a write is repeated whose caller sets no bound.
const patience = 30 * time.Second

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, fn func(store.Reader) error) error {
	return s.within(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t transaction) error {
		return fn(sqlstore.Reader{Conn: t})
	})
}

// Write implements store.Store. Serializable transactions that got in each other's way are run again until the context
// ends, each time after a random wait.
func (s *Store) Write(ctx context.Context, fn func(store.Writer) error) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var stop func()
		ctx, stop = context.WithTimeout(ctx, patience)
		defer stop()
	}
	for bound := firstWait; ; bound = min(2*bound, lastWait) {
		err := s.within(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(t transaction) error {
			return fn(sqlstore.Writer{Reader: sqlstore.Reader{Conn: t}})
		})
		if !repeatable(err) {
			return err
		}
		select {
		case <-time.After(rand.N(bound)): //nolint:gosec // spreads the repetitions, guards nothing
		case <-ctx.Done():
			return err
		}
	}
}

// Changes implements store.Store. It is one statement, and asks for nothing a session would have to keep: no notification
// that a pooler or a distributed database would not deliver, no number of a snapshot that only PostgreSQL itself has.
func (s *Store) Changes(ctx context.Context) (store.Changes, error) {
	return sqlstore.Reader{Conn: transaction{ctx, s.polls, s}}.Changes()
}

// transaction is a running transaction, or the pool for statements that are each one of their own.
type transaction struct {
	ctx context.Context //nolint:containedctx // it lives as long as the transaction
	on  interface {
		Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
		QueryRow(ctx context.Context, query string, args ...any) pgx.Row
	}
	store *Store
}

// within runs fn in a transaction; it rolls back if fn gives an error or panics. Once the commit has been sent it is
// waited for, whatever the caller's context says: what happened must not be in doubt for that.
func (s *Store) within(ctx context.Context, o pgx.TxOptions, fn func(transaction) error) error {
	tx, err := s.pool.BeginTx(ctx, o)
	if err != nil {
		return s.told(err)
	}
	defer func() { // after a commit it does nothing
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		defer stop()
		_ = tx.Rollback(ctx)
	}()
	if err := fn(transaction{ctx, tx, s}); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer stop()
	return s.told(tx.Commit(ctx))
}

// numbered turns the parameters of the port's SQL into PostgreSQL's.
func numbered(query string) string { return strings.ReplaceAll(query, "?", "$") }

// Exec implements sqlstore.Conn.
func (t transaction) Exec(query string, args ...any) (rows int64, err error) {
	tag, err := t.on.Exec(t.ctx, numbered(query), args...)
	return tag.RowsAffected(), t.store.told(err)
}

// One implements sqlstore.Conn.
func (t transaction) One(query string, args []any, into ...any) error {
	err := t.on.QueryRow(t.ctx, numbered(query), args...).Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return t.store.told(err)
}

// Each implements sqlstore.Conn.
func (t transaction) Each(query string, args []any, scan func(row func(into ...any) error) error) error {
	rows, err := t.on.Query(t.ctx, numbered(query), args...)
	if err != nil {
		return t.store.told(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return t.store.told(err)
		}
	}
	return t.store.told(rows.Err())
}

// Erasing implements sqlstore.Conn. What PostgreSQL erases stays in old versions of the row until the next vacuum; the
// reply is sealed under a key that only its receiver has.
func (transaction) Erasing() error { return nil }
