// Package postgres is the storage port on PostgreSQL, for services of more than one replica. It asks for no more than what
// PostgreSQL-compatible distributed databases offer: serializable transactions that may have to be repeated, no advisory
// locks, no LISTEN, nothing that belongs to a session; so it also works behind a pooler that shares connections between
// transactions.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// Options are what the store takes from outside.
type Options struct {
	Random   io.Reader // for the database's identifier; nil = crypto/rand.Reader
	Existing bool      // the tables must be there already: a name that was mistyped is not to become a database
}

// Store is a PostgreSQL database. It implements store.Store.
type Store struct {
	pool     *pgxpool.Pool
	polls    *pgxpool.Pool // for Changes: see pollConnections
	prepares atomic.Bool   // whether looks are prepared statements
	place    string        // what people are told of where it is: host, port and database
	instance string
}

var _ store.Store = (*Store)(nil)

// pollConnections is how many connections are kept for Changes alone. If it had to queue with those who read, a moment
// without its answer would send everybody to the database, and nobody would ever get it again.
const pollConnections = 2

// execMode is the setting in an address, pgx's own, of how statements are sent.
const execMode = "default_query_exec_mode="

// connectTimeout bounds the making of a connection, and with it how long a database that is gone goes unnoticed.
const connectTimeout = 5 * time.Second

// Open opens the database at an address (postgres://user:password@host:port/name or a list of settings, as libpq has
// them), and makes or migrates its tables if needed. Error: CodeUnavailable with a text that names the place and repeats no
// password; CodeUsage for an address that is none.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, badAddress()
	}
	s := &Store{place: placeOf(config.ConnConfig)}
	// No prepared statements in transactions: behind a pooler the next one may be on another connection. An address that
	// says how statements are sent means all of them.
	if !strings.Contains(address, execMode) {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
		s.prepares.Store(true)
	}
	config.ConnConfig.ConnectTimeout = connectTimeout
	polls := config.Copy()
	polls.MaxConns, polls.MinConns = pollConnections, 0
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, s.told(err)
	}
	if s.polls, err = pgxpool.NewWithConfig(ctx, polls); err != nil {
		s.pool.Close()
		return nil, s.told(err)
	}
	if err := s.prepare(ctx, o); err != nil {
		return nil, errors.Join(s.told(err), s.Close())
	}
	return s, nil
}

// prepare brings the tables up to date and reads the identifier.
func (s *Store) prepare(ctx context.Context, o Options) error {
	if err := s.migrate(ctx, o); err != nil {
		return err
	}
	return s.Read(ctx, func(r store.Reader) error {
		instance, err := r.Meta(sqlstore.MetaInstance)
		s.instance = string(instance)
		return err
	})
}

// Instance implements store.Store.
func (s *Store) Instance() string { return s.instance }

// Place gives where the database is, for people: host, port and name, and never a password.
func (s *Store) Place() string { return s.place }

// Close implements store.Store.
func (s *Store) Close() error {
	s.polls.Close()
	s.pool.Close()
	return nil
}

// Ping asks the database whether it is there.
func (s *Store) Ping(ctx context.Context) error { return s.told(s.pool.Ping(ctx)) }
