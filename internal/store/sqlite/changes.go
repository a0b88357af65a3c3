package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlstore"
)

// poll is the connection on which changes are asked for, and what it saw last. SQLite's own number (PRAGMA data_version)
// tells a connection whether any other one, of this process or another, has committed since: while it has not, the table
// need not be read.
type poll struct {
	mu      sync.Mutex
	conn    *sql.Conn // held: the number means nothing on another one
	version int64
	seen    store.Changes
}

// Changes implements store.Store.
func (s *Store) Changes(ctx context.Context) (store.Changes, error) {
	p := &s.polls
	p.mu.Lock()
	defer p.mu.Unlock()
	changes, err := p.look(ctx, s)
	if err != nil {
		_ = p.drop() // whatever is wrong with the connection, the next call begins with another one
		return store.Changes{}, told(s.path, err)
	}
	return changes, nil
}

func (p *poll) look(ctx context.Context, s *Store) (store.Changes, error) {
	fresh := p.conn == nil
	if fresh {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return store.Changes{}, err
		}
		p.conn = conn
	}
	t := transaction{context.WithoutCancel(ctx), p.conn, s.path}
	var version int64
	if err := t.One("PRAGMA data_version", nil, &version); err != nil {
		return store.Changes{}, err
	}
	if !fresh && version == p.version {
		return p.seen, nil
	}
	// What is committed between the two statements is seen now, and read once more by the next call.
	seen, err := sqlstore.Reader{Conn: t}.Changes()
	if err != nil {
		return store.Changes{}, err
	}
	p.version, p.seen = version, seen
	return seen, nil
}

// drop gives the connection back.
func (p *poll) drop() error {
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.conn = nil
	return err
}

func (p *poll) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drop()
}
