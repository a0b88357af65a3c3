package store

import "iter"

// Table is all of one kind that a database holds, on its way into another one: rows as they are, which only stores read.
type Table struct {
	Name    string
	Columns []string
	// Rows gives every row, values in the order of Columns: int64, bool, string, []byte or nil. A row is good until the
	// next one. After an error there is no more.
	Rows iter.Seq2[[]any, error]
}

// TableReader reads a database as a whole.
type TableReader interface {
	// Tables gives everything but the named values and the counts of failed attempts, in an order in which it can be added.
	Tables() []Table
}

// TableWriter writes a database as a whole.
type TableWriter interface {
	// AddTable adds every row of a table of another database to one that has none of it, with its identifiers, and gives how
	// many they were. What the store numbers goes on after the highest number. An error of the rows is given as it is.
	AddTable(t Table) (rows int, err error)
}
