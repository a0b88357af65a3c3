package postgres

import (
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/apikey-cli/apikey/internal/store"
)

// Insert implements sqlstore.Conn. Rows go by COPY, which keeps the numbers it is given; where the database numbers rows
// itself it is told to go on after them.
func (t transaction) Insert(table store.Table) (rows int, err error) {
	next, stop := iter.Pull2(table.Rows)
	defer stop()
	var failed error
	var highest int64
	count, err := t.on.(pgx.Tx).CopyFrom(t.ctx, pgx.Identifier{table.Name}, table.Columns, pgx.CopyFromFunc(func() (row []any, _ error) {
		if row, failed, _ = next(); len(row) > 0 {
			number, _ := row[0].(int64)
			highest = max(highest, number)
		}
		return row, failed
	}))
	if failed != nil { // of which the database would say only that the rows broke off
		return 0, failed
	}
	if err != nil || highest == 0 {
		return int(count), t.store.told(err)
	}
	var last any // NULL where there is no sequence
	return int(count), t.One("SELECT setval(pg_get_serial_sequence(?1, ?2), ?3)", []any{table.Name, table.Columns[0], highest}, &last)
}
