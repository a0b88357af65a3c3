package postgres

import "github.com/jackc/pgx/v5/pgxpool"

// Pool gives the connections, for tests that do to them what a pooler would.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Prepares tells whether looks are prepared statements.
func (s *Store) Prepares() bool { return s.prepares.Load() }
