package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// Look implements store.Store: every call is a statement of its own, and so one round trip.
func (s *Store) Look(ctx context.Context, fn func(store.Reader) error) error {
	return fn(sqlstore.Reader{Conn: looking{transaction{ctx, s.pool, s}}})
}

// looking is the pool for statements that are each a transaction of their own. They stay prepared on their connection: to
// plan one costs PostgreSQL more than to run it.
//
// Behind a pooler the connection may be another one for every message, so that a statement is asked for where it is not
// prepared, or prepared where it is. Neither gives a wrong answer, for its name is a digest of its text: the database
// refuses. Then it is sent as a plain one, and so are all from then on.
type looking struct{ transaction }

// One implements sqlstore.Conn.
func (l looking) One(query string, args []any, into ...any) error {
	if l.store.prepares.Load() {
		err := l.transaction.One(query, append([]any{pgx.QueryExecModeCacheStatement}, args...), into...)
		switch codeOf(err) {
		case unknownStatement, duplicateStatement:
			l.store.prepares.Store(false)
		case planChanged: // the tables were, since; it is prepared anew the next time
		default:
			return err
		}
	}
	return l.transaction.One(query, args, into...)
}
