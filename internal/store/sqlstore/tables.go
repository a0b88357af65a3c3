package sqlstore

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/apikey-cli/apikey/internal/store"
)

// tables are those of a copy with all their columns, a table after those it refers to. The first column of one that has
// numbers of its own is the number.
var tables = []struct{ name, columns string }{
	{"accounts", "id login email permitted mfa_enabled locked created_at revision last_generation"},
	{"keys", "account_id access_key verifier created_at disabled generation last_used_at"},
	{"previous_keys", "account_id access_key verifier generation ends_at"},
	{"credentials", "account_id password_hash seed pending_seed last_step"},
	{"recovery_codes", "account_id place hash"},
	{"sessions", "number id hash account_id name allow created_at expires_at seen_at verified_at origin user_agent"},
	{"replies", "hash account_id fingerprint access_key sealed made_at"},
	{"events", "id account_id at action actor origin user_agent access_key revision"},
	{"outbox", "id name account_id recipient kind happened_at ends_at access_key actor origin due_at attempts"},
	{"expiry_notices", "account_id access_key days"},
	{"signing_keys", "number id sealed created_at"},
	{"revoked_tokens", "id expires_at"},
	{"resources", "name verifier created_at"},
	{"changes", "place number"},
}

// truths are the columns that are true or false, which SQLite keeps as numbers.
var truths = []string{"permitted", "mfa_enabled", "locked", "disabled"}

// Tables implements store.TableReader.
func (r Reader) Tables() (all []store.Table) {
	for _, t := range tables {
		columns := strings.Fields(t.columns)
		all = append(all, store.Table{Name: t.name, Columns: columns, Rows: r.rows(t.name, columns)})
	}
	return all
}

var errEnough = errors.New("no more rows are wanted")

// rows are in the order of their first column: so a B-tree of it is filled from one end to the other.
func (r Reader) rows(table string, columns []string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		err := r.Conn.Each("SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY 1", nil, func(row func(...any) error) error {
			if err := row(into...); err != nil {
				return err
			}
			for i, column := range columns {
				values[i] = common(column, values[i])
			}
			if !yield(values, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// common gives a value of a column in the form that all databases have in common.
func common(column string, value any) any {
	switch v := value.(type) {
	case int64:
		if slices.Contains(truths, column) {
			return v != 0
		}
	case []byte:
		if v == nil { // empty: NULL has no type
			return []byte{}
		}
	}
	return value
}

// AddTable implements store.TableWriter.
func (w Writer) AddTable(t store.Table) (rows int, err error) { return w.Conn.Insert(t) }
