package sqlstore

import (
	"fmt"

	"github.com/apikey-cli/apikey/internal/store"
)

// Changes implements store.ChangeReader. A number that was never counted up has no row.
func (r Reader) Changes() (c store.Changes, err error) {
	err = r.Conn.Each("SELECT place, number FROM changes", nil, func(row func(...any) error) error {
		var place int
		var number int64
		if err := row(&place, &number); err != nil {
			return err
		}
		if place < 0 || place >= len(c) {
			return fmt.Errorf("there is no place %d among the numbers of changes", place)
		}
		c[place] = number
		return nil
	})
	return c, err
}

// selectHolder finds the account first: the three tables are then read by their primary keys.
var selectHolder = "SELECT " + accountColumns + fmt.Sprintf(`, a.id %% %[1]d, COALESCE(c.number, 0)
	FROM (SELECT account_id FROM keys WHERE access_key = ?1
		UNION ALL SELECT account_id FROM previous_keys WHERE access_key = ?1) o
	JOIN accounts a ON a.id = o.account_id
	LEFT JOIN keys k ON k.account_id = a.id LEFT JOIN previous_keys p ON p.account_id = a.id
	LEFT JOIN changes c ON c.place = a.id %% %[1]d`, store.AccountMarks)

// KeyHolder implements store.ChangeReader.
func (r Reader) KeyHolder(accessKey string) (a store.Account, m store.Mark, err error) {
	err = scanAccount(&a, func(into ...any) error {
		return r.Conn.One(selectHolder, []any{accessKey}, into...)
	}, &m.Place, &m.Number)
	return a, m, err
}

const selectNumber = "COALESCE((SELECT number FROM changes WHERE place = ?2), 0)"

// TokenState implements store.ChangeReader.
func (r Reader) TokenState(id string) (revoked bool, m store.Mark, err error) {
	m.Place = store.TokenMark(id)
	err = r.Conn.One("SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?1), "+selectNumber,
		[]any{id, m.Place}, &revoked, &m.Number)
	return revoked, m, err
}

// ResourceState implements store.ChangeReader.
func (r Reader) ResourceState(name string) (resource store.Resource, m store.Mark, err error) {
	m.Place = store.ResourceMark()
	resource, err = scanResource(func(into ...any) error {
		return r.Conn.One("SELECT name, verifier, created_at, "+selectNumber+" FROM resources WHERE name = ?1",
			[]any{name, m.Place}, append(into, &m.Number)...)
	})
	return resource, m, err
}

// countAccount counts a change of an account, by its id.
func (w Writer) countAccount(id int64) error { return w.count(int(id % store.AccountMarks)) }

// count counts a change up, in the transaction that makes it.
func (w Writer) count(place int) error {
	return w.exec(`INSERT INTO changes (place, number) VALUES (?1, 1)
		ON CONFLICT (place) DO UPDATE SET number = changes.number + 1`, place)
}
