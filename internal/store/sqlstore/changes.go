package sqlstore

import (
	"errors"
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

// The columns of selectHolder are accountColumns without what no check of a key asks for; those of the previous key stand
// in for it where there is none. Fewer tables are planned faster, which is most of what a statement costs PostgreSQL.
const (
	markColumns  = ", a.id % 256, COALESCE((SELECT number FROM changes WHERE place = a.id % 256), 0)"
	selectHolder = `SELECT a.login, a.email, a.permitted, a.mfa_enabled, a.locked, a.created_at, a.revision, a.last_generation,
		k.access_key, k.verifier, k.created_at, k.disabled, k.generation, k.last_used_at, NULL, NULL, NULL, NULL` + markColumns + `
	FROM keys k JOIN accounts a ON a.id = k.account_id WHERE k.access_key = ?1`
	selectFormerHolder = "SELECT " + accountColumns + markColumns + `
	FROM previous_keys p JOIN accounts a ON a.id = p.account_id LEFT JOIN keys k ON k.account_id = a.id WHERE p.access_key = ?1`
)

// The 256 of markColumns is store.AccountMarks: this does not compile if it is not.
const _ = uint(store.AccountMarks-256) + uint(256-store.AccountMarks)

// KeyHolder implements store.ChangeReader. Between its two statements a key may become a previous one, and then is found
// by the second, or be deleted; a previous one never becomes a current one.
func (r Reader) KeyHolder(accessKey string) (a store.Account, m store.Mark, err error) {
	for _, query := range []string{selectHolder, selectFormerHolder} {
		err = scanAccount(&a, func(into ...any) error {
			return r.Conn.One(query, []any{accessKey}, into...)
		}, &m.Place, &m.Number)
		if !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
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
