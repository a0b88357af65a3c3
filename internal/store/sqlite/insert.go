package sqlite

import (
	"strings"

	"github.com/apikey-cli/apikey/internal/store"
)

// insertMany is how many rows a statement adds: with one at a time the statement costs as much as the row.
const insertMany = 20

// insertCache gives the connection 64 MiB for pages while rows are added. Identifiers are random: with SQLite's 2 MB nearly
// each one would have a page of its index read and written again.
const insertCache = "PRAGMA cache_size = -65536"

// Insert implements sqlstore.Conn.
func (t transaction) Insert(table store.Table) (rows int, err error) {
	if err := t.exec(insertCache); err != nil {
		return 0, err
	}
	many, err := t.conn.PrepareContext(t.ctx, inserting(table, insertMany))
	if err != nil {
		return 0, told(t.path, err)
	}
	defer func() { _ = many.Close() }()
	width := len(table.Columns)
	args := make([]any, 0, insertMany*width)
	for row, err := range table.Rows {
		if err != nil {
			return 0, err
		}
		rows++
		if args = append(args, row...); len(args) < insertMany*width {
			continue
		}
		if _, err := many.ExecContext(t.ctx, args...); err != nil {
			return 0, told(t.path, err)
		}
		args = args[:0]
	}
	if len(args) > 0 {
		_, err = t.Exec(inserting(table, len(args)/width), args...)
	}
	return rows, err
}

// inserting gives the statement that adds so many rows.
func inserting(table store.Table, rows int) string {
	row := "(?" + strings.Repeat(", ?", len(table.Columns)-1) + ")"
	return "INSERT INTO " + table.Name + " (" + strings.Join(table.Columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}
