// Package sqlstore is what the SQL databases have in common: every query of the storage port, in the SQL that SQLite and
// PostgreSQL both speak. How a transaction begins and ends, what an error means and how the schema comes about is for each
// database's own package.
package sqlstore

import "github.com/apikey-cli/apikey/internal/store"

// Conn is a running transaction. In a query the parameters are ?1, ?2 and so on. Every error it gives is one for the port's
// callers.
type Conn interface {
	// Exec runs a statement and gives how many rows it changed.
	Exec(query string, args ...any) (rows int64, err error)
	// One scans the only row of a query. Error: store.ErrNotFound if there is none.
	One(query string, args []any, into ...any) error
	// Each calls scan for every row of a query, with the function that scans it, until one gives an error.
	Each(query string, args []any, scan func(row func(into ...any) error) error) error
	// Insert adds every row of a table, and gives how many they were.
	Insert(t store.Table) (rows int, err error)
	// Erasing is called before secrets are erased, for a database that would leave their text where it was.
	Erasing() error
}

// Reader implements store.Reader within a transaction.
type Reader struct{ Conn Conn }

// Writer implements store.Writer within a transaction.
type Writer struct{ Reader }

var (
	_ store.Reader = Reader{}
	_ store.Writer = Writer{}
)

// exec changes rows, however many.
func (w Writer) exec(query string, args ...any) error {
	_, err := w.Conn.Exec(query, args...)
	return err
}

// existing changes a row that must be there. Error: store.ErrNotFound if none was.
func (w Writer) existing(query string, args ...any) error {
	rows, err := w.Conn.Exec(query, args...)
	if err == nil && rows == 0 {
		err = store.ErrNotFound
	}
	return err
}

// list scans every row of a query.
func list[T any](c Conn, query string, args []any, scan func(func(...any) error) (T, error)) (all []T, err error) {
	err = c.Each(query, args, func(row func(...any) error) error {
		one, err := scan(row)
		all = append(all, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
