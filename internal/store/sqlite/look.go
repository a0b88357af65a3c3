package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// Look implements store.Store.
func (s *Store) Look(ctx context.Context, fn func(store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// As in within: a statement takes less time than watching the caller's context for it.
	return fn(sqlstore.Reader{Conn: looking{context.WithoutCancel(ctx), s}})
}

// looking is a reader outside of a transaction. Its statements stay prepared: reading one costs SQLite as much as running
// it.
type looking struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the look
	store *Store
}

var errLookOnly = errors.New("sqlite: nothing is written outside of a transaction")

// Exec implements sqlstore.Conn. A Reader never calls it.
func (looking) Exec(string, ...any) (int64, error) { return 0, errLookOnly }

// Insert implements sqlstore.Conn. A Reader never calls it.
func (looking) Insert(store.Table) (int, error) { return 0, errLookOnly }

// Erasing implements sqlstore.Conn. A Reader never calls it.
func (looking) Erasing() error { return errLookOnly }

// One implements sqlstore.Conn.
func (l looking) One(query string, args []any, into ...any) error {
	statement, err := l.store.looks.prepare(l.ctx, l.store.db, query) //nolint:sqlclosecheck // Store.Close closes it
	if err != nil {
		return told(l.store.path, err)
	}
	err = statement.QueryRowContext(l.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return told(l.store.path, err)
}

// Each implements sqlstore.Conn.
func (l looking) Each(query string, args []any, scan func(row func(into ...any) error) error) error {
	conn, err := l.store.db.Conn(l.ctx)
	if err != nil {
		return told(l.store.path, err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	return transaction{l.ctx, conn, l.store.path}.Each(query, args, scan)
}

// statements are those that are kept prepared, by their text.
type statements struct {
	mu  sync.RWMutex
	all map[string]*sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db *sql.DB, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	statement := s.all[query]
	s.mu.RUnlock()
	if statement != nil {
		return statement, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if statement := s.all[query]; statement != nil {
		return statement, nil
	}
	statement, err := db.PrepareContext(ctx, query) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return nil, err
	}
	if s.all == nil {
		s.all = map[string]*sql.Stmt{}
	}
	s.all[query] = statement
	return statement, nil
}

func (s *statements) close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, statement := range s.all {
		err = errors.Join(err, statement.Close())
	}
	s.all = nil
	return err
}
