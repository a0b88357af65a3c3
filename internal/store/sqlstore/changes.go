package sqlstore

import (
	"database/sql"
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

// What a check of a key asks for, and no more: each column costs time, and a statement of few tables is planned faster, which
// is most of what it costs PostgreSQL. Of a previous key, which is rare, it is everything.
const (
	currentColumns = "SELECT a.login, a.permitted, a.mfa_enabled, a.locked, k.verifier, k.created_at, k.disabled, k.generation, k.last_used_at"
	formerColumns  = "SELECT " + accountColumns
	markColumns    = ", a.id % 256, COALESCE((SELECT number FROM changes WHERE place = a.id % 256), 0)"
	tokenColumns   = ", EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?2), COALESCE((SELECT number FROM changes WHERE place = ?3), 0)"
	fromCurrent    = " FROM keys k JOIN accounts a ON a.id = k.account_id WHERE k.access_key = ?1"
	fromFormer     = ` FROM previous_keys p JOIN accounts a ON a.id = p.account_id LEFT JOIN keys k ON k.account_id = a.id
	WHERE p.access_key = ?1`

	selectHolder            = currentColumns + markColumns + fromCurrent
	selectFormerHolder      = formerColumns + markColumns + fromFormer
	selectTokenHolder       = currentColumns + markColumns + tokenColumns + fromCurrent
	selectFormerTokenHolder = formerColumns + markColumns + tokenColumns + fromFormer
)

// The 256 of markColumns is store.AccountMarks: this does not compile if it is not.
const _ = uint(store.AccountMarks-256) + uint(256-store.AccountMarks)

// KeyHolder implements store.ChangeReader.
func (r Reader) KeyHolder(accessKey string) (a store.Account, m store.Mark, err error) {
	err = r.holder(&a, &m, selectHolder, selectFormerHolder, []any{accessKey})
	return a, m, err
}

// TokenHolder implements store.ChangeReader.
func (r Reader) TokenHolder(accessKey, id string) (a store.Account, m store.Mark, t store.TokenState, err error) {
	t.Place = store.TokenMark(id)
	err = r.holder(&a, &m, selectTokenHolder, selectFormerTokenHolder, []any{accessKey, id, t.Place}, &t.Revoked, &t.Number)
	return a, m, t, err
}

// holder looks for a key, the first of the arguments, among the current ones and then among the previous ones. Between the
// two a key may become a previous one, and then is found by the second, or be deleted; a previous one never becomes a
// current one.
func (r Reader) holder(a *store.Account, m *store.Mark, current, former string, args []any, more ...any) error {
	more = append([]any{&m.Place, &m.Number}, more...)
	var made, used sql.NullInt64
	err := r.Conn.One(current, args, append([]any{
		&a.Login, &a.Permitted, &a.MFAEnabled, &a.Locked, &a.Key.Verifier, &made, &a.Key.Disabled, &a.Key.Generation, &used,
	}, more...)...)
	if errors.Is(err, store.ErrNotFound) {
		return scanAccount(a, func(into ...any) error { return r.Conn.One(former, args, into...) }, more...)
	}
	if err != nil {
		return err
	}
	a.Key.AccessKey, _ = args[0].(string)
	a.Key.CreatedAt, a.LastUsedAt = fromDB(made), fromDB(used)
	return nil
}

const selectNumber = "COALESCE((SELECT number FROM changes WHERE place = ?2), 0)"

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
